"""A club event and customers who are invited to it.

    event     2026-03-20 19:00-22:00 in Shanghai, answers until 2026-03-18 12:00, one companion
    tier      seats
    diamond   4
    gold      2

Today is 2026-03-10, 10:00. ``_guest`` makes a gold customer of manager_a in the city branch.
"""

from datetime import datetime, timedelta

from odoo.tests import freeze_time

from .common import VipCase


class EventCase(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.env["res.lang"]._activate_lang("zh_CN")
        for user in cls.users.values():
            user.lang = "en_US"
        cls.Invitation = cls.env["vip.event.invitation"]
        cls.event = cls._create_event()
        cls.diamond_seats, cls.gold_seats = (
            cls.event.vip_seat_ids.filtered(lambda line, tier=tier: line.tier_id == tier)
            for tier in (cls.diamond, cls.gold)
        )

    @classmethod
    def _create_event(cls, name="Tea evening", **values):
        return cls.env["event.event"].create(
            {
                "name": name,
                "vip_is_club": True,
                "company_id": cls.company.id,
                "date_tz": "Asia/Shanghai",
                "date_begin": cls._at("2026-03-20 19:00"),
                "date_end": cls._at("2026-03-20 22:00"),
                "vip_answer_until": cls._at("2026-03-18 12:00"),
                "vip_companions": 1,
                "event_mail_ids": [(5, 0, 0)],
                "vip_seat_ids": [
                    (0, 0, {"tier_id": cls.diamond.id, "seats": 4}),
                    (0, 0, {"tier_id": cls.gold.id, "seats": 2}),
                ],
                **values,
            }
        )

    @classmethod
    def _create_member(cls, name, tier=None, manager="manager_a", team=None, **values):
        partner = cls._create_customer(name, **{"lang": "en_US", **values})
        partner.vip_membership_id.write(
            {
                "tier_id": (tier or cls.gold).id,
                "manager_id": manager and cls.users[manager].id,
                "team_id": (team or cls.city).id,
            }
        )
        return partner

    @classmethod
    def _guest(cls, name="Guest", event=None, companions=None, **values):
        """A customer who is invited; with ``companions`` he has said yes."""
        partner = cls._create_member(name, **values)
        invitation = cls.Invitation.create(
            {
                "event_id": (event or cls.event).id,
                "partner_id": partner.id,
                "tier_id": partner.vip_tier_id.id,
            }
        )
        if companions is not None:
            invitation._answer(True, companions)
        return invitation

    @classmethod
    def _at(cls, moment):
        """The UTC moment of a clock in Shanghai."""
        return datetime.fromisoformat(moment) - timedelta(hours=8)

    def _on(self, moment):
        """The clock in Shanghai says so."""
        self.env.flush_all()
        return freeze_time(self._at(moment))

    def _seats(self, line, taken, waiting=0):
        """What is taken of a line, by the row, the invitations and Odoo's registrations."""
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual((line.taken, line.waiting), (taken, waiting))
        guests = self.Invitation.search([("seat_id", "=", line.id)])
        seated = guests.filtered(lambda guest: guest.state in ("accepted", "attended", "no_show"))
        self.assertEqual(sum(1 + guest.companions for guest in seated), taken)
        self.assertEqual(len(guests.filtered(lambda guest: guest.state == "waiting")), waiting)
        for guest in seated.filtered(lambda guest: guest.state == "accepted"):
            booked = guest.registration_ids.filtered(lambda seat: seat.state == "open")
            self.assertEqual(len(booked), 1 + guest.companions)
