from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.care_days import LATE_DAYS


class VipCareCoverage(models.Model):
    """Touches by the month in which they are due: done on time, done late, missed, skipped.

    ``due`` are the touches whose day has come, and those done ahead of it; what was skipped with a
    reason is not due. On time is up to a week after the day; ``waiting`` are those whose week is not
    over. Coverage is done (on time and late) ÷ due, of whatever group: the sums divide, not the rates.
    Manager and branch are those of the due date, by the dated assignment; the tier is that of the plan.
    """

    _name = "vip.care.coverage"
    _description = "Contact coverage"
    _inherit = "vip.guarded.mixin"
    _auto = False
    _rec_name = "partner_id"
    _order = "due_date desc, id"
    _depends = {
        "vip.care.touch": ["state", "due_date", "done_on", "tier_id", "channel_id"],
        "vip.manager.assignment": ["manager_id", "team_id", "date_from", "date_to"],
    }

    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    step_id = fields.Many2one("vip.care.step", readonly=True)
    tier_id = fields.Many2one("vip.tier", readonly=True)
    channel_id = fields.Many2one("vip.channel", readonly=True)
    manager_id = fields.Many2one("res.users", string="Account manager", readonly=True)
    team_id = fields.Many2one("crm.team", string="Branch", readonly=True)
    is_occasion = fields.Boolean(readonly=True, string="On an occasion")
    due_date = fields.Date(readonly=True, string="Due on")
    done_on = fields.Date(readonly=True)
    month = fields.Date(readonly=True)
    due = fields.Integer(readonly=True)
    done_on_time = fields.Integer(readonly=True, string="Done on time")
    done_late = fields.Integer(readonly=True, string="Done late")
    missed = fields.Integer(readonly=True)
    waiting = fields.Integer(readonly=True)
    skipped = fields.Integer(readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT t.id, t.partner_id, t.company_id, t.step_id, t.tier_id, t.channel_id, t.is_occasion,
                   a.manager_id, a.team_id, t.due_date, t.done_on,
                   date_trunc('month', t.due_date)::date AS month,
                   (t.state <> 'skipped')::int AS due,
                   (t.state = 'done' AND t.done_on <= t.due_date + %(late)s)::int AS done_on_time,
                   (t.state = 'done' AND t.done_on > t.due_date + %(late)s)::int AS done_late,
                   (t.state = 'missed'
                    OR t.state = 'planned' AND t.due_date + %(late)s < d.today)::int AS missed,
                   (t.state = 'planned' AND t.due_date + %(late)s >= d.today)::int AS waiting,
                   (t.state = 'skipped')::int AS skipped
              FROM vip_care_touch t
              JOIN (VALUES %(today)s) d (company_id, today) ON d.company_id = t.company_id
              LEFT JOIN vip_manager_assignment a
                ON a.partner_id = t.partner_id AND a.date_from <= t.due_date
               AND coalesce(a.date_to >= t.due_date, TRUE)
               AND coalesce(a.date_to >= a.date_from, TRUE)
             WHERE t.due_date <= d.today OR t.state <> 'planned'
            """,
            late=LATE_DAYS,
            today=SQL(", ").join(
                SQL("(%s, %s::date)", company.id, company._vip_today())
                # rules on the report say whose rows are read; today is nobody's secret
                for company in self.env["res.company"].sudo().search(Domain.TRUE)
            ),
        )

    def action_view_touch(self):
        """Open the touch behind this line."""
        self._require_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "vip.care.touch",
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
