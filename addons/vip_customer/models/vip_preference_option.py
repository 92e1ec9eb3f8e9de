from odoo import api, fields, models
from odoo.exceptions import UserError


class VipPreferenceOption(models.Model):
    """An answer to choose from, for a type of preference."""

    _name = "vip.preference.option"
    _description = "Answer to a preference type"
    _order = "type_id, sequence, id"

    type_id = fields.Many2one(
        "vip.preference.type",
        required=True,
        ondelete="cascade",
        index=True,
        string="Preference type",
    )
    name = fields.Char(required=True, translate=True, string="Answer")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # preferences count also where the user may not see them
        preferences = self.env["vip.preference"].sudo()
        used = preferences.search([("option_id", "in", self.ids)], limit=1)
        if used:
            raise UserError(
                self.env._(
                    "Customers gave the answer “%s”, so it cannot be deleted. Archive it instead.",
                    used.option_id.name,
                )
            )
