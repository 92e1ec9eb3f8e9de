from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import SQL

from odoo.addons.vip_customer.models.vip_interaction_result import YES

from .vip_retention_case import HOTLINE, TALKED_TO
from .vip_retention_offer import DESK
from .vip_retention_states import TALKING

# What one person hears from one customer within so many hours is one talk.
TALK_HOURS = 2
# Days for which it is made good that a final refusal left its talk to the scheduled action.
LOOK_BACK = 7


class VipRetentionCase(models.Model):
    """Every talk is one contact on the customer's timeline, however often somebody clicks in it: his request
    to leave at the hotline or in the hall, and each of his answers. What the user noted by hand is that
    contact, and what was noted here is described by hand later (``contact``).

    At the hotline and in the hall, and wherever he speaks to the desk, he came to us. An account manager who
    was not called to such a talk called him: that is an attempt, unless there is none left, or was one today
    already; then he called back.
    """

    _inherit = "vip.retention.case"  # pylint: disable=consider-merging-classes-inherited

    def _answered(self):
        """The customers of these cases answer the user; run as superuser before anything follows from it."""
        self._note_talk()
        for case in self:
            case._reached(fields.Datetime.now())

    def _note_talk(self, source=None):
        """The user speaks to the customers of these cases; run as superuser. The programme itself speaks to
        nobody.

        :param source: where the customer said it, by default where the case began
        """
        if self.env.uid != SUPERUSER_ID:
            for case in self:
                case._note_talk_of(self.env.user, fields.Datetime.now(), source)

    def _note_talk_of(self, user, moment, source=None):
        if self._contacts_in_talk(user, moment):
            return
        came_by = source or self._came_by(user)
        channel = self.env.ref(
            f"vip_customer.channel_{came_by or 'phone'}", raise_if_not_found=False
        )
        result = channel and self.env["vip.interaction.result"]._usual(channel)
        if not result:
            return  # a company that talks by other ways notes it by hand
        is_ours = not came_by and not self._refusal_of_attempt(channel, moment)
        self.env["vip.interaction"].create(
            {
                "partner_id": self.partner_id.id,
                "date": moment,
                "channel_id": channel.id,
                "result_id": result.id,
                "purpose": "retention" if is_ours else "inbound",
                "user_id": user.id,
                "retention_case_id": self.id,
                "is_attempt": is_ours and self.state in TALKING,
                "is_noted_by_case": True,
            }
        )

    def _came_by(self, user):
        """By which channel the customer came to this user, None where the user called him."""
        is_talk = self.source in TALKED_TO
        is_same_talk = is_talk and user == self.opened_by and not self.dispatched_at
        if is_same_talk or self.with_user(user)._authority() == DESK:
            return self.source if is_talk else HOTLINE
        return None

    def _contacts_in_talk(self, user, moment):
        """The contacts in which the user spoke to the customer about that time, the latest first."""
        span = timedelta(hours=TALK_HOURS)
        return self.env["vip.interaction"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("user_id", "=", user.id),
                ("result_id.counts", "=", YES),
                ("date", ">=", moment - span),
                ("date", "<=", moment + span),
            ]
        )

    def _noted_talk(self, channel, result, moment):
        """The contact as which the case noted this talk, and of which the user says more now; empty where he
        notes another one. That somebody called the customer was a guess, that he came was none."""
        if result.counts != YES:
            return self.env["vip.interaction"]
        return self._contacts_in_talk(self.env.user, moment).filtered(
            lambda one: (
                one.retention_case_id == self
                and one.is_noted_by_case
                and (one.channel_id == channel or one.channel_id.code not in TALKED_TO)
            )
        )[:1]

    @api.model
    def _note_refusals(self):
        """Note the talks in which customers finally refused: a refusal itself does not wait for who holds
        the customer's timeline; run as superuser."""
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT l.case_id, l.user_id, l.date
                  FROM vip_retention_log l JOIN vip_retention_case c ON c.id = l.case_id
                 WHERE l.step = 'refused' AND l.user_id <> %(superuser)s AND l.date >= %(since)s
                   AND NOT EXISTS (
                       SELECT FROM vip_interaction i JOIN vip_interaction_result r ON r.id = i.result_id
                        WHERE i.partner_id = c.partner_id AND i.user_id = l.user_id
                          AND r.counts = 'yes'
                          AND i.date BETWEEN l.date - %(span)s AND l.date + %(span)s)
                 ORDER BY l.id
                """,
                superuser=SUPERUSER_ID,
                since=now - timedelta(days=LOOK_BACK),
                span=timedelta(hours=TALK_HOURS),
            )
        )
        for case_id, user_id, moment in rows:
            self.browse(case_id)._note_talk_of(self.env["res.users"].browse(user_id), moment)
