from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..empty_figure import EmptyFloat, EmptyMonetary

# rate -> what is divided by what, over the rows of a group
RATES = {
    "churn_rate": ("churned", "opening"),
    "off_net_rate": ("churned", "average"),
    "coverage_rate": ("contacts_done", "contacts_due"),
    "on_time_rate": ("contacts_on_time", "contacts_judged"),
    "reached_rate": ("reached", "closing"),
    "service_rate": ("requests_on_time", "requests_due"),
    "satisfaction": ("ratings_good", "ratings"),
    "save_rate": ("cases_saved", "cases_decided"),
    "acceptance_rate": ("cases_accepted", "cases_offered"),
    "cost_per_save": ("cases_cost", "cases_saved"),
    "penetration": ("vas_users", "closing"),
    "benefit_use": ("benefit_used", "benefit_granted"),
    "completeness": ("profile_known", "profile_asked"),
}
# sums -> what they are made of in a row; ``weight`` is that of its tier
SUMS = {
    "churned": SQL("churned_scheduled + churned_arrears"),
    "average": SQL("(opening + closing) / 2.0"),
    "closing_weighted": SQL("closing * weight"),
}
# what is divided by the account managers who have a counted customer: of a group they are counted, not summed
PER_MANAGER = {"customers_per_manager": "closing", "load_per_manager": "closing_weighted"}


