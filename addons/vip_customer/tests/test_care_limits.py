"""Nobody is contacted twice on one day, nor more than three times in one week (standard 4.3)."""

import random
from collections import Counter
from datetime import date, timedelta

from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from ..tools.care_days import A_WEEK, week
from .care_common import CareCase


@tagged("vip_care")
class TestCareLimits(CareCase):
    def assertWithinLimits(self, members):
        for member in members:
            touches = self._touches(member, ("state", "in", ("planned", "done")))
            days = Counter(touch.done_on or touch.due_date for touch in touches)
            weeks = Counter(week(touch.done_on or touch.due_date) for touch in touches)
            self.assertLessEqual(max(days.values(), default=0), 1)
            self.assertLessEqual(max(weeks.values(), default=0), A_WEEK)

    def test_full_weeks(self):
        """Twice a week and every second week fits; what does not goes on to where there is room."""
        self.env["vip.care.step"].search([]).active = False
        for times in (52, 52, 26):
            self._step(self.gold, times=times)
        with freeze_time("2027-01-01 02:00:00"):
            members = [self._member(f"Customer {i}", self.gold) for i in range(10)]
        self.assertWithinLimits(members)
        self.assertEqual(len(self._touches(members[0])), 130)

    def test_year_and_whatever_happens_in_it(self):
        chance = random.Random(4)
        tiers = (self.diamond, self.gold, self.silver)
        members = [
            self._member(
                f"Customer {i}",
                joined_on=str(date(2015, 1, 1) + timedelta(days=chance.randrange(4000))),
                number=f"138001381{i:02}",
            )
            for i in range(8)
        ]
        for member in members:
            member.birthday = date(1970, 1, 1) + timedelta(days=chance.randrange(4000))
            member.number_ids.contract_end = date(2026, 5, 1) + timedelta(chance.randrange(200))
            self._set_tier(member, chance.choice(tiers))
        self.assertWithinLimits(members)
        today = self.today
        while today < date(2026, 9, 1):
            today += timedelta(days=chance.randrange(5, 25))
            with freeze_time(f"{today} 02:00:00"), self.subTest(today=today):
                self._something_happens(chance, chance.choice(members), today, tiers)
                self.Touch._plan(self.company)
                self.Touch._look_after(self.company)
                self.assertWithinLimits(members)
                self.assertEqual(self.Touch._plan(self.company), 0)

    def _something_happens(self, chance, member, today, tiers):
        what = chance.randrange(6)
        if what == 0:
            self._set_tier(member, chance.choice([*tiers, None]), today)
        elif what == 1:
            member._assign(self.users[chance.choice(("manager_a", "manager_b"))], self.city)
        elif what == 2:
            day = today + timedelta(days=chance.randrange(1, 15))
            manager = self.users["manager_a"] if chance.random() < 0.5 else None
            self._holiday(str(day), str(day + timedelta(days=chance.randrange(10))), manager)
        elif what == 3:
            member.birthday = date(1970, 1, 1) + timedelta(days=chance.randrange(4000))
        elif what == 4:
            self._contact(member, chance.choice(("phone", "visit", "sms")), day=today)
        elif touch := self._touches(member, ("state", "=", "planned"), ("due_date", ">=", today))[
            :1
        ]:
            try:
                touch.postpone(today + timedelta(days=chance.randrange(10)), "Abroad")
            except UserError as refusal:
                self.assertRegex(str(refusal), "with room is|put off beyond")

    def test_occasion_keeps_its_day(self):
        """The regular touch gives way to a birthday on its day, and its task moves along."""
        member = self._member("Wei", self.diamond)
        self.Touch._look_after(self.company)
        regular = self._touches(
            member,
            ("is_occasion", "=", False),
            ("due_date", ">", self.today),
        )[0]
        with freeze_time(f"{regular.due_date - timedelta(days=4)} 02:00:00"):
            self.Touch._look_after(self.company)
            self.assertTrue(regular.activity_id)
            day = regular.due_date
            member.birthday = day.replace(year=1970)
            self.Touch._plan(self.company)
            birthday = self._touches(member, ("occasion_id.kind", "=", "birthday"))
            self.assertEqual(birthday.due_date, day)
            self.assertGreater(regular.due_date, day)
            self.assertEqual(regular.activity_id.date_deadline, regular.due_date)

    # ------------------------------------------------------------
    # postponing
    # ------------------------------------------------------------

    def _touch(self, member, due, **values):
        return self.Touch.create(
            {
                "partner_id": member.partner_id.id,
                "company_id": self.company.id,
                "step_id": self.env.ref("vip_customer.care_step_diamond_phone").id,
                "tier_id": self.diamond.id,
                "channel_id": self.channels["phone"].id,
                "slot": due,
                "planned_date": due,
                "due_date": due,
                "state": "planned",
                **values,
            }
        )

    def test_postponing_to_a_day_that_is_taken(self):
        member = self._member("Wei")
        own = self._touch(member, "2026-03-10").with_user(self.users["manager_a"])
        self._touch(member, "2026-03-13")
        sentence = r"is contacted on .* already .*The next day with room is (03/16/2026|.*16.*)"
        with self.assertRaisesRegex(UserError, sentence):
            own.postpone("2026-03-13", "Abroad")
        own.postpone("2026-03-16", "Abroad")

    def test_postponing_into_a_full_week(self):
        member = self._member("Wei")
        own = self._touch(member, "2026-03-10").with_user(self.users["manager_a"])
        for day in ("2026-03-16", "2026-03-17"):
            self._touch(member, day)
        self._touch(member, "2026-03-11", state="done", done_on="2026-03-18")
        with self.assertRaisesRegex(UserError, "3 times in the week of .*23"):
            own.postpone("2026-03-20", "Abroad")
        own.postpone("2026-03-23", "Abroad")

    # ------------------------------------------------------------
    # contacts beyond the plan
    # ------------------------------------------------------------

    def test_postponing_to_a_day_with_a_contact(self):
        member = self._member("Wei")
        own = self._touch(member, "2026-03-18").with_user(self.users["manager_a"])
        self._contact(member, purpose="inbound")
        own.postpone("2026-03-10", "He called himself")
        own.postpone("2026-03-18", "Later")
        self._contact(member)
        with self.assertRaisesRegex(UserError, r"is contacted on .* already \(Phone call, "):
            own.postpone("2026-03-10", "Now")
        self._contact(member, day="2026-03-09")
        own.postpone("2026-03-12", "Third this week")
        own.sudo().due_date = "2026-03-18"
        self._touch(member, "2026-03-13")
        with self.assertRaisesRegex(UserError, "3 times in the week"):
            own.postpone("2026-03-12", "Fourth this week")

    def test_planning_around_contacts(self):
        """Called today and yesterday: one touch of the occasions of this week has room."""
        member = self._member("Wei")
        for day in ("2026-03-09", "2026-03-10"):
            self._contact(member, day=day)
        self._contact(member, day="2026-03-08")  # last week
        steps = self.env["vip.care.step"].search([])
        steps.active = False
        for kind in ("welcome", "manager_new"):
            occasion = self.env["vip.occasion"].search([("kind", "=", kind)], limit=1)
            self._step(self.gold, kind="occasion", occasion_id=occasion.id, within_days=2)
        self._set_tier(member, self.gold)
        member._assign(self.users["manager_b"], self.city)
        days = sorted(self._touches(member).mapped("due_date"))
        self.assertEqual(days, [date(2026, 3, 12), date(2026, 3, 16)])
        self.assertEqual(self.Touch._plan(self.company), 0)
