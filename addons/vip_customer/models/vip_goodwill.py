from odoo import fields, models


class VipGoodwill(models.Model):
    """One goodwill grant, or withdrawal (negative), and its reason: the sum of a customer's entries is
    the goodwill of his entitlement.

    Written by ``vip.entitlement`` only and never changed (``vip.evidence.mixin``).
    """

    _name = "vip.goodwill"
    _description = "Goodwill entry"
    _order = "id desc"
    _inherit = ["vip.evidence.mixin", "vip.guarded.mixin"]
    _log_access = False
    _guarded_fields = frozenset(
        {
            "entitlement_id",
            "partner_id",
            "company_id",
            "quantity",
            "kind",
            "reason",
            "user_id",
            "date",
        }
    )
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
    user_id = fields.Many2one("res.users", readonly=True, ondelete="restrict", string="Given by")
    date = fields.Date(required=True, readonly=True)

    _reason_given = models.Constraint(
        "CHECK (kind = 'rise' OR reason IS NOT NULL)", "Goodwill needs a reason."
    )

    _protected = models.Constraint(
        "CHECK (quantity <> 0)",
        "Goodwill entries are evidence: withdraw goodwill instead of changing them.",
    )

    def _refusal_by_hand(self):
        return self.env._("Goodwill entries are not written by hand: use “Goodwill”.")

    def _refusal(self):
        return self.env._(
            "Goodwill entries are evidence: withdraw goodwill instead of changing them."
        )
