from odoo import api, fields, models
from odoo.tools import SQL

# rate -> what is divided by what, over the rows of a group
RATES = {
    "acceptance_rate": ("accepted", "invited"),
    "attendance_rate": ("attended", "expected"),
    "cost_per_head": ("cost", "heads"),
}


class VipEventReport(models.Model):
    """Invitations to club events: who said yes, who came, what it cost.

    ``accepted`` are all who said yes, ``expected`` those of them whose event took place; ``heads`` are the
    guests who came and their companions. What an event cost is spread over the heads; where nobody came,
    over the invitations. A rate of a group is the ratio of its sums: acceptance = accepted ÷ invited,
    attendance = attended ÷ expected, cost per head = cost ÷ heads. Tier is that of the invitation,
    manager and branch are today's, the month is that of the event's first day in the company's time zone.
    """

    _name = "vip.event.report"
    _description = "Attendance of club events"
    _auto = False
    _rec_name = "event_id"
    _order = "date_begin desc, id"
    _depends = {
        "vip.event.invitation": ["state", "companions_came", "tier_id"],
        "event.event": ["date_begin", "vip_actual_cost"],
        "vip.membership": ["manager_id", "team_id"],
    }

    event_id = fields.Many2one("event.event", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    tier_id = fields.Many2one("vip.tier", readonly=True)
    manager_id = fields.Many2one("res.users", string="Account manager", readonly=True)
    team_id = fields.Many2one("crm.team", string="Branch", readonly=True)
    date_begin = fields.Datetime(readonly=True, string="Event begins")
    month = fields.Date(readonly=True)
    invited = fields.Integer(readonly=True)
    accepted = fields.Integer(readonly=True)
    declined = fields.Integer(readonly=True)
    no_answer = fields.Integer(readonly=True, string="No reply")
    waiting = fields.Integer(readonly=True, string="Waitlisted")
    attended = fields.Integer(readonly=True)
    no_show = fields.Integer(readonly=True, string="No-show")
    expected = fields.Integer(
        readonly=True, help="Who said yes to an event that took place: attended and no-show."
    )
    heads = fields.Integer(readonly=True, help="Guests who came, and their companions.")
    cost = fields.Monetary(readonly=True, string="Share of the cost")
    acceptance_rate = fields.Float(readonly=True, aggregator="avg", string="Acceptance rate")
    attendance_rate = fields.Float(readonly=True, aggregator="avg", string="Attendance rate")
    cost_per_head = fields.Monetary(readonly=True, aggregator="avg", string="Cost per head")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT f.*,
                   f.accepted::float AS acceptance_rate,
                   f.attended::float / nullif(f.expected, 0) AS attendance_rate,
                   f.cost / nullif(f.heads, 0) AS cost_per_head
              FROM (SELECT i.id, i.event_id, i.partner_id, i.company_id, i.tier_id, m.manager_id, m.team_id,
                           e.date_begin,
                           date_trunc('month', e.date_begin AT TIME ZONE 'UTC'
                                      AT TIME ZONE coalesce(r.tz, 'UTC'))::date AS month,
                           1 AS invited,
                           (i.state IN ('accepted', 'attended', 'no_show'))::int AS accepted,
                           (i.state = 'declined')::int AS declined,
                           (i.state IN ('invited', 'no_answer'))::int AS no_answer,
                           (i.state = 'waiting')::int AS waiting,
                           (i.state = 'attended')::int AS attended,
                           (i.state = 'no_show')::int AS no_show,
                           (i.state IN ('attended', 'no_show'))::int AS expected,
                           h.heads,
                           coalesce(e.vip_actual_cost, 0)
                           * CASE WHEN sum(h.heads) OVER event > 0
                                  THEN h.heads::numeric / sum(h.heads) OVER event
                                  ELSE 1::numeric / count(*) OVER event END AS cost
                      FROM vip_event_invitation i
                      JOIN event_event e ON e.id = i.event_id
                      JOIN res_company c ON c.id = i.company_id
                      LEFT JOIN resource_calendar r ON r.id = c.resource_calendar_id
                      LEFT JOIN vip_membership m ON m.partner_id = i.partner_id
                      CROSS JOIN LATERAL (
                           SELECT CASE i.state WHEN 'attended' THEN 1 + i.companions_came
                                               ELSE 0 END AS heads) h
                    WINDOW event AS (PARTITION BY i.event_id)) f
            """
        )

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        """The rate of a group is the ratio of its sums, not the mean of its rows."""
        name, _colon, function = aggregate_spec.partition(":")
        if name not in RATES or function != "avg":
            return super()._read_group_select(aggregate_spec, query)
        above, below = (self._field_to_sql(query.table, part, query) for part in RATES[name])
        return SQL("sum(%s)::float / nullif(sum(%s), 0)", above, below)
