from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..empty_figure import EmptyFloat, EmptyMonetary
from ..models.vip_departure import KINDS
from ..models.vip_retention_case import SOURCES
from ..models.vip_retention_states import OUTCOMES, STATES

# rate -> what is divided by what, over the rows of a group
RATES = {
    "save_rate": ("saved", "decided"),
    "acceptance_rate": ("accepted", "offered"),
    "cost_per_save": ("cost_ended", "saved"),
}


class VipRetentionReport(models.Model):
    """Who wanted to leave, what was offered, who was saved, and what that cost; a row for each case.

    ``requested`` are the cases with a request to leave. Each of them is one of: still worked on
    (``working``), in watch, taken back, saved, lost after all, refused, no answer; the last four are
    ``decided``. A case opened by risk alone is none of these and counts in ``at_risk`` only. An accepted
    offer is never called a save before its watch has ended.

    A rate of a group is the ratio of its sums: save rate = saved ÷ decided (see it by the month in which
    cases closed), acceptance = cases with an accepted offer ÷ cases with an offer (by the month of the last
    answer), cost per save = cost of the accepted offers of closed cases ÷ saved. ``cost`` is that of all
    accepted offers.

    Manager and branch are those of the day of opening, by the dated assignment; tier, ``protected`` and
    value at stake were frozen that day. Days and months are those of the company's time zone.
    """

    _name = "vip.retention.report"
    _inherit = "vip.guarded.mixin"
    _description = "Retention in figures"
    _auto = False
    _rec_name = "case_id"
    _order = "opened_on desc, id desc"
    _depends = {
        "vip.retention.case": [
            "state",
            "outcome",
            "source",
            "user_id",
            "tier_id",
            "was_protected",
            "reason_id",
            "departure_id",
            "opened_at",
            "closed_at",
            "first_contact_at",
            "value",
        ],
        "vip.retention.proposal": ["case_id", "offer_id", "cost", "answer", "answered_at"],
        "vip.retention.reason": ["parent_id"],
        "vip.departure": ["case_id", "kind", "requested_on"],
        "vip.manager.assignment": ["manager_id", "team_id", "date_from", "date_to"],
    }

    case_id = fields.Many2one("vip.retention.case", string="Retention case", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    # by what it is grouped
    requested_on = fields.Date(readonly=True, string="Requested on")
    month = fields.Date(readonly=True, string="Month of the request")
    opened_on = fields.Date(readonly=True, string="Opened on")
    closed_on = fields.Date(readonly=True, string="Closed on")
    closed_month = fields.Date(readonly=True, string="Month of closing")
    answer_month = fields.Date(
        readonly=True,
        string="Month of the last answer",
        help="To an offer; or that in which an offer ended without one.",
    )
    reason_id = fields.Many2one("vip.retention.reason", readonly=True)
    reason_kind_id = fields.Many2one("vip.retention.reason", string="Kind of reason", readonly=True)
    offer_id = fields.Many2one("vip.retention.offer", string="Accepted offer", readonly=True)
    user_id = fields.Many2one("res.users", string="Worked on by", readonly=True)
    tier_id = fields.Many2one("vip.tier", readonly=True)
    manager_id = fields.Many2one("res.users", string="Account manager", readonly=True)
    team_id = fields.Many2one("crm.team", string="Branch", readonly=True)
    source = fields.Selection(SOURCES, readonly=True)
    kind = fields.Selection(KINDS, string="Kind of departure", readonly=True)
    is_protected = fields.Boolean(readonly=True, string="Protected customer")
    state = fields.Selection(STATES, readonly=True)
    outcome = fields.Selection(OUTCOMES, readonly=True)
    # how many
    requested = fields.Integer(readonly=True)
    at_risk = fields.Integer(
        readonly=True, string="By risk alone", help="Opened without a request to leave; in no rate."
    )
    working = fields.Integer(readonly=True, string="Still worked on")
    in_watch = fields.Integer(readonly=True, string="In watch")
    withdrawn = fields.Integer(readonly=True, string="Taken back")
    saved = fields.Integer(readonly=True, help="The watch ended, open and billed.")
    lost = fields.Integer(readonly=True, string="Lost after all")
    refused = fields.Integer(readonly=True, string="Not saved")
    no_answer = fields.Integer(readonly=True, string="Never answered")
    decided = fields.Integer(
        readonly=True, help="Saved, lost after all, not saved, and never answered."
    )
    offered = fields.Integer(readonly=True, help="Cases in which something was offered.")
    accepted = fields.Integer(
        readonly=True, help="Cases in which an offer was accepted; not yet a save."
    )
    # what it cost
    cost = fields.Monetary(readonly=True, string="Cost of accepted offers")
    cost_ended = fields.Monetary(readonly=True, string="Cost in closed cases")
    value_at_stake = fields.Monetary(readonly=True, string="Value at stake")
    first_contact_hours = EmptyFloat(
        readonly=True, aggregator="avg", string="Hours to the first contact"
    )
    save_rate = EmptyFloat(readonly=True, aggregator="avg", string="Save rate")
    acceptance_rate = EmptyFloat(readonly=True, aggregator="avg", string="Acceptance rate")
    cost_per_save = EmptyMonetary(readonly=True, aggregator="avg", string="Cost per save")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT f.*,
                   f.saved::float / nullif(f.decided, 0) AS save_rate,
                   f.accepted::float / nullif(f.offered, 0) AS acceptance_rate,
                   f.cost_ended / nullif(f.saved, 0) AS cost_per_save
              FROM (SELECT c.id, c.id AS case_id, c.partner_id, c.company_id,
                           q.requested_on, date_trunc('month', q.requested_on)::date AS month,
                           d.opened_on, d.closed_on,
                           date_trunc('month', d.closed_on)::date AS closed_month,
                           date_trunc('month', p.answered_at AT TIME ZONE 'UTC' AT TIME ZONE z.tz)::date
                               AS answer_month,
                           c.reason_id, coalesce(r.parent_id, r.id) AS reason_kind_id, p.offer_id,
                           c.user_id, c.tier_id, a.manager_id, a.team_id, c.source, l.kind,
                           coalesce(c.was_protected, FALSE) AS is_protected, c.state, c.outcome,
                           q.asked::int AS requested,
                           (NOT q.asked)::int AS at_risk,
                           (q.asked AND c.state NOT IN ('watch', 'closed'))::int AS working,
                           (q.asked AND c.state = 'watch')::int AS in_watch,
                           (q.asked AND c.outcome IS NOT DISTINCT FROM 'withdrawn')::int AS withdrawn,
                           (q.asked AND c.outcome IS NOT DISTINCT FROM 'saved')::int AS saved,
                           (q.asked AND c.outcome IS NOT DISTINCT FROM 'lost_after_watch')::int AS lost,
                           (q.asked AND c.outcome IS NOT DISTINCT FROM 'refused')::int AS refused,
                           (q.asked AND c.outcome IS NOT DISTINCT FROM 'no_answer')::int AS no_answer,
                           (q.asked AND c.outcome IS NOT NULL AND c.outcome <> 'withdrawn')::int
                               AS decided,
                           (p.case_id IS NOT NULL)::int AS offered,
                           (p.offer_id IS NOT NULL)::int AS accepted,
                           coalesce(p.cost, 0) AS cost,
                           CASE WHEN q.asked AND c.state = 'closed' THEN coalesce(p.cost, 0) ELSE 0 END
                               AS cost_ended,
                           coalesce(c.value, 0) AS value_at_stake,
                           extract(epoch FROM c.first_contact_at - c.opened_at)::float / 3600
                               AS first_contact_hours
                      FROM vip_retention_case c
                      JOIN (VALUES %(zones)s) z (company_id, tz) ON z.company_id = c.company_id
                     CROSS JOIN LATERAL (
                           SELECT (c.opened_at AT TIME ZONE 'UTC' AT TIME ZONE z.tz)::date AS opened_on,
                                  (c.closed_at AT TIME ZONE 'UTC' AT TIME ZONE z.tz)::date AS closed_on
                           ) d
                      LEFT JOIN vip_departure l ON l.id = c.departure_id
                     CROSS JOIN LATERAL (
                           SELECT coalesce(l.requested_on, d.opened_on) AS requested_on,
                                  c.source <> 'risk' OR l.id IS NOT NULL AS asked) q
                      LEFT JOIN (
                           SELECT case_id, max(answered_at) AS answered_at,
                                  sum(cost) FILTER (WHERE answer = 'accepted') AS cost,
                                  (array_agg(offer_id ORDER BY id DESC)
                                   FILTER (WHERE answer = 'accepted'))[1] AS offer_id
                             FROM vip_retention_proposal GROUP BY case_id) p ON p.case_id = c.id
                      LEFT JOIN vip_retention_reason r ON r.id = c.reason_id
                      LEFT JOIN vip_manager_assignment a
                        ON a.partner_id = c.partner_id AND a.date_from <= d.opened_on
                       AND coalesce(a.date_to >= d.opened_on, TRUE)
                       AND coalesce(a.date_to >= a.date_from, TRUE)) f
            """,
            zones=SQL(", ").join(
                SQL("(%s, %s)", company.id, company._vip_tz())
                # rules on the report say whose rows are read; its zone is nobody's secret
                for company in self.env["res.company"].sudo().search(Domain.TRUE)
            ),
        )

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        """The rate of a group is the ratio of its sums, not the mean of its rows."""
        name, _colon, function = aggregate_spec.partition(":")
        if name not in RATES or function != "avg":
            return super()._read_group_select(aggregate_spec, query)
        above, below = (self._field_to_sql(query.table, part, query) for part in RATES[name])
        return SQL("sum(%s)::float / nullif(sum(%s), 0)", above, below)

    def action_view_case(self):
        """Open the case of a row."""
        self._require_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "vip.retention.case",
            "res_id": self.case_id.id,
            "views": [(False, "form")],
        }
