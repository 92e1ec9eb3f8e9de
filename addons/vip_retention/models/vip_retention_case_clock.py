from datetime import timezone

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.vip_customer.tools import service_clock

from ..tools import deadlines
from .vip_departure import ANNOUNCED
from .vip_retention_case import RISK, TALKED_TO
from .vip_retention_proposal import MANAGER, WAITING
from .vip_retention_states import CONSIDERING, DOING, TALKING

FOLLOW_UP_HOURS = 16
DOING_HOURS = 8
# for customers without a tier
FIRST_CONTACT_HOURS = 16
WARNED, OVERDUE = 1, 2
TASKS = {
    "work": "vip_retention.mail_activity_type_case",
    "warning": "vip_retention.mail_activity_type_warning",
    "escalation": "vip_retention.mail_activity_type_escalation",
    "approval": "vip_retention.mail_activity_type_approval",
    "watch": "vip_retention.mail_activity_type_watch",
    "decision": "vip_retention.mail_activity_type_decision",
}
BATCH = 500


class VipRetentionCase(models.Model):
    """By when a case goes on, and who is told that it does not.

    Deadlines are worked out in working hours of the company's retention calendar and cut by the day on which
    the customer leaves (``tools/deadlines.py``). They are stored, so that lists and the scheduled action only
    compare them with now.
    """

    _inherit = "vip.retention.case"  # pylint: disable=consider-merging-classes-inherited

    told_level = fields.Integer(readonly=True, copy=False, help="0 nobody, 1 warned, 2 overdue")

    def _set_first_contact(self, clock=None):
        """From the opening: the tier's hours, and noon of the last working day before he leaves. Who did not
        ask to leave does not wait for an answer: two working days."""
        hours = self.tier_id.first_contact_hours or FIRST_CONTACT_HOURS
        if self.source == RISK and not self.departure_id:
            hours = FOLLOW_UP_HOURS
        found = self._work_out(
            deadlines.first_contact, self.opened_at, hours, self.closing_date, clock
        )
        self.write({**found, "first_contact_by": found["deadline"]})

    def _set_follow_up(self, keeps=False):
        """From now: two working days, and the end of the last one before he leaves.

        :param keeps: what is due already is not due any later
        """
        now = fields.Datetime.now()
        found = self._work_out(deadlines.follow_up, now, FOLLOW_UP_HOURS, self.closing_date)
        if keeps:
            self._bring_forward(found)
        else:
            self.write(found)

    def _set_doing(self):
        """From now: a working day, and the end of the last one before what he keeps leaves all the same."""
        now = fields.Datetime.now()
        found = self._work_out(deadlines.follow_up, now, DOING_HOURS, self._kept_closing_date())
        self.write(found)

    def _kept_closing_date(self):
        """The first day on which one of the numbers that he keeps leaves, as long as nothing is done."""
        return self._requests_about_kept()._leaving(ANNOUNCED)._first_day()

    def _postpone(self, day):
        """What is due goes on on another day, at the same hour.

        :return: the tasks of who works on it
        """
        if self.deadline:
            by = self.deadline + (day - self.company_id._vip_local(self.deadline).date())
            self.write({"deadline": by, "warn_at": by, "told_level": 0})
        return self.activity_search([TASKS["work"]])

    def _recut(self, clock=None):
        """The customer leaves on another day than before: what is due is cut by that day, never moved
        back."""
        rule, hours, closing = deadlines.first_contact, FOLLOW_UP_HOURS, self.closing_date
        if self.state == DOING:
            rule, hours, closing = deadlines.follow_up, DOING_HOURS, self._kept_closing_date()
        elif self.first_contact_at and (
            self.state == CONSIDERING or self.dispatched_by or self.source not in TALKED_TO
        ):
            rule = deadlines.follow_up
        if self.state not in (*TALKING, DOING) or not closing:
            return
        found = self._work_out(rule, fields.Datetime.now(), hours, closing, clock)
        self._bring_forward(found)

    def _bring_forward(self, found):
        """What is due is due then at the latest; what was told of it stays told.

        :param found: as ``_work_out`` gives it
        """
        if not self.deadline or found["deadline"] < self.deadline:
            self.write(found)

    def _work_out(self, rule, start, hours, closing, clock=None):
        """:raise UserError: the calendar has no working hours"""
        try:
            found = rule(
                clock or self.company_id._vip_retention_clock(),
                start.replace(tzinfo=timezone.utc),
                hours,
                closing,
            )
        except service_clock.NeverOpen:
            raise UserError(self.company_id._vip_retention_calendar()._vip_never_open()) from None
        return {"deadline": _naive(found.due), "warn_at": _naive(found.warn), "told_level": 0}

    # ------------------------------------------------------------
    # WHO IS TOLD
    # ------------------------------------------------------------

    def _task(self, kind, users, due, summary=False):
        """A task on this case for each of these users; run as superuser."""
        day = self.company_id._vip_local(due).date() if due else self.company_id._vip_today()
        for user in users:
            self.activity_schedule(
                TASKS[kind], date_deadline=day, user_id=user.id, summary=summary or ""
            )

    def _drop_tasks(self, *kinds):
        self.activity_unlink([TASKS[kind] for kind in kinds or TASKS])

    def _leads(self):
        """dict case -> who is told when it is late: the lead of the branch, else the managers."""
        leads = {
            case: case.partner_id.vip_membership_id.team_id.user_id.filtered("active")
            for case in self
        }
        without = self.filtered(lambda case: not leads[case])
        managers = {company: company._vip_managers() for company in without.company_id}
        return {case: leads[case] or managers[case.company_id] for case in self}

    @api.model
    def _cron_escalate(self):
        """Every few minutes: tell who has to know of deadlines, and pass on approvals. What was told is not
        told again."""
        cron = self.env["ir.cron"]
        while told := self._escalate(BATCH) + self._pass_on(BATCH):
            if not cron._commit_progress(told):
                break

    @api.model
    def _escalate(self, limit):
        """Warn at three quarters, tell the lead what is overdue; run as superuser.

        :return: number of cases about which somebody was told
        :rtype: int
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH due AS (
                    SELECT id, CASE WHEN deadline <= %(now)s THEN 2 ELSE 1 END AS level
                      FROM vip_retention_case
                     WHERE state IN ('new', 'analysed', 'proposed', 'considering', 'doing')
                       AND least(warn_at, deadline) <= %(now)s
                       AND told_level < CASE WHEN deadline <= %(now)s THEN 2 ELSE 1 END
                     ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
                )
                UPDATE vip_retention_case c SET told_level = due.level
                  FROM due WHERE due.id = c.id RETURNING c.id
                """,
                now=fields.Datetime.now(),
                limit=limit,
            )
        )
        cases = self.browse(row[0] for row in self.env.cr.fetchall())
        cases.invalidate_recordset(["told_level"])
        leads = cases._leads()
        tasks = []
        for case in cases:
            if case.told_level == WARNED and case.user_id:
                tasks.append(("warning", case, case.user_id))
            elif case.told_level == OVERDUE:
                tasks += [("escalation", case, user) for user in leads[case]]
            elif case.told_level == WARNED and case.state == DOING:
                tasks += [("warning", case, user) for user in leads[case]]
        self._schedule(tasks)
        return len(cases)

    @api.model
    def _schedule(self, tasks):
        """Tasks on these cases, in one go: nobody is mailed, they are seen where work is looked for.

        :param tasks: kind, case and user, and the moment by which it is to be done (now without one)
        """
        if not tasks:
            return
        types = {kind: self.env.ref(TASKS[kind]) for kind in {task[0] for task in tasks}}
        self.union(*(task[1] for task in tasks)).mapped("display_name")
        model_id = self.env["ir.model"]._get_id(self._name)
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [
                {
                    "res_model_id": model_id,
                    "res_id": case.id,
                    "user_id": user.id,
                    "activity_type_id": types[kind].id,
                    "date_deadline": case.company_id._vip_local(
                        by[0] if by else fields.Datetime.now()
                    ).date(),
                    "automated": True,
                }
                for kind, case, user, *by in tasks
            ]
        )

    @api.model
    def _pass_on(self, limit):
        """Approvals that nobody decided in time go to the managers; run as superuser."""
        waiting = self.env["vip.retention.proposal"].search(
            [
                ("approval", "=", WAITING),
                ("approval_level", "!=", MANAGER),
                ("approve_by", "<=", fields.Datetime.now()),
            ],
            limit=limit,
        )
        # a final refusal passes by who holds the case, and would wait for who holds its offers only
        free = waiting.case_id.try_lock_for_update(allow_referencing=True)
        waiting = waiting.filtered(lambda proposal: proposal.case_id in free)
        cases = waiting.case_id
        managers = {company: company._vip_managers() for company in cases.company_id}
        clocks = {company: company._vip_retention_clock() for company in cases.company_id}
        cases._drop_tasks("approval")
        waiting.approval_level = MANAGER
        for proposal in waiting:
            case = proposal.case_id
            proposal.approve_by = case._approval_deadline(clocks[case.company_id])
        cases._log("passed_on", {one.case_id: one.offer_id.name for one in waiting})
        self._schedule(
            [
                ("approval", one.case_id, user, one.approve_by)
                for one in waiting
                for user in managers[one.company_id]
            ]
        )
        return len(waiting)


def _naive(moment):
    """Odoo's columns hold whole seconds."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
