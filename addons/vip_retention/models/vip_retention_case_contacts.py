from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, format_list

from .vip_retention_case import TALKED_TO
from .vip_retention_states import CLOSED, CONSIDERING, DOING, OPEN_STATES, TALKING

CALL, VISIT, TEXT = "call", "visit", "text"
# What a channel is to somebody who wants to leave; every other one is a text to him.
KINDS = {"phone": CALL, "visit": VISIT, "gathering": VISIT, "community": VISIT}
# Reached or not, in one case, while the customer has not decided.
MOST_ATTEMPTS = {CALL: 3, VISIT: 1, TEXT: 1}


class VipRetentionCase(models.Model):
    """Contacts with a customer who wants to leave: few, and none after his final refusal.

    While he has not decided: three calls, one visit and one text, at most one of them a day. What he says
    when he comes or calls himself is no attempt of ours. What was promised is settled with him as often as it
    takes. In the watch he is asked how it is; that is no attempt to change his mind, and only the day's one
    contact is counted.
    """

    _inherit = "vip.retention.case"  # pylint: disable=consider-merging-classes-inherited

    interaction_ids = fields.One2many(
        "vip.interaction",
        "retention_case_id",
        string="Contacts",
        groups="vip_customer.group_vip_user,vip_customer.group_vip_auditor",
    )
    attempts_left = fields.Char(compute="_compute_attempts_left", string="Contacts left")

    def _compute_attempts_left(self):
        made = self._attempts_made()
        for case in self:
            left = case._attempts_left(made.get(case.id, Counter()))
            case.attempts_left = case.state in TALKING and (
                case._attempts_text(left) if left else self.env._("None")
            )

    def _attempts_made(self):
        """dict case id -> Counter of the attempts made."""
        rows = (
            self.env["vip.interaction"]
            .sudo()
            ._read_group(
                [("retention_case_id", "in", self.ids), ("is_attempt", "=", True)],
                ["retention_case_id", "channel_id"],
                ["__count"],
            )
        )
        made = {}
        for case, channel, count in rows:
            made.setdefault(case.id, Counter())[KINDS.get(channel.code, TEXT)] += count
        return made

    def _attempts_left(self, made=None):
        """dict kind -> attempts that are left, without those that are used up."""
        if made is None:
            made = self._attempts_made().get(self.id, Counter())
        return {
            kind: most - made[kind] for kind, most in MOST_ATTEMPTS.items() if made[kind] < most
        }

    def _attempts_due(self):
        """dict case -> dict kind -> attempts that are left before the customer may be given up: nobody visits
        him for that where no visit is proposed; run as superuser."""
        made, top = self._attempts_made(), self._top_tier()
        due = {}
        for case in self:
            left = case._attempts_left(made.get(case.id, Counter()))
            worthy = case._is_worth_a_visit(top)
            due[case] = {kind: left[kind] for kind in left if kind != VISIT or worthy}
        return due

    def _attempts_text(self, left):
        labels = {
            CALL: self.env._("calls: %s", left.get(CALL)),
            VISIT: self.env._("home visits: %s", left.get(VISIT)),
            TEXT: self.env._("texts or letters: %s", left.get(TEXT)),
        }
        return format_list(self.env, [labels[kind] for kind in left])

    def action_contact(self):
        """Open the dialog in which a contact with the customer is noted."""
        self._require_one("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Note a contact"),
            "res_model": "vip.retention.contact",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_case_id": self.id},
        }

    def contact(self, channel_id, result_id, summary=False):
        """Note a contact with the customer, or the attempt, on his timeline and in this case.

        :param int channel_id: of ``vip.channel``
        :param int result_id: of ``vip.interaction.result``
        :param str summary: what was said
        :return: id of the interaction
        :rtype: int
        :raise AccessError, UserError: as ``_begin_step``; or no attempts of this kind, or today, are left
        """
        self._require_one()
        channel = self._needed("vip.channel", channel_id)
        result = self._needed("vip.interaction.result", result_id)
        return self._contact(
            {
                "channel_id": channel.id,
                "result_id": result.id,
                "summary": summary if isinstance(summary, str) else False,
            }
        ).id

    def _contact(self, values):
        """As ``contact``; run as the caller.

        :param values: of the interaction; ``date`` is now where there is none
        :return: the interaction, as superuser
        """
        [case] = self._begin_step(*OPEN_STATES)
        moment = values.get("date") or fields.Datetime.now()
        channel = case.env["vip.channel"].browse(values["channel_id"])
        result = case.env["vip.interaction.result"].browse(values["result_id"])
        noted = case._noted_talk(channel, result, moment)
        # who called back was not tried, however the talk is described
        called_back = noted.purpose == "inbound" and noted.channel_id == channel
        is_ours = channel.code not in TALKED_TO and not called_back
        is_attempt = is_ours and (noted.is_attempt or case.state in TALKING)
        # it counts as what is said of it now
        noted.write({"purpose": "inbound", "is_attempt": False})
        if is_ours and (refusal := case._refusal_of_attempt(channel, moment)):
            raise UserError(refusal)
        values = {
            **values,
            "date": moment,
            "partner_id": case.partner_id.id,
            "user_id": self.env.uid,
            "purpose": "inbound" if called_back and channel.code not in TALKED_TO else "retention",
            "retention_case_id": case.id,
            "is_attempt": is_attempt,
            "is_noted_by_case": False,
        }
        if noted:
            noted.write(values)
        else:
            noted = noted.create(values)
        if noted.is_contact:
            case._reached(moment)
        case._log_contact(noted)
        return noted

    @api.model
    def _counting(self, partner):
        """The case in which contacts to keep this customer count: the open one, else the one that he finally
        refused while he still leaves; empty where there is none. Run as superuser."""
        cases = self.search([("partner_id", "=", partner.id)])
        is_open = cases.filtered(lambda case: case.state != CLOSED)
        talks = is_open.filtered(lambda case: case.state in TALKING)
        return (talks or is_open or cases._still_leaving())[:1]

    def _reached(self, moment):
        """The customer was spoken to: from now on his answer is due; run as superuser."""
        if self.state in TALKING and not self.first_contact_at:
            self.first_contact_at = moment
            if self.state != CONSIDERING:
                self._set_follow_up()
                if self.dispatched_at:
                    self._renew_tasks()

    def _log_contact(self, interaction):
        self._log("contacted", f"{interaction.channel_id.name}: {interaction.result_id.name}")

    def _check_message(self):
        """A message from the case to the customer is a contact as any other; run as superuser.

        :raise UserError: he has finally refused; or he was tried often enough
        """
        self._lock()
        if refusal := self._final_refusals().get(self):
            raise UserError(self._wrong_state_sentence(refusal))
        email = self.env.ref("vip_customer.channel_email")
        now = fields.Datetime.now()
        if self.state in OPEN_STATES and (refusal := self._refusal_of_attempt(email, now)):
            raise UserError(refusal)

    def _count_message(self, message):
        """What was sent to the customer counts, once; run as superuser after his timeline has it."""
        sent = self.env["vip.interaction"].search(
            [
                ("message_id", "=", message.id),
                ("purpose", "!=", "inbound"),
                ("retention_case_id", "=", False),
            ]
        )
        sent.write({"retention_case_id": self.id, "is_attempt": self.state in TALKING})
        for one in sent:
            # by who wrote it, whoever sends it
            self.with_user(one.user_id).sudo()._log_contact(one)

    def _refusal_of_attempt(self, channel, moment):
        """Why the customer may not be tried by this channel at this moment: he was often enough, in all or on
        that day; None where he may. Run as superuser."""
        if self.state == DOING:
            return None
        day = self.company_id._vip_local(moment).date()
        made = self.env["vip.interaction"].search(
            [
                ("retention_case_id", "=", self.id),
                ("purpose", "!=", "inbound"),
                ("channel_id.code", "not in", TALKED_TO),
            ]
        )
        of_day = made.filtered(lambda one: self.company_id._vip_local(one.date).date() == day)
        if of_day:
            return self._once_a_day_sentence(of_day[0].user_id, day)
        left = self._attempts_left()
        if self.state not in TALKING or KINDS.get(channel.code, TEXT) in left:
            return None
        return self.env._(
            "No more by %(channel)s in %(case)s: a customer who wants to leave is not pursued. "
            "There is still: %(left)s.",
            channel=channel.name,
            case=self.name,
            left=self._attempts_text(left) if left else self.env._("nothing"),
        )

    def _once_a_day_sentence(self, user, day):
        if day == self.company_id._vip_today():
            return self.env._(
                "%(user)s tried to reach the customer of %(case)s today already. Once a day is enough: "
                "try again tomorrow.",
                user=user.name,
                case=self.name,
            )
        return self.env._(
            "%(user)s tried to reach the customer of %(case)s on %(day)s already. Once a day is enough: "
            "enter the day on which this was.",
            user=user.name,
            case=self.name,
            day=format_date(self.env, day),
        )
