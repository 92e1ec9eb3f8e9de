from datetime import timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date, is_html_empty

from odoo.addons.vip_customer.tools import service_clock

from ..tools import deadlines
from ..tools.risk import HIGH
from .vip_departure import ANNOUNCED
from .vip_membership_risk import VipMembership as Risk
from .vip_retention_case import RISK
from .vip_retention_log import REFUSED as FINAL_REFUSAL
from .vip_retention_states import CLOSED, TALKING

RISK_TASK = "vip_retention.mail_activity_type_risk"
# Two working days.
RISK_HOURS = 16
POSTPONE_DAYS = 30
# Of a case ``c``: he finally refused, and what he asked for has not happened; as ``_still_leaving`` says it.
STILL_LEAVING = SQL(
    """(EXISTS (SELECT FROM vip_retention_log l WHERE l.case_id = c.id AND l.step = %s)
        AND EXISTS (SELECT FROM vip_departure d WHERE d.case_id = c.id AND d.state = %s))""",
    FINAL_REFUSAL,
    ANNOUNCED,
)


class VipMembership(models.Model):
    """What is done about high risk: the account manager has a task, or for tiers that ask for it a retention
    case, due in two working days; once for each rise into the band.

    Nobody is told of a customer who is spoken to already or has finally decided to leave, who has no number
    with us any more, who does not wish to be contacted, or whom somebody put off; he is told of when that is
    over and the risk still high. A task that nobody began is closed, with a remark, when the risk has fallen.
    """

    _inherit = "vip.membership"  # pylint: disable=consider-merging-classes-inherited
    _guarded_fields = Risk._guarded_fields | {
        "risk_told_on",
        "risk_postponed_until",
        "risk_postpone_reason",
    }

    risk_told_on = fields.Date(
        readonly=True, copy=False, help="Since the last rise into high risk somebody has a task."
    )
    risk_postponed_until = fields.Date(readonly=True, copy=False, string="Put off until")
    risk_postpone_reason = fields.Char(readonly=True, copy=False, string="Put off because")

    # ------------------------------------------------------------
    # WHO IS TOLD, run as superuser
    # ------------------------------------------------------------

    @api.model
    def _tell_high_risk(self, company, whose):
        """Open a task or a case for those at high risk of whom nobody was told since they rose.

        :param SQL whose: condition on the membership ``m``
        """
        self.env.flush_all()
        fallen = self.env.execute_query(
            SQL(
                """UPDATE vip_membership m SET risk_told_on = NULL
                    WHERE m.company_id = %s AND %s AND m.risk_told_on IS NOT NULL
                      AND m.risk_level IS DISTINCT FROM 'high'
                   RETURNING m.id""",
                company.id,
                whose,
            )
        )
        self.invalidate_model(["risk_told_on"])
        self.browse(row[0] for row in fallen)._close_risk_tasks(company)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT m.id, coalesce(t.opens_risk_case, FALSE)
                  FROM vip_membership m JOIN vip_tier t ON t.id = m.tier_id
                 WHERE m.company_id = %(company)s AND %(whose)s
                   AND m.risk_level = 'high' AND m.risk_told_on IS NULL
                   AND coalesce(m.risk_postponed_until <= %(today)s, TRUE)
                   AND NOT (m.do_not_disturb IS TRUE
                            AND coalesce(m.do_not_disturb_from <= %(today)s, TRUE)
                            AND coalesce(m.do_not_disturb_until >= %(today)s, TRUE))
                   AND NOT EXISTS (SELECT FROM vip_retention_case c
                                    WHERE c.partner_id = m.partner_id
                                      AND (c.state <> 'closed' OR %(refused)s))
                   AND (NOT EXISTS (SELECT FROM vip_service_number n
                                     WHERE n.partner_id = m.partner_id)
                        OR EXISTS (SELECT FROM vip_service_number n
                                    WHERE n.partner_id = m.partner_id
                                      AND n.state <> 'closed' AND n.date_to IS NULL))
                   AND NOT EXISTS (SELECT FROM mail_activity a
                                    WHERE a.res_model = 'vip.membership' AND a.res_id = m.id
                                      AND a.activity_type_id = %(type)s AND a.active IS TRUE)
                 ORDER BY m.id
                """,
                company=company.id,
                whose=whose,
                today=company._vip_today(),
                type=self.env.ref(RISK_TASK).id,
                refused=STILL_LEAVING,
            )
        )
        if not rows:
            return
        with_case = self.browse(row[0] for row in rows if row[1])
        with_task = self.browse(row[0] for row in rows if not row[1])
        told = self.env["vip.retention.case"]._open_for_risk(with_case)
        told |= with_task._open_risk_tasks(company)
        told.write({"risk_told_on": company._vip_today()})

    def _open_risk_tasks(self, company):
        """:return: those for whom there is somebody to have the task"""
        responsible = {member: member._responsible() for member in self}
        told = self.filtered(lambda member: responsible[member])
        if not told:
            return told
        kind = self.env.ref(RISK_TASK)
        day = company._vip_local(self._risk_due(company)).date()
        told.mapped("display_name")
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [
                {
                    "res_model_id": self.env["ir.model"]._get_id(self._name),
                    "res_id": member.id,
                    "user_id": responsible[member].id,
                    "activity_type_id": kind.id,
                    "date_deadline": day,
                    "automated": True,
                }
                for member in told
            ]
        )
        return told

    def _close_risk_tasks(self, company):
        """Close the tasks about these customers, whose risk is no longer high; those that somebody put off
        or wrote something about are his to close."""
        tasks = self.env["mail.activity"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("activity_type_id", "=", self.env.ref(RISK_TASK).id),
                ("automated", "=", True),
            ]
        )
        today = company._vip_today()
        put_off = set(self.filtered(lambda one: (one.risk_postponed_until or today) > today).ids)
        untouched = tasks.filtered(
            lambda task: task.res_id not in put_off and is_html_empty(task.note)
        )
        if not untouched:
            return
        members = self.browse(untouched.mapped("res_id"))
        untouched.with_context(mail_activity_quick_update=True).unlink()
        remark = self.with_context(lang=company._vip_lang()).env._(
            "The risk is no longer high, so the task about it was closed: nobody had begun it."
        )
        members._message_log_batch(dict.fromkeys(members.ids, remark))

    @api.model
    def _risk_due(self, company):
        """In two working days; where the calendar is closed for good, in two days."""
        now = fields.Datetime.now()
        try:
            found = deadlines.follow_up(
                company._vip_retention_clock(), now.replace(tzinfo=timezone.utc), RISK_HOURS, None
            )
        except service_clock.NeverOpen:
            return now + timedelta(days=2)
        return found.due.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)

    # ------------------------------------------------------------
    # PUTTING OFF
    # ------------------------------------------------------------

    def action_postpone_risk(self):
        """Open the dialog that puts off what is to be done about this customer's risk."""
        self._require_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Put off"),
            "res_model": "vip.risk.postpone",
            "view_mode": "form",
            "target": "new",
            "context": {"default_membership_id": self.id},
        }

    def postpone_risk(self, day, reason):
        """Put off what is to be done about this customer's high risk: the task, or the case in which he was
        not spoken to.

        :param day: date or ISO string, after today and within 30 days of the day on which somebody was told
        :param str reason: why
        :raise AccessError: the customer is not the caller's to write
        :raise UserError: his risk is not high, the day does not fit, or the reason is missing
        """
        self._require_one("write")
        day = self._given_date(day)
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(
                self.env._(
                    "Say why “%s” is put off: who looks at his risk next reads it.",
                    self.display_name,
                )
            )
        if self.risk_level != HIGH:
            raise UserError(
                self.env._(
                    "The risk of “%s” is not high, so there is nothing to put off.",
                    self.display_name,
                )
            )
        today = self.company_id._vip_today()
        last = (self.risk_told_on or today) + timedelta(days=POSTPONE_DAYS)
        if day <= today:
            raise UserError(
                self.env._(
                    "“%(customer)s” cannot be put off until %(day)s. Choose a day after today.",
                    customer=self.display_name,
                    day=format_date(self.env, day),
                )
            )
        if day > last:
            raise UserError(
                self.env._(
                    "“%(customer)s” cannot be put off until %(day)s: 30 days at most since the risk rose, "
                    "that is until %(last)s.",
                    customer=self.display_name,
                    day=format_date(self.env, day),
                    last=format_date(self.env, last),
                )
            )
        member = self.sudo()  # guarded: this door only
        member.write({"risk_postponed_until": day, "risk_postpone_reason": reason.strip()})
        member._move_risk_tasks(day)
        member._message_log(
            body=self.env._(
                "High risk, put off until %(day)s: %(reason)s",
                day=format_date(self.env, day),
                reason=reason.strip(),
            )
        )
        return True

    def _move_risk_tasks(self, day):
        """Run as superuser."""
        tasks = self.activity_search([RISK_TASK])
        case = self.env["vip.retention.case"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("source", "=", RISK),
                ("departure_id", "=", False),
                ("state", "in", [state for state in TALKING if state != CLOSED]),
            ],
            limit=1,
        )
        if case:
            tasks |= case._postpone(day)
        tasks.write({"date_deadline": day})
