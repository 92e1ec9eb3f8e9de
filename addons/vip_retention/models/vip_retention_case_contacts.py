from collections import Counter

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_list

from .vip_retention_states import TALKING, WATCH

CALL, VISIT, TEXT = "call", "visit", "text"
# What a channel is to somebody who wants to leave.
KINDS = {"phone": CALL, "visit": VISIT, "sms": TEXT, "email": TEXT, "letter": TEXT}
# Reached or not, in one case, while the customer has not decided.
MOST_ATTEMPTS = {CALL: 3, VISIT: 1, TEXT: 1}


class VipRetentionCase(models.Model):
    """Contacts with a customer who wants to leave: few, and none after his final refusal.

    While he has not decided: three calls, one visit and one text, at most one of them a day. What he says
    when he comes or calls himself is no attempt of ours. In the watch he is asked how it is; that is no
    attempt to change his mind, and only the day's one contact is counted.
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
            if kind := KINDS.get(channel.code):
                made.setdefault(case.id, Counter())[kind] += count
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
        [case] = self._begin_step(*TALKING, WATCH)
        is_attempt = channel.code in KINDS
        if is_attempt:
            case._check_attempt(channel)
        interaction = case.env["vip.interaction"].create(
            {
                "partner_id": case.partner_id.id,
                "channel_id": channel.id,
                "result_id": result.id,
                "purpose": "retention",
                "summary": summary if isinstance(summary, str) else False,
                "user_id": self.env.uid,
                "retention_case_id": case.id,
                "is_attempt": is_attempt and case.state in TALKING,
            }
        )
        if interaction.is_contact and case.state in TALKING and not case.first_contact_at:
            case.first_contact_at = interaction.date
            case._set_follow_up()
        case._log_contact(interaction)
        return interaction.id

    def _log_contact(self, interaction):
        self._log("contacted", f"{interaction.channel_id.name}: {interaction.result_id.name}")

    def _check_message(self):
        """A message from the case to the customer is a contact as any other; run as superuser.

        :raise UserError: he has finally refused; or as ``_check_attempt``
        """
        if refusal := self._final_refusals().get(self):
            raise UserError(self._wrong_state_sentence(refusal))
        if self.state in (*TALKING, WATCH):
            self._check_attempt(self.env.ref("vip_customer.channel_email"))

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

    def _check_attempt(self, channel):
        """:raise UserError: the customer was tried often enough, in all or today"""
        today = self.company_id._vip_today()
        kinds = list(KINDS)
        latest = self.env["vip.interaction"].search(
            [("retention_case_id", "=", self.id), ("channel_id.code", "in", kinds)],
            order="date desc",
            limit=1,
        )
        if latest and self.company_id._vip_local(latest.date).date() == today:
            raise UserError(
                self.env._(
                    "%(user)s tried to reach the customer of %(case)s today already. Once a day is enough: "
                    "try again tomorrow.",
                    user=latest.user_id.name,
                    case=self.name,
                )
            )
        if self.state == WATCH:
            return
        left = self._attempts_left()
        if KINDS[channel.code] not in left:
            raise UserError(
                self.env._(
                    "No more by %(channel)s in %(case)s: a customer who wants to leave is not pursued. "
                    "There is still: %(left)s.",
                    channel=channel.name,
                    case=self.name,
                    left=self._attempts_text(left) if left else self.env._("nothing"),
                )
            )
