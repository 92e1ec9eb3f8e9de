from datetime import timedelta

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools.save_rule import BILL_DAYS
from .vip_retention_states import LOST, SAVED, WATCH

# Days after the beginning of a watch, and before its end, on which the account manager asks how it is.
FOLLOW_UP_DAYS = 7
BATCH = 1000


class VipRetentionCase(models.Model):
    """The watch: a customer who accepted an offer counts as kept when his numbers are open and billed at its
    end, and not before.

    Judged every night for all cases at once by the rule of ``tools/save_rule.py``.
    """

    _inherit = "vip.retention.case"  # pylint: disable=consider-merging-classes-inherited

    def _plan_follow_ups(self):
        """Ask the customer how it is, soon after and once more before the watch ends; run as superuser."""
        user = self.partner_id.vip_membership_id._responsible() or self.user_id
        if not user:
            return
        days = {
            self.watch_from + timedelta(days=FOLLOW_UP_DAYS),
            self.watch_until - timedelta(days=FOLLOW_UP_DAYS),
        }
        for day in sorted(day for day in days if self.watch_from < day <= self.watch_until):
            self.activity_schedule(
                "vip_retention.mail_activity_type_watch", date_deadline=day, user_id=user.id
            )

    @api.model
    def _cron_watch(self):
        """Every night: judge the watches that are over. A second run changes nothing."""
        cron = self.env["ir.cron"]
        watching = self._read_group([("state", "=", WATCH)], ["company_id"])
        for [company] in watching:
            while judged := self._judge(company, BATCH):
                if not cron._commit_progress(judged):
                    return

    @api.model
    def _judge(self, company, limit):
        """Close the watches of a company that are decided, and mark those that wait for a bill; run as
        superuser.

        :return: number of cases that changed
        :rtype: int
        """
        self.env.flush_all()
        today = company._vip_today()
        self.env.cr.execute(
            SQL(
                """
                WITH over AS (
                    SELECT c.id, c.partner_id, c.watch_until, c.waits_for_bill, c.told_level,
                           date_trunc('month', c.watch_until)::date AS month
                      FROM vip_retention_case c
                     WHERE c.state = 'watch' AND c.company_id = %(company)s
                       AND c.watch_until < %(today)s
                ), kept AS (
                    SELECT o.id, n.id AS number_id,
                           (n.closed_on IS NULL OR n.closed_on > o.watch_until)
                           AND (n.date_to IS NULL OR n.date_to >= o.watch_until) AS is_open
                      FROM over o
                      JOIN vip_retention_case_kept_rel r ON r.case_id = o.id
                      JOIN vip_service_number n ON n.id = r.number_id
                ), facts AS (
                    SELECT o.*,
                           CASE WHEN EXISTS (SELECT FROM kept k WHERE k.id = o.id)
                                THEN NOT EXISTS (SELECT FROM kept k
                                                  WHERE k.id = o.id AND NOT k.is_open)
                                ELSE NOT EXISTS (SELECT FROM vip_departure d
                                                  WHERE d.partner_id = o.partner_id
                                                    AND d.number_id IS NULL AND d.state = 'effective'
                                                    AND d.kind <> 'suspension'
                                                    AND d.effective_on BETWEEN
                                                        (SELECT w.watch_from FROM vip_retention_case w
                                                          WHERE w.id = o.id)
                                                        AND o.watch_until)
                           END AS all_open,
                           EXISTS (SELECT FROM vip_billing_fact f
                                    WHERE f.partner_id = o.partner_id AND f.month = o.month
                                      AND f.amount > 0
                                      AND (f.number_id IN (SELECT k.number_id FROM kept k
                                                            WHERE k.id = o.id)
                                           OR NOT EXISTS (SELECT FROM kept k WHERE k.id = o.id)))
                           AS billed,
                           EXISTS (SELECT FROM vip_billing_month b
                                    WHERE b.company_id = %(company)s AND b.month = o.month
                                      AND b.complete IS TRUE) AS complete
                      FROM over o
                ), judged AS (
                    SELECT id, waits_for_bill, told_level,
                           CASE WHEN NOT all_open THEN 'lost'
                                WHEN billed THEN 'saved'
                                WHEN complete THEN 'lost'
                                WHEN %(today)s <= watch_until + %(days)s THEN 'wait'
                                ELSE 'decide' END AS verdict
                      FROM facts
                )
                SELECT j.id, j.verdict FROM judged j JOIN vip_retention_case c ON c.id = j.id
                 WHERE j.verdict IN ('lost', 'saved')
                    OR j.waits_for_bill IS NOT TRUE
                    OR (j.verdict = 'decide' AND coalesce(j.told_level, 0) = 0)
                 ORDER BY j.id LIMIT %(limit)s
                   FOR NO KEY UPDATE OF c SKIP LOCKED
                """,
                company=company.id,
                today=today,
                days=BILL_DAYS,
                limit=limit,
            )
        )
        verdicts = {}
        for case_id, verdict in self.env.cr.fetchall():
            verdicts.setdefault(verdict, []).append(case_id)
        for verdict, ids in verdicts.items():
            self.browse(ids)._follow_verdict(verdict)
        return sum(map(len, verdicts.values()))

    def _follow_verdict(self, verdict):
        """Make the night's verdict about these cases true; run as superuser."""
        match verdict:
            case "saved":
                self._end_watch(SAVED)
            case "lost":
                self._end_watch(LOST)
            case "wait":
                self.write({"waits_for_bill": True, "told_level": 0})
            case "decide":
                self.write({"waits_for_bill": True, "told_level": 1})
                self._schedule(
                    [
                        ("decision", one, user)
                        for company, cases in self.grouped("company_id").items()
                        for user in company._vip_managers()
                        for one in cases
                    ]
                )

    def _end_watch(self, outcome):
        """Close these cases; run as superuser."""
        self._close(outcome, "saved" if outcome == SAVED else "lost")

    # ------------------------------------------------------------
    # A MANAGER DECIDES
    # ------------------------------------------------------------

    def action_decide_saved(self):
        """The month's bills never came in: a manager knows that the customer was kept.

        :raise AccessError: the caller is no manager
        :raise UserError: the night still decides this
        """
        return self._decide(SAVED)

    def action_decide_lost(self):
        """As ``action_decide_saved``: he was not.

        :raise AccessError, UserError: as ``action_decide_saved``
        """
        return self._decide(LOST)

    def _decide(self, outcome):
        if not self.env.user.has_group("vip_customer.group_vip_manager"):
            raise AccessError(
                self.env._(
                    "Only a manager of the VIP programme decides whether a customer was kept."
                )
            )
        cases = self._begin_step(WATCH)
        for case in cases:
            if case.company_id._vip_today() <= case.watch_until + timedelta(days=BILL_DAYS):
                raise UserError(
                    self.env._(
                        "%(case)s is decided by the bill of the month in which its watch ends. Only when "
                        "that has not come after %(days)s days, somebody decides.",
                        case=case.name,
                        days=BILL_DAYS,
                    )
                )
        cases._end_watch(outcome)
        return True
