from odoo import fields, models
from odoo.exceptions import UserError


class VipGoodwill(models.Model):
    """One goodwill grant, or withdrawal (negative), and its reason: the sum of a customer's entries is
    the goodwill of his entitlement. Written by ``vip.entitlement`` only, and never changed."""

    _name = "vip.goodwill"
    _description = "Goodwill entry"
    _order = "id desc"
    _log_access = False
    _rec_name = "entitlement_id"

    entitlement_id = fields.Many2one(
        "vip.entitlement", required=True, ondelete="restrict", readonly=True, index=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        ondelete="restrict",
        readonly=True,
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, ondelete="restrict", readonly=True)
    benefit_id = fields.Many2one(related="entitlement_id.benefit_id")
    quantity = fields.Integer(required=True, readonly=True)
    kind = fields.Selection(
        [("manual", "By hand"), ("rise", "Tier raised or entered again")],
        default="manual",
        required=True,
        readonly=True,
    )
    reason = fields.Text(readonly=True)
    user_id = fields.Many2one("res.users", readonly=True, string="Given by")
    date = fields.Date(required=True, readonly=True)

    _reason_given = models.Constraint(
        "CHECK (kind = 'rise' OR reason IS NOT NULL)", "Goodwill needs a reason."
    )

    def write(self, vals):  # pylint: disable=method-required-super
        self._refuse()

    def unlink(self):  # pylint: disable=method-required-super,no-raise-unlink
        self._refuse()

    def _refuse(self):
        raise UserError(
            self.env._("Goodwill entries are evidence: withdraw goodwill instead of changing them.")
        )
