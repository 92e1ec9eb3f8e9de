from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import html_escape

from ..tools.greeting_days import START, earliest
from .vip_event_invitation import (
    CALL,
    CANCELLED,
    EMAIL,
    INVITATION,
    INVITED,
    MOVED,
    NO_ANSWER,
    SEAT,
    SMS,
)

TASK = "vip_customer.mail_activity_type_club"


class VipEventInvitation(models.Model):
    """How guests hear of it: by e-mail, by text, or by a call of who looks after them, at a decent hour of
    their own time zone (``tools/greeting_days.py``). What cannot be sent becomes a call."""

    _inherit = "vip.event.invitation"  # pylint: disable=consider-merging-classes-inherited

    def action_send_again(self):
        """Send the invitation once more to customers who have not answered.

        :raise AccessError: the caller does not look after one of them
        :raise UserError: one of them has answered, or the event is cancelled
        """
        self._require("write")
        for invitation in self.sudo():  # guarded, as all that follows
            invitation._check_not_cancelled()
            if invitation.state not in (INVITED, NO_ANSWER):
                raise UserError(
                    self.env._(
                        "%(customer)s has answered the invitation to “%(event)s” already.",
                        customer=invitation.partner_id.display_name,
                        event=invitation.event_id.name,
                    )
                )
            invitation._check_in_time()
        self.sudo()._tell(INVITATION)
        return True

    def _tell(self, news):
        """Let these guests know, now or at the next decent hour; run as superuser."""
        if not self:
            return
        self.write({"news": news, "delivery": "to_send", "delivery_note": False})
        self._hand_out()

    @api.model
    def _waiting_to_be_told(self):
        return self.search([("delivery", "=", "to_send")])

    def _hand_out(self):
        """Hand out what may be told at this moment; without records everything that waits."""
        now = fields.Datetime.now()
        waiting = (self or self._waiting_to_be_told()).filtered(
            lambda invitation: invitation.delivery == "to_send" and invitation._is_decent(now)
        )
        for (news, medium), group in waiting.grouped(lambda i: (i.news, i.medium)).items():
            group._hand_out_as(news, medium)
        if waiting.mail_id:
            # the queue runs once an hour: the decent hours may be over by then
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _is_decent(self, now):
        if self.medium == CALL:
            return True  # a task: the colleague chooses the hour
        local = self.company_id._vip_local(now, self.partner_id.tz)
        return earliest(local.date(), START, local) == local

    def _hand_out_as(self, news, medium):
        """Where a template cannot be filled in for a guest, he is called and nobody else."""
        try:
            with self.env.cr.savepoint():
                {
                    EMAIL: self._hand_out_mails,
                    SMS: self._hand_out_texts,
                    CALL: self._hand_out_calls,
                }[medium](news)
        except (UserError, ValueError) as error:
            if len(self) > 1:
                for invitation in self:
                    invitation._hand_out_as(news, medium)
                return
            self._fail(str(error))

    def _hand_out_mails(self, news):
        template = self.env.ref(f"vip_customer.mail_template_club_{news}")
        # no thread holds the link: whoever may read the invitation could answer it
        mails = template.send_mail_batch(
            self.ids, email_values={"model": False, "res_id": False, "auto_delete": True}
        )
        for invitation, mail in zip(self, mails, strict=True):
            invitation.mail_id = mail
        self.delivery = "queued"

    def _hand_out_texts(self, news):
        template = self.env.ref(f"vip_customer.sms_template_club_{news}")
        languages = {
            invitation.id: invitation.partner_id.lang or self.env.lang for invitation in self
        }
        texts = template._render_field("body", self.ids, res_ids_lang=languages)
        messages = self.env["sms.sms"].create(
            [
                {
                    "number": invitation.address,
                    "body": texts[invitation.id],
                    "partner_id": invitation.partner_id.id,
                }
                for invitation in self
            ]
        )
        for invitation, message in zip(self, messages, strict=True):
            invitation.sms_id = message
        self.delivery = "queued"

    def _hand_out_calls(self, news):
        """A task for who looks after each guest."""
        self._end_tasks()
        model_id = self.env["ir.model"]._get_id(self._name)
        kind = self.env.ref(TASK)
        tasks = []
        for invitation in self:
            user = invitation.partner_id.vip_membership_id._responsible()
            if not user:
                invitation.write(
                    {
                        "delivery": "failed",
                        "delivery_note": self.env._("Neither account manager nor team lead"),
                    }
                )
                continue
            company = invitation.company_id
            day = company._vip_local(invitation.event_id._vip_deadline()).date()
            tasks.append(
                {
                    "res_model_id": model_id,
                    "res_id": invitation.id,
                    "activity_type_id": kind.id,
                    "user_id": user.id,
                    "date_deadline": max(day, company._vip_today())
                    if news == INVITATION
                    else company._vip_today(),
                    "summary": invitation.with_context(lang=user.lang)._task_summary(news),
                    "note": invitation.with_context(lang=user.lang)._task_note(),
                }
            )
            invitation.delivery = "task"
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(tasks)

    def _task_summary(self, news):
        """What is to be said, in the language of the context."""
        event = self.event_id.name
        if news == SEAT:
            return self.env._("A seat became free: %s", event)
        if news == MOVED:
            return self.env._("Moved: %s", event)
        if news == CANCELLED:
            return self.env._("Cancelled: %s", event)
        return self.env._("Invite: %s", event)

    def _task_note(self):
        lines = [
            self.env._(
                "%(event)s: %(when)s, %(where)s",
                event=self.event_id.name,
                when=self._clock(self.event_id.date_begin),
                where=self._where() or self.env._("online"),
            )
        ]
        if self.delivery_note:
            lines.append(self.delivery_note)
        return Markup("<br/>").join(html_escape(line) for line in lines)

    def _end_tasks(self):
        """Nobody is to be called any more."""
        tasks = self.activity_ids.filtered(lambda task: task.activity_type_id == self.env.ref(TASK))
        tasks.unlink()

    # ------------------------------------------------------------
    # WHAT BECAME OF IT
    # ------------------------------------------------------------

    @api.model
    def _follow_queues(self):
        """Learn what Odoo's queues did with what is in them."""
        reasons = dict(self.env["sms.sms"]._fields["failure_type"]._description_selection(self.env))
        for invitation in self.search([("delivery", "=", "queued")]):
            message, mail = invitation.sms_id, invitation.mail_id
            if message.state in ("error", "canceled"):
                invitation._fail(reasons.get(message.failure_type))
            elif mail.state in ("exception", "cancel"):
                invitation._fail(mail.failure_reason)
            elif (message.state or mail.state or "sent") in ("pending", "sent", "received"):
                invitation.delivery = "sent"  # Odoo deletes what was sent

    def _fail(self, reason):
        """It did not arrive: who looks after the guest calls him."""
        self.write(
            {
                "delivery_note": reason or self.env._("Not delivered"),
                "sms_id": False,
                "mail_id": False,
            }
        )
        self._hand_out_calls(self.news)
        if self.delivery != "task":
            self.delivery = "failed"
