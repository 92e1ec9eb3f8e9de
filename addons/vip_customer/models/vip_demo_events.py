from datetime import datetime, time, timedelta

from odoo import models
from odoo.fields import Command, Domain

# what the guests of the evening in the past did, in turn
PAST = ("attended", "attended", "no_show", "declined", "attended", "no_answer")
# and who is invited to the one to come
COMING = ("accepted", "invited", "accepted", "declined", "invited", "accepted")


class VipDemo(models.AbstractModel):
    """The club of the demo: an evening three weeks ago, one in twelve days with guests who answer and wait
    for seats, and one today with guests at the door."""

    _inherit = "vip.demo"  # pylint: disable=consider-merging-classes-inherited

    def _play_events(self, today):
        past = self._create_club_event("秋茶品鉴会（Tea evening）", today, -21, 8)
        guests = self._invite_demo(past, self._club_members(12))
        for number, guest in enumerate(guests):
            self._play_guest(guest, PAST[number % len(PAST)], number % 3 == 0)
        past.vip_actual_cost = 4680
        at_the_door = self._create_club_event("会员摄影展（Photo exhibition）", today, 0, 10)
        for number, guest in enumerate(self._invite_demo(at_the_door, self._club_members(6, 12))):
            self._play_guest(guest, "accepted", number % 2 == 0)
        coming = self._create_club_event("湖畔亲子音乐会（Concert by the lake）", today, 12, 5)
        for number, guest in enumerate(self._invite_demo(coming, self._club_members(14))):
            self._play_guest(guest, COMING[number % len(COMING)], number % 2 == 0)

    def _club_members(self, count, first=0):
        """Customers of the upper tiers, in an order of their own."""
        return self.env["vip.membership"].search(
            Domain("company_id", "=", self.env.company.id)
            & Domain("tier_id.code", "in", ("gold", "diamond"))
            & Domain("do_not_disturb", "=", False),
            order="id",
            offset=first,
            limit=count,
        )

    def _create_club_event(self, name, today, days, seats):
        """An event that many days from today, from 15:00 to 18:00 of the company's time."""
        begin = datetime.combine(today + timedelta(days=days), time(7))
        return self.env["event.event"].create(
            {
                "name": name,
                "vip_is_club": True,
                "company_id": self.env.company.id,
                "user_id": self._user("manager").id,
                "date_tz": "Asia/Shanghai",
                "date_begin": begin,
                "date_end": begin + timedelta(hours=3),
                "event_mail_ids": [Command.clear()],
                "vip_companions": 1,
                "vip_answer_until": begin - timedelta(days=2),
                "vip_budget": 6000,
                "vip_seat_ids": [
                    Command.create(
                        {"tier_id": self.env.ref(f"vip_customer.tier_{code}").id, "seats": n}
                    )
                    for code, n in (("diamond", seats), ("gold", seats), ("silver", 2))
                ],
            }
        )

    def _invite_demo(self, event, members):
        invitations = self.env["vip.event.invitation"].with_context(tracking_disable=True)
        return invitations.create(
            [
                {
                    "event_id": event.id,
                    "partner_id": member.partner_id.id,
                    "tier_id": member.tier_id.id,
                    "medium": "call",
                }
                for member in members
            ]
        )

    def _play_guest(self, guest, state, is_accompanied):
        """What a guest did, told afterwards: the answers of the past would be too late today."""
        if state in ("accepted", "attended", "no_show"):
            guest._accept(int(is_accompanied))
        if state == "declined":
            guest._step_back()
        if guest.state == "accepted" and state == "attended":
            guest._check_in(guest.companions)
            guest.interaction_id.date = guest.event_id.date_begin
            guest.checked_in_on = guest.event_id.date_begin
        elif (guest.state == "accepted" and state == "no_show") or state == "no_answer":
            guest.state = state
        if state != "invited":
            guest.answered_on = guest.event_id.vip_answer_until - timedelta(days=1)
