from odoo import api, fields, models

from odoo.addons.vip_customer.unchecked_many2one import UncheckedMany2one


class VipKpiFact(models.Model):
    """One customer in one month: with whom he began it, with whom he ended it, and what happened.

    Who answers for him (account manager, branch, tier) when the month ends, else on his last counted day in
    it, else when it began, has all that happened. Those with whom he began are kept beside them: the report
    gives him to both where they differ. What a month is to a customer: ``tools/kpi.py``; written for
    everybody at once by ``tools/kpi_sql.py``.

    ``is_late``: it happened in a month that was frozen before anybody knew; ``happened_on`` is the true day.
    """

    _name = "vip.kpi.fact"
    _description = "Customer in a month"
    _inherit = "vip.kpi.figures"
    _order = "month desc, id"
    _rec_name = "partner_id"

    partner_id = UncheckedMany2one("res.partner", required=True, readonly=True, string="Customer")
    start_manager_id = UncheckedMany2one(
        "res.users", readonly=True, string="Account manager at the start"
    )
    start_team_id = UncheckedMany2one("crm.team", readonly=True, string="Branch at the start")
    start_tier_id = UncheckedMany2one("vip.tier", readonly=True, string="Tier at the start")
    is_moved = fields.Boolean(
        readonly=True, string="Moved", help="Another manager, branch or tier than at the start."
    )
    happened_on = fields.Date(
        readonly=True, string="Happened on", help="The day on which he joined, moved, or left."
    )
    is_late = fields.Boolean(
        readonly=True,
        string="Known late",
        help="Known only after the month in which it happened was frozen.",
    )
    is_reopened = fields.Boolean(
        readonly=True, string="Closed and reopened", help="Within the month: nothing happened."
    )
    is_unrecorded = fields.Boolean(
        readonly=True,
        string="No request on record",
        help="A number closed without a departure on file; counted as scheduled.",
    )

    _protected = models.Constraint(
        "CHECK (month IS NOT NULL)",
        "A frozen month cannot change. Have the month reopened, with a reason.",
    )
    _customer_month_uniq = models.UniqueIndex(
        "(partner_id, month)", "A customer has one row in a month."
    )
    _month_idx = models.Index("(month_id)")

    @api.depends("partner_id", "month")
    def _compute_display_name(self):
        for row in self:
            row.display_name = row.partner_id.display_name

    def action_view_customer(self):
        """Open the customer's VIP page."""
        self._require_one()
        return self.partner_id.action_vip_membership()

    def _refusal_by_hand(self):
        return self.env._(
            "Month-end figures are written when a month is computed, never by hand. Correct what they "
            "count, and compute the month again."
        )

    def _refusal(self):
        return self._refusal_by_hand()