class VipKpiReport(models.Model):
    """The figures of months, summed by account manager, branch and tier: what managers are measured by.

    A row for each month and owners (manager, branch and tier together). A customer who changed owners in the
    month is in two rows: moved out with those he began with, in with those he ended with. So opening +
    joined + moved in - churned - left tier - moved out = closing in every row and in every sum of rows.

    The rate of a group is the ratio of its sums, empty where nothing is below the line. Over several months
    opening, closing and average are customer-months.

    It is a table and no view: rows are written with the facts, by ``vip.kpi.month``, and are their sums. A
    month of a million customers has a few thousand of them, so that a pivot over years answers at once.
    """

    _name = "vip.kpi.report"
    _description = "Month-end report"
    _inherit = "vip.kpi.figures"
    _order = "month desc, team_id, manager_id, tier_id"
    _rec_name = "month_id"

    state = fields.Selection(related="month_id.state")
    is_provisional = fields.Boolean(related="month_id.is_provisional")
    is_mine = fields.Boolean(
        compute="_compute_is_mine",
        search="_search_is_mine",
        string="My figures",
        help="Mine, or those of somebody I stand in for today.",
    )
    churned = fields.Integer(readonly=True, help="Customers, not numbers: scheduled and arrears.")
    average = fields.Float(
        readonly=True, string="Average customers", help="(Opening + closing) ÷ 2.", digits=(16, 1)
    )
    churn_rate = EmptyFloat(
        readonly=True, aggregator="avg", string="Churn rate", help="Churned ÷ opening."
    )
    off_net_rate = EmptyFloat(
        readonly=True, aggregator="avg", string="Off-net rate", help="Churned ÷ average customers."
    )
    coverage_rate = EmptyFloat(
        readonly=True,
        aggregator="avg",
        string="Contact coverage",
        help="Contacts due in the month and done by its end ÷ contacts due. Skipped ones are not due.",
    )
    on_time_rate = EmptyFloat(
        readonly=True,
        aggregator="avg",
        string="Contact on time",
        help="Contacts done within 7 days of the due date ÷ contacts done, or due for 7 days.",
    )
    reached_rate = EmptyFloat(
        readonly=True,
        aggregator="avg",
        string="Reached customers",
        help="Customers contacted within the longest interval of their tier ÷ closing.",
    )
    service_rate = EmptyFloat(
        readonly=True,
        aggregator="avg",
        string="Service on time",
        help="Requests due in the month and resolved in time ÷ requests due. Cancelled ones and those "
        "still paused are left out.",
    )
    satisfaction = EmptyFloat(
        readonly=True,
        aggregator="avg",
        help="Ratings of 4 and 5 ÷ ratings received in the month.",
    )
    save_rate = EmptyFloat(
        readonly=True,
        aggregator="avg",
        string="Save rate",
        help="Saved ÷ cases decided, by the month in which the case closed.",
    )
    acceptance_rate = EmptyFloat(
        readonly=True,
        aggregator="avg",
        string="Acceptance rate",
        help="Cases with an accepted offer ÷ cases with an offer, by the month of the last answer.",
    )
    cost_per_save = EmptyMonetary(
        readonly=True,
        aggregator="avg",
        string="Cost per save",
        help="Cost of the accepted offers of cases that closed in the month ÷ saved.",
    )
    penetration = EmptyFloat(
        readonly=True,
        aggregator="avg",
        string="New-service penetration",
        help="Customers with at least one new service in use ÷ closing.",
    )
    benefit_use = EmptyFloat(
        readonly=True,
        aggregator="avg",
        string="Benefit use",
        help="Value used ÷ value granted since the period began; unlimited benefits are left out.",
    )
    completeness = EmptyFloat(
        readonly=True,
        aggregator="avg",
        string="Profile completeness",
        help="Weight of what is known ÷ weight of what is asked.",
    )

    closing_weighted = fields.Float(
        readonly=True,
        string="Closing, weighted",
        help="Closing customers, each with the work that his tier means: diamond 3, gold 1.5, others 1.",
        digits=(16, 1),
    )
    customers_per_manager = EmptyFloat(
        readonly=True,
        aggregator="avg",
        string="Customers per manager",
        help="Closing ÷ account managers with at least one customer. Over several months: customer-months ÷ "
        "manager-months.",
        digits=(16, 1),
    )
    load_per_manager = EmptyFloat(
        readonly=True,
        aggregator="avg",
        string="Customers per manager, weighted",
        help="Closing, weighted ÷ account managers with at least one customer.",
        digits=(16, 1),
    )

    _protected = models.Constraint(
        "CHECK (month IS NOT NULL)",
        "A frozen month cannot change. Have the month reopened, with a reason.",
    )
    _month_idx = models.Index("(month_id)")

    @api.depends("month", "manager_id", "team_id", "tier_id")
    def _compute_display_name(self):
        for row in self:
            row.display_name = ", ".join(
                name
                for name in (
                    row.month_id.display_name,
                    row.team_id.name,
                    row.manager_id.name,
                    row.tier_id.name,
                )
                if name
            )

    @api.depends_context("uid")
    def _compute_is_mine(self):
        mine = self.filtered_domain(self._search_is_mine("in", [True]))
        for row in self:
            row.is_mine = row in mine

    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = Domain("manager_id", "=", self.env.uid)
        for company in self.env.companies:
            managers = self.env["vip.manager.deputy"]._managers_of(self.env.user, company)
            if managers:
                domain |= Domain("company_id", "=", company.id) & Domain(
                    "manager_id", "in", managers
                )
        return domain

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        """The rate of a group is the ratio of its sums, not the mean of its rows."""
        name, _colon, function = aggregate_spec.partition(":")
        if function != "avg" or name not in RATES | PER_MANAGER:
            return super()._read_group_select(aggregate_spec, query)

        def column(part):
            return self._field_to_sql(query.table, part, query)

        if name in PER_MANAGER:
            return SQL(
                """sum(%(above)s)::float / nullif(count(DISTINCT (%(month)s, %(manager)s)) FILTER (
                          WHERE %(closing)s > 0 AND %(manager)s IS NOT NULL), 0)""",
                above=column(PER_MANAGER[name]),
                month=column("month_id"),
                manager=column("manager_id"),
                closing=column("closing"),
            )
        above, below = map(column, RATES[name])
        return SQL("sum(%s)::float / nullif(sum(%s), 0)", above, below)

    def action_view_customers(self):
        """Open the customers behind a row: those who began the month with these owners and those who
        ended it with them."""
        self._require_one()
        owners = ("manager_id", "team_id", "tier_id")
        ended = [(name, "=", self[name].id) for name in owners]
        began = [("is_moved", "=", True), ("opening", "=", 1)]
        began += [(f"start_{name}", "=", self[name].id) for name in owners]
        action = self.env["ir.actions.act_window"]._for_xml_id("vip_retention.vip_kpi_fact_action")
        return {
            **action,
            "name": self.display_name,
            "domain": [
                ("month_id", "=", self.month_id.id),
                "|",
                *["&"] * (len(ended) - 1),
                *ended,
                *["&"] * (len(began) - 1),
                *began,
            ],
            "context": {},
        }

    def _refusal_by_hand(self):
        return self.env._(
            "The report is written when a month is computed, never by hand. Correct what it counts, and "
            "compute the month again."
        )

    def _refusal(self):
        return self._refusal_by_hand()
