from odoo import api, fields, models
from odoo.tools import SQL

WARNED, BREACHED, CRITICAL = 1, 2, 3
LEVELS = [(0, "In time"), (WARNED, "Warned"), (BREACHED, "Breached"), (CRITICAL, "Critical")]
WARNING_TYPE = "vip_customer.mail_activity_type_request_warning"
ESCALATION_TYPE = "vip_customer.mail_activity_type_request_escalation"
BATCH = 1000


class VipServiceRequest(models.Model):
    """Who is told when a request is about to be late, or late.

    At three quarters of a target its assignee; when the response is breached the lead of the customer's
    branch; when the resolution is breached the lead and the manager of the company who is named for it; at
    one and a half times of it the managers who are. Each is told once, by a task on the request.
    """

    _inherit = "vip.service.request"  # pylint: disable=consider-merging-classes-inherited

    respond_level = fields.Integer(
        readonly=True,
        copy=False,
        string="Told about the response",
        help="0 nobody, 1 warned, 2 breached",
    )
    resolve_level = fields.Integer(
        readonly=True,
        copy=False,
        string="Told about the resolution",
        help="0 nobody, 1 warned, 2 breached, 3 critical",
    )

    @api.model
    def _cron_escalate(self):
        """Every few minutes: tell who has to know. What was told is not told again."""
        cron = self.env["ir.cron"]
        while told := self._escalate(BATCH):
            if not cron._commit_progress(told):
                break

    @api.model
    def _escalate(self, limit):
        """Raise the levels of requests whose moments have come, and make tasks of it; run as superuser.

        :return: number of requests about which somebody was told
        :rtype: int
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH due AS (
                    SELECT id,
                           CASE WHEN responded_at IS NOT NULL THEN respond_level
                                WHEN respond_by <= %(now)s THEN 2
                                WHEN respond_warn_at <= %(now)s THEN 1 ELSE 0 END AS respond_level,
                           CASE WHEN critical_at <= %(now)s THEN 3
                                WHEN resolve_by <= %(now)s THEN 2
                                WHEN resolve_warn_at <= %(now)s THEN 1 ELSE 0 END AS resolve_level
                      FROM vip_service_request
                     WHERE state IN ('new', 'doing') AND paused IS NOT TRUE
                       AND least(respond_warn_at, resolve_warn_at) <= %(now)s
                ), moved AS (
                    SELECT r.id, r.respond_level AS respond_before, r.resolve_level AS resolve_before
                      FROM vip_service_request r JOIN due ON due.id = r.id
                     WHERE due.respond_level > coalesce(r.respond_level, 0)
                        OR due.resolve_level > coalesce(r.resolve_level, 0)
                     ORDER BY r.id LIMIT %(limit)s
                       FOR NO KEY UPDATE OF r SKIP LOCKED
                )
                UPDATE vip_service_request r
                   SET respond_level = greatest(r.respond_level, due.respond_level),
                       resolve_level = greatest(r.resolve_level, due.resolve_level)
                  FROM due, moved
                 WHERE due.id = r.id AND moved.id = r.id
                RETURNING r.id, r.company_id, r.user_id,
                          (SELECT u.id FROM vip_membership m
                             JOIN crm_team t ON t.id = m.team_id
                             JOIN res_users u ON u.id = t.user_id AND u.active IS TRUE
                            WHERE m.partner_id = r.partner_id),
                          CASE WHEN r.respond_level > coalesce(moved.respond_before, 0)
                               THEN r.respond_level ELSE 0 END,
                          CASE WHEN r.resolve_level > coalesce(moved.resolve_before, 0)
                               THEN r.resolve_level ELSE 0 END
                """,
                now=fields.Datetime.now(),
                limit=limit,
            )
        )
        rows = self.env.cr.fetchall()
        self.invalidate_model(["respond_level", "resolve_level"])
        self._make_tasks(rows)
        return len(rows)

    @api.model
    def _make_tasks(self, rows):
        """:param rows: request, company, assignee and lead (ids), and the levels just reached"""
        late, very_late = {}, {}
        for company in self.env["res.company"].browse({row[1] for row in rows}):
            everybody = company._vip_managers()
            late[company.id] = (company.vip_escalation_id.filtered("active") or everybody).ids
            listed = company.vip_escalation_ids.filtered("active")
            very_late[company.id] = (listed or everybody).ids
        tasks = []
        for request_id, company_id, user_id, lead_id, respond, resolve in rows:
            told = set()
            if BREACHED in (respond, resolve):
                told.add(lead_id)
            if resolve == BREACHED:
                told.update(late[company_id])
            if resolve == CRITICAL:
                told.update(very_late[company_id])
            told.discard(None)
            tasks += [(ESCALATION_TYPE, request_id, user) for user in sorted(told)]
            if not told and user_id:
                tasks.append((WARNING_TYPE, request_id, user_id))
        self._schedule_tasks(tasks)

    @api.model
    def _schedule_tasks(self, tasks):
        """Tasks for today, in one go: nobody is mailed, they are seen where work is looked for. They have
        the name of their type, in the language of who looks.

        :param tasks: triples of the XML id of the type, request and user (ids)
        """
        types = {xmlid: self.env.ref(xmlid) for xmlid in {task[0] for task in tasks}}
        # a task carries the name of its record, which Odoo would read one by one
        self.browse({task[1] for task in tasks}).mapped("display_name")
        model_id = self.env["ir.model"]._get_id(self._name)
        today = fields.Date.context_today(self)
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [
                {
                    "res_model_id": model_id,
                    "res_id": request_id,
                    "user_id": user_id,
                    "activity_type_id": types[xmlid].id,
                    "date_deadline": today,
                    "automated": True,
                }
                for xmlid, request_id, user_id in tasks
            ]
        )

    def _drop_notices(self):
        """Take back what was told about requests that are over; run as superuser."""
        self.activity_unlink([WARNING_TYPE, ESCALATION_TYPE])
