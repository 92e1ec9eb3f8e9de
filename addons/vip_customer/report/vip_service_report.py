from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class VipServiceReport(models.Model):
    """Service requests: how many, answered and resolved on time, paused, opened again, how satisfied the
    customers were; a row for each request.

    Rates are 1, 0 or empty in each row, and their average in a group, which is the ratio of the sums. A
    response or resolution is judged when it happened or its time is over, cancelled requests never;
    satisfied are ratings of 4 and 5. ``month`` is that of opening, ``due_month`` that in which the time
    of the resolution ends. Manager and branch are those of the day of opening, by the dated assignment;
    the tier is that of the request.
    """

    _name = "vip.service.report"
    _description = "Service requests in figures"
    _auto = False
    _rec_name = "request_id"
    _order = "opened_on desc, id desc"
    _depends = {
        "vip.service.request": [
            "state",
            "opened_at",
            "respond_by",
            "responded_at",
            "resolve_by",
            "resolved_at",
            "paused",
            "paused_hours",
            "reopened",
            "repeats_id",
            "severity",
            "rating_last_value",
        ],
        "vip.manager.assignment": ["manager_id", "team_id", "date_from", "date_to"],
    }

    request_id = fields.Many2one("vip.service.request", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    type_id = fields.Many2one("vip.service.type", string="Service", readonly=True)
    subtype_id = fields.Many2one("vip.service.subtype", string="Sub-type", readonly=True)
    tier_id = fields.Many2one("vip.tier", readonly=True)
    manager_id = fields.Many2one("res.users", string="Account manager", readonly=True)
    team_id = fields.Many2one("crm.team", string="Branch", readonly=True)
    user_id = fields.Many2one("res.users", string="Assigned to", readonly=True)
    channel_id = fields.Many2one("vip.channel", readonly=True)
    state = fields.Selection(
        [
            ("new", "To respond"),
            ("doing", "In progress"),
            ("closed", "Resolved"),
            ("cancelled", "Cancelled"),
        ],
        readonly=True,
    )
    opened_on = fields.Date(readonly=True, string="Opened on")
    month = fields.Date(readonly=True, string="Month of opening")
    due_month = fields.Date(readonly=True, string="Month due")
    requests = fields.Integer(readonly=True)
    response_on_time = fields.Float(readonly=True, string="Response on time", aggregator="avg")
    resolution_on_time = fields.Float(readonly=True, string="Resolution on time", aggregator="avg")
    was_paused = fields.Float(readonly=True, string="Paused", aggregator="avg")
    paused_hours = fields.Float(readonly=True, string="Hours paused")
    was_reopened = fields.Float(readonly=True, string="Opened again", aggregator="avg")
    is_repeated = fields.Integer(readonly=True, string="Repeated complaints")
    is_serious = fields.Integer(readonly=True, string="Serious complaints")
    satisfied = fields.Float(readonly=True, string="Customer satisfaction", aggregator="avg")
    rated = fields.Integer(readonly=True, string="Ratings")
    rating = fields.Float(readonly=True, string="Average rating", aggregator="avg")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT r.id, r.id AS request_id, r.partner_id, r.company_id, r.type_id, r.subtype_id, r.tier_id,
                   a.manager_id, a.team_id, r.user_id, r.channel_id, r.state, d.opened_on,
                   date_trunc('month', d.opened_on)::date AS month,
                   date_trunc('month', r.resolve_by AT TIME ZONE 'UTC' AT TIME ZONE z.tz)::date
                       AS due_month,
                   1 AS requests,
                   CASE WHEN r.state = 'cancelled' THEN NULL
                        WHEN r.responded_at IS NOT NULL THEN (r.responded_at <= r.respond_by)::int
                        WHEN r.respond_by < %(now)s AND r.paused IS NOT TRUE THEN 0
                   END AS response_on_time,
                   CASE WHEN r.state = 'cancelled' THEN NULL
                        WHEN r.resolved_at IS NOT NULL THEN (r.resolved_at <= r.resolve_by)::int
                        WHEN r.resolve_by < %(now)s AND r.paused IS NOT TRUE THEN 0
                   END AS resolution_on_time,
                   (coalesce(r.paused_hours, 0) > 0 OR r.paused IS TRUE)::int AS was_paused,
                   coalesce(r.paused_hours, 0) AS paused_hours,
                   (coalesce(r.reopened, 0) > 0)::int AS was_reopened,
                   (r.repeats_id IS NOT NULL)::int AS is_repeated,
                   (r.severity = 'serious')::int AS is_serious,
                   CASE WHEN r.rating_last_value > 0 THEN (r.rating_last_value >= 4)::int END
                       AS satisfied,
                   (coalesce(r.rating_last_value, 0) > 0)::int AS rated,
                   nullif(r.rating_last_value, 0) AS rating
              FROM vip_service_request r
              JOIN (VALUES %(zones)s) z (company_id, tz) ON z.company_id = r.company_id
             CROSS JOIN LATERAL (
                   SELECT (r.opened_at AT TIME ZONE 'UTC' AT TIME ZONE z.tz)::date AS opened_on) d
              LEFT JOIN vip_manager_assignment a
                ON a.partner_id = r.partner_id AND a.date_from <= d.opened_on
               AND coalesce(a.date_to >= d.opened_on, TRUE)
               AND coalesce(a.date_to >= a.date_from, TRUE)
            """,
            now=fields.Datetime.now(),
            zones=SQL(", ").join(
                SQL("(%s, %s)", company.id, company._vip_tz())
                # rules on the report say whose rows are read; its zone is nobody's secret
                for company in self.env["res.company"].sudo().search(Domain.TRUE)
            ),
        )
