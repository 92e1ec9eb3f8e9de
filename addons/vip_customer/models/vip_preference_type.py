from odoo import api, fields, models
from odoo.exceptions import UserError


class VipPreferenceType(models.Model):
    """Something the company would like to know of its customers."""

    _name = "vip.preference.type"
    _description = "Preference type"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    consent_needed = fields.Boolean(
        string="Consent needed", help="It is recorded only with the customer's consent."
    )
    weight = fields.Integer(default=5, help="Its share in how complete a profile is.")
    for_gifts = fields.Boolean(
        string="For gifts", help="It is named in the task for a gift, so that the gift pleases."
    )

    _code_uniq = models.Constraint("UNIQUE (code)", "Another preference type has this code.")
    _weight_positive = models.Constraint("CHECK (weight >= 0)", "A weight cannot be negative.")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # preferences count also where the user may not see them
        preferences = self.env["vip.preference"].sudo()
        used = preferences.search([("type_id", "in", self.ids)], limit=1)
        if used:
            raise UserError(
                self.env._(
                    "“%s” is in use and cannot be deleted. Archive it instead.", used.type_id.name
                )
            )
