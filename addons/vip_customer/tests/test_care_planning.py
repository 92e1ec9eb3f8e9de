"""A year of care: planned once, on working days, and planned anew when things change."""

import random
from collections import Counter
from datetime import date, timedelta
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo.tests import freeze_time, tagged
from odoo.tools import SQL, mute_logger

from ..models import vip_care_touch
from ..tools import care_days
from .care_common import CareCase


@tagged("vip_care")
class TestCarePlanning(CareCase):
    # ------------------------------------------------------------
    # the year
    # ------------------------------------------------------------

    def test_year_of_a_new_diamond_customer(self):
        member = self._member("Wei", self.diamond)
        regular = self._touches(member, ("is_occasion", "=", False))
        by_channel = Counter(touch.channel_id.code for touch in regular)
        # from 10 March on: ten or nine calls, and so on
        self.assertIn(by_channel["phone"], (9, 10))
        self.assertIn(by_channel["visit"], (3, 4))
        self.assertTrue(all(touch.due_date >= self.today for touch in regular))
        self.assertTrue(all(touch.due_date.isoweekday() < 6 for touch in regular))
        self.assertEqual(set(regular.mapped("state")), {"planned"})

    def test_whole_year(self):
        """Planned from 1 January on, the numbers are those of the standard."""
        with freeze_time("2027-01-01 02:00:00"):
            members = {
                tier: self._member(tier.name, tier, joined_on="2020-06-15")
                for tier in (self.diamond, self.gold, self.silver)
            }
        for tier, count in ((self.diamond, 23), (self.gold, 16), (self.silver, 9)):
            with self.subTest(tier=tier.code):
                regular = self._touches(members[tier], ("is_occasion", "=", False))
                self.assertEqual(len(regular), count)

    def test_second_run_changes_nothing(self):
        for i, tier in enumerate((self.diamond, self.gold, self.silver)):
            self._member(f"Customer {i}", tier)
        self.assertEqual(self.Touch._plan(self.company), 0)
        self.Touch._look_after(self.company)
        activities = self.env["mail.activity"].search_count([])
        self.assertEqual(self.Touch._plan(self.company), 0)
        self.Touch._look_after(self.company)
        self.assertEqual(self.env["mail.activity"].search_count([]), activities)

    def test_next_year_from_december_on(self):
        member = self._member("Wei", self.silver)
        self.assertFalse(self._touches(member, ("slot", ">=", "2027-01-01")))
        with freeze_time("2026-12-01 02:00:00"):
            self.assertTrue(self.Touch._plan(self.company))
            regular = self._touches(
                member, ("slot", ">=", "2027-01-01"), ("is_occasion", "=", False)
            )
            self.assertEqual(len(regular), 9)
            self.assertEqual(self.Touch._plan(self.company), 0)

    def test_load_of_a_manager_is_even(self):
        with freeze_time("2027-01-01 02:00:00"):
            for i in range(60):
                self._member(f"Customer {i}", self.diamond)
        calls = self.Touch.search(
            [
                ("company_id", "=", self.company.id),
                ("channel_id.code", "=", "phone"),
                ("is_occasion", "=", False),
            ]
        )
        per_day = Counter(touch.due_date for touch in calls)
        self.assertEqual(len(calls), 720)
        self.assertGreater(len(per_day), 225)  # of 261 weekdays
        self.assertLessEqual(max(per_day.values()), 8)  # 2.8 on the average

    def test_rule_and_statement_agree(self):
        """Random plans, holidays, leaves and days: what is planned is what ``care_days`` says."""
        chance = random.Random(4)
        for turn in range(6):
            self.env["vip.care.step"].search([]).active = False
            steps = [
                self._step(self.gold, times=chance.choice((1, 2, 3, 5, 7, 12, 26, 52)))
                for _i in range(3)
            ]
            if turn % 2:
                day = date(2026, 1, 1) + timedelta(days=chance.randrange(300))
                last = day + timedelta(days=chance.randrange(40))
                manager = self.users["manager_a"] if chance.random() < 0.5 else None
                self._holiday(str(day), str(last), manager)
            today = date(2026, 1, 1) + timedelta(days=chance.randrange(300))
            members = [
                self._member(f"Customer {turn} {i}", manager=chance.choice(("manager_a", None)))
                for i in range(4)
            ]
            for member in members:
                member.sudo().write({"tier_id": self.gold.id})
            with self.subTest(turn=turn):
                self.Touch._plan(self.company, day=today)
                for member in members:
                    self.assertEqual(self._planned(member, steps), self._rule(member, steps, today))

    def _planned(self, member, steps):
        touches = self._touches(member, ("step_id", "in", [step.id for step in steps]))
        return {(touch.step_id.id, touch.slot): touch.due_date for touch in touches}

    def _rule(self, member, steps, today):
        days = self.Touch._working_days(
            self.company, date(2025, 11, 2), date(2027, 3, 1), SQL("TRUE")
        )
        working = days.get(member.manager_id.id, days[0])
        found = {}
        for step in steps:
            place = care_days.phase(member.partner_id.id, step.id)
            for first, last in care_days.slots(2026, step.times):
                due = care_days.regular_day(first, last, place, working)
                if due >= today:
                    found[step.id, first] = due
        keys = sorted(found)  # the one that is first here stays
        days = care_days.spread([found[key] for key in keys], (), working)
        return dict(zip(keys, days, strict=True))

    # ------------------------------------------------------------
    # days
    # ------------------------------------------------------------

    def test_touch_on_a_holiday(self):
        """A birthday on a holiday is called about on the next working day."""
        self._holiday("2026-05-01", "2026-05-05")
        member = self._member("Wei", birthday="1970-05-02")
        self._set_tier(member, self.diamond)
        birthday = self._touches(member, ("occasion_id.kind", "=", "birthday"))
        self.assertEqual(birthday.slot, date(2026, 5, 2))
        self.assertEqual(birthday.due_date, date(2026, 5, 6))

    @classmethod
    def _member(cls, name, tier=None, manager="manager_a", birthday=None, **values):
        member = super()._member(name, None, manager, **values)
        member.birthday = birthday
        if tier:
            cls._set_tier(member, tier)
        return member

    def test_29_february(self):
        member = self._member("Wei", self.diamond, birthday="1964-02-29")
        joined = self._member("Li", self.diamond, joined_on="2020-02-29")
        with freeze_time("2027-01-04 02:00:00"):
            self.Touch._plan(self.company)
        for kept, kind in ((member, "birthday"), (joined, "anniversary")):
            found = self._touches(
                kept, ("occasion_id.kind", "=", kind), ("slot", ">", "2027-01-01")
            )
            # 28 February 2027 is a Sunday
            self.assertEqual((found.slot, found.due_date), (date(2027, 2, 28), date(2027, 3, 1)))
        with freeze_time("2028-01-03 02:00:00"):
            self.Touch._plan(self.company)
            found = self._touches(
                member, ("occasion_id.kind", "=", "birthday"), ("slot", ">", "2028-01-01")
            )
            self.assertEqual(found.due_date, date(2028, 2, 29))

    def test_holiday_that_is_announced_later(self):
        member = self._member("Wei", self.diamond)
        touch = self._touches(member, ("is_occasion", "=", False))[0]
        with freeze_time(f"{touch.due_date - timedelta(days=3)} 02:00:00"):
            self._holiday(str(touch.due_date), str(touch.due_date))
            self.Touch._look_after(self.company)
            self.assertGreater(touch.due_date, touch.planned_date)
            self.assertNotIn(touch.due_date.isoweekday(), (6, 7))
            self.assertEqual(touch.activity_id.date_deadline, touch.due_date)

    def test_leave_of_the_manager(self):
        self._holiday("2026-03-11", "2026-04-10", self.users["manager_a"])
        away, here = (
            self._member("Wei", self.diamond),
            self._member("Li", self.diamond, "manager_b"),
        )
        days = self._touches(away).mapped("due_date")
        self.assertFalse([day for day in days if date(2026, 3, 11) <= day <= date(2026, 4, 10)])
        self.assertTrue(
            [d for d in self._touches(here).mapped("due_date") if d < date(2026, 4, 10)]
        )

    def test_nobody_has_a_calendar(self):
        """Without any calendar, Monday to Friday."""
        self.company.resource_calendar_id = False
        member = self._member("Wei", self.diamond)
        self.assertTrue(self._touches(member))
        self.assertTrue(all(touch.due_date.isoweekday() < 6 for touch in self._touches(member)))

    def test_customer_without_manager(self):
        """He is planned by the company's days; nobody gets a task."""
        member = self._member("Wei", self.diamond, manager=None)
        self.Touch._look_after(self.company)
        self.assertTrue(self._touches(member))
        self.assertFalse(self._touches(member).activity_id)

    # ------------------------------------------------------------
    # planning anew
    # ------------------------------------------------------------

    def test_welcome(self):
        member = self._member("Wei", self.diamond)
        welcome = self._touches(member, ("occasion_id.code", "=", "welcome"))
        # Tuesday 10 March, three working days
        self.assertEqual(welcome.due_date, date(2026, 3, 13))
        self.assertEqual(welcome.channel_id.code, "visit")

    def test_many_tiers_change(self):
        """A run over the book is not held up by planning it: what is due soon is planned at once, the year
        by the scheduled action."""
        waiting = [("cron_id", "=", self.env.ref("vip_customer.ir_cron_care").id)]
        triggers = self.env["ir.cron.trigger"].search_count
        before = triggers(waiting)
        with patch.object(vip_care_touch, "AT_ONCE", 0):
            member = self._member("Wei", self.diamond)
        self.assertTrue(self._touches(member, ("occasion_id.code", "=", "welcome")))
        self.assertFalse(self._touches(member, ("is_occasion", "=", False)))
        self.assertEqual(triggers(waiting), before + 1)
        self.Touch._plan(self.company)
        self.assertTrue(self._touches(member, ("is_occasion", "=", False)))
        self.assertEqual(self.Touch._plan(self.company), 0)

    def test_tier_changes(self):
        member = self._member("Wei", self.gold)
        self._set_tier(member, self.diamond)
        planned = self._touches(member, ("state", "=", "planned"))
        self.assertEqual(planned.tier_id, self.diamond)
        self.assertEqual(len(self._touches(member, ("occasion_id.code", "=", "tier_up"))), 1)
        with freeze_time("2026-06-01 02:00:00"):
            self._set_tier(member, self.silver, date(2026, 6, 1))
            planned = self._touches(member, ("due_date", ">=", "2026-06-01"))
            self.assertEqual(planned.tier_id, self.silver)
            # silver customers are told by an automatic text
            self.assertFalse(self._touches(member, ("occasion_id.code", "=", "tier_down")))
            past = self._touches(member, ("due_date", "<", "2026-06-01"))
            self.assertEqual(past.tier_id, self.diamond)

    def test_leaving(self):
        member = self._member("Wei", self.diamond)
        welcome = self._touches(member, ("occasion_id.code", "=", "welcome"))
        self.Touch._look_after(self.company)
        self.assertTrue(welcome.activity_id)
        with freeze_time("2026-03-16 02:00:00"):
            self._set_tier(member, None, date(2026, 3, 16))
            self.assertFalse(self._touches(member, ("state", "=", "planned")))
            self.assertEqual((welcome.state, welcome.reason), ("skipped", "left"))
            self.assertEqual(welcome.skipped_on, date(2026, 3, 16))
            self.assertFalse(welcome.activity_id.exists())

    def test_handover(self):
        member = self._member("Wei", self.gold)
        self.Touch._look_after(self.company)
        # after the introduction, whose day the holiday must not be
        later = (("is_occasion", "=", False), ("due_date", ">", "2026-03-20"))
        touch = self._touches(member, *later)[0]
        self._holiday(str(touch.due_date), str(touch.due_date), self.users["manager_b"])
        member.with_user(self.users["boss"]).assign(self.users["manager_b"].id, self.city.id)
        self.assertGreater(touch.due_date, touch.planned_date)
        introduction = self._touches(member, ("occasion_id.code", "=", "manager_new"))
        # within three working days, but he is welcomed on the third
        self.assertEqual(introduction.due_date, date(2026, 3, 16))
        self.assertFalse(
            self._touches(member).activity_id.filtered(
                lambda a: a.user_id == self.users["manager_a"]
            )
        )

    def test_birthday_corrected(self):
        member = self._member("Wei", self.diamond, birthday="1970-05-20")
        member.birthday = "1970-06-18"
        self.assertGreaterEqual(self.Touch._plan(self.company), 2, "one taken back, one added")
        birthday = self._touches(member, ("occasion_id.kind", "=", "birthday"))
        self.assertEqual(birthday.due_date, date(2026, 6, 18))
        self.assertEqual(self.Touch._plan(self.company), 0)

    def test_step_archived(self):
        member = self._member("Wei", self.diamond)
        visits = self.env.ref("vip_customer.care_step_diamond_visit")
        self.assertTrue(self._touches(member, ("step_id", "=", visits.id)))
        visits.active = False
        self.Touch._plan(self.company)
        self.assertFalse(self._touches(member, ("step_id", "=", visits.id)))

    def test_contract_end(self):
        member = self._member("Wei", number="13800138123")
        member.number_ids.contract_end = "2026-07-15"
        self._set_tier(member, self.gold)
        found = self._touches(member, ("occasion_id.code", "=", "contract_end"))
        # 90 and 30 days before
        self.assertEqual(found.mapped("due_date"), [date(2026, 4, 16), date(2026, 6, 15)])

    def test_benefits_about_to_lapse(self):
        member = self._member("Wei", self.gold)
        with freeze_time("2026-12-02 02:00:00"):  # 60 days before 31 January
            self.Touch._plan(self.company)
            found = self._touches(member, ("occasion_id.code", "=", "benefit_end"))
            self.assertEqual(len(found), 1)
            self.assertEqual(self.Touch._plan(self.company), 0)

    def test_tier_about_to_drop(self):
        poor, rich = self._member("Poor", self.gold), self._member("Rich", self.gold)
        for member, amount in ((poor, 10), (rich, 1200)):
            self._create_bills(
                member.partner_id, {date(2026, month, 1): amount for month in range(1, 12)}
            )
        self.policy.state = "draft"
        self.policy.window = "rolling"
        self.policy.state = "in_force"
        members = self.env["vip.membership"]
        members._renew_warnings(self.company)
        self.assertFalse(poor.tier_warning, "a year is left")
        with freeze_time("2026-12-02 02:00:00"):
            members._renew_warnings(self.company)
            self.assertEqual((poor.tier_warning, rich.tier_warning), (self.policy.date_to, False))
            self.Touch._plan(self.company)
            self.assertTrue(self._touches(poor, ("occasion_id.code", "=", "tier_warn")))
            self.assertFalse(self._touches(rich, ("occasion_id.code", "=", "tier_warn")))
            self.assertEqual(self.Touch._plan(self.company), 0)
            # he spends more: the warning is over
            self._create_bills(poor.partner_id, {date(2026, 12, 1): 100000})
        with freeze_time("2027-01-04 02:00:00"):
            members._renew_warnings(self.company)
            self.assertFalse(poor.tier_warning)

    # ------------------------------------------------------------
    # what speaks against a touch
    # ------------------------------------------------------------

    def test_do_not_disturb_for_a_time(self):
        member = self._member("Wei", self.diamond)
        near = self._touches(member, ("due_date", "<=", "2026-03-16"))
        self.assertTrue(near)
        member.with_user(self.users["manager_a"]).write(
            {"do_not_disturb": True, "do_not_disturb_until": "2026-03-16"}
        )
        self.assertEqual(set(near.mapped("reason")), {"do_not_disturb"})
        self.assertEqual(set(near.mapped("state")), {"skipped"})
        self.assertEqual(set(near.mapped("skipped_on")), {date(2026, 3, 10)})
        member.do_not_disturb = False
        self.assertEqual(set(near.mapped("state")), {"planned"})
        self.assertEqual(set(near.mapped("skipped_on")), {False})

    def test_do_not_disturb_from_a_day_on(self):
        member = self._member("Wei", self.diamond)
        welcome = self._touches(member, ("occasion_id.code", "=", "welcome"))
        self.assertEqual(welcome.due_date, date(2026, 3, 13))
        for first, state in (("2026-03-14", "planned"), ("2026-03-13", "skipped")):
            with self.subTest(first=first):
                member.write({"do_not_disturb": True, "do_not_disturb_from": first})
                self.assertEqual(welcome.state, state)
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            member.do_not_disturb_until = "2026-03-12"
            member.flush_recordset()

    def test_task_comes_back_with_the_touch(self):
        member = self._member("Wei", self.diamond)
        self.Touch._look_after(self.company)
        touch = self._touches(member, ("is_announced", "=", True))[0]
        task = touch.activity_id
        member.do_not_disturb = True
        self.assertFalse(task.exists())
        member.do_not_disturb = False
        self.assertEqual(touch.state, "planned")
        self.assertTrue(touch.activity_id, "somebody must know")

    def test_new_manager_where_nothing_is_planned(self):
        member = self._member("Wei", self.gold)
        self._touches(member).unlink()
        member._assign(self.users["manager_b"], self.city)
        self.assertEqual(self._touches(member).occasion_id.code, "manager_new")

    def test_new_manager_gets_a_task_for_what_the_old_one_put_aside(self):
        member = self._member("Wei", self.diamond)
        self.Touch._look_after(self.company)
        touch = self._touches(member, ("is_announced", "=", True))[0]
        touch.activity_id.unlink()
        self.Touch._look_after(self.company)
        self.assertFalse(touch.activity_id, "his own matter")
        member._assign(self.users["manager_b"], self.city)
        self.Touch._look_after(self.company)
        self.assertEqual(touch.activity_id.user_id, self.users["manager_b"])

    def test_overdue_comes_back(self):
        """Whoever leaves a customer in peace and takes it back has not done what was late."""
        member = self._member("Wei", self.diamond)
        days = ("2026-02-06", "2026-02-07", "2026-03-05")
        overdue = self._touches(member)[: len(days)]
        for touch, day in zip(overdue, days, strict=True):
            touch.write({"due_date": day, "state": "skipped", "reason": "do_not_disturb"})
        self._touches(member, ("id", "not in", overdue.ids)).unlink()
        self.Touch._look_after(self.company)
        self.assertEqual(overdue.mapped("state"), ["skipped", "missed", "planned"])
        self.assertTrue(overdue[2].activity_id)
        member.do_not_disturb = True
        self.assertEqual(overdue[2].reason, "do_not_disturb")
        member.do_not_disturb = False
        self.assertEqual((overdue[2].state, overdue[2].reason), ("planned", False))

    def test_customer_without_any_channel(self):
        member = self._member("Wei", self.diamond)
        member.partner_id.phone = False
        self.Touch._look_after(self.company)
        near = self._touches(member, ("due_date", "<=", "2026-03-16"))
        self.assertEqual(set(near.mapped("reason")), {"unreachable"})
        member.partner_id.email = "wei@example.com"
        self.Touch._look_after(self.company)
        self.assertEqual(set(near.mapped("state")), {"planned"})

    def test_opted_out_of_texts(self):
        member = self._member("Wei", self.silver)
        member.partner_id.country_id = self.env.ref("base.cn")
        texts = self._touches(member, ("channel_id.code", "=", "sms"))
        self.env["phone.blacklist"].create({"number": member.partner_id.phone_sanitized})
        self.Touch._look_after(self.company)
        near = texts.filtered(lambda t: t.due_date <= date(2026, 3, 24))
        self.assertTrue(near)
        self.assertEqual(set(near.mapped("reason")), {"opted_out"})

    def test_opted_out_with_a_service_number(self):
        member = self._member("Wei", self.silver, number="13800138123")
        number = member.number_ids
        self.assertTrue(number.number_e164)
        near = self._touches(
            member, ("channel_id.code", "=", "sms"), ("due_date", "<=", "2026-03-24")
        )
        self.env["phone.blacklist"].create({"number": number.number_e164})
        self.Touch._look_after(self.company)
        self.assertEqual(set(near.mapped("reason")), {"opted_out"})
        number.date_to = self.today
        self.Touch._look_after(self.company)
        self.assertEqual(set(near.mapped("state")), {"planned"}, "not his number any more")

    def test_missed(self):
        member = self._member("Wei", self.diamond)
        welcome = self._touches(member, ("occasion_id.code", "=", "welcome"))
        with freeze_time("2026-03-20 02:00:00"):
            self.Touch._look_after(self.company)
            self.assertEqual(welcome.state, "planned")
        with freeze_time("2026-03-21 02:00:00"):
            self.Touch._look_after(self.company)
            self.assertEqual(welcome.state, "missed")
            self.assertTrue(welcome.activity_id, "it stays visible")

    def test_one_customer_does_not_touch_the_others(self):
        """What somebody does for one customer must not write to everybody's touches."""
        members = [self._member(name, self.diamond) for name in ("Wei", "Li")]
        with freeze_time("2026-03-21 02:00:00"):
            members[0].no_greetings = True
            missed = [self._touches(m, ("state", "=", "missed")) for m in members]
            self.assertTrue(missed[0])
            self.assertFalse(missed[1])

    def test_night_keeps_what_is_done(self):
        """Each stage and each batch of tasks is kept, and nobody is left out when the time is over."""
        for i in range(3):
            self._member(f"Customer {i}", self.diamond)
        own = [("company_id", "=", self.company.id)]
        self.Touch.search([*own, ("is_occasion", "=", False)]).unlink()
        kept = []

        def commit(_cron, _processed=0, remaining=None):
            touches = self.Touch.search_count(own)
            kept.append((touches, self.Touch.search_count([*own, ("is_announced", "=", True)])))
            return 0

        with (
            patch.object(type(self.env["ir.cron"]), "_commit_progress", commit),
            patch.object(vip_care_touch, "BATCH", 2),
        ):
            self.Touch._cron_care()
        planned, announced = kept[-1]
        self.assertGreaterEqual(announced, 3)
        self.assertLess(kept[0][0], planned)
        self.assertIn((planned, 0), kept, "the year is kept before the tasks are made")
        for tasks in range(0, announced, 2):
            self.assertIn((planned, tasks), kept)

    def test_tasks_move_together(self):
        """A holiday that is announced late moves a day's tasks in one go."""
        for i in range(4):
            self._member(f"Customer {i}", self.diamond)
        self.Touch._look_after(self.company)
        welcome = self.Touch.search(
            [("company_id", "=", self.company.id), ("occasion_id.code", "=", "welcome")]
        )
        self.assertEqual(set(welcome.mapped("due_date")), {date(2026, 3, 13)})
        self._holiday("2026-03-13", "2026-03-13")
        Activity = type(self.env["mail.activity"])
        with patch.object(Activity, "write", autospec=True, side_effect=Activity.write) as write:
            self.Touch._look_after(self.company)
        self.assertEqual(set(welcome.activity_id.mapped("date_deadline")), {date(2026, 3, 16)})
        moves = [call for call in write.call_args_list if "date_deadline" in call.args[1]]
        days = [call.args[1]["date_deadline"] for call in moves]
        self.assertEqual(len(days), len(set(days)))

    def test_leave_of_many_managers(self):
        """Their days take as many queries as those of one."""
        managers = [self.users[f"manager_{letter}"] for letter in "abc"]
        for i, manager in enumerate(managers):
            self._member(f"Customer {i}")._assign(manager, self.city)

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            span = (date(2026, 3, 1), date(2026, 3, 31))
            days = self.Touch._working_days(self.company, *span, SQL("TRUE"))
            return self.env.cr.sql_log_count - before, days

        self._holiday("2026-03-12", "2026-03-12", managers[0])
        count()
        queries, days = count()
        self.assertEqual(set(days), {0, managers[0].id})
        for manager in managers[1:]:
            self._holiday("2026-03-12", "2026-03-13", manager)
        more, days = count()
        self.assertEqual(set(days), {0, *[manager.id for manager in managers]})
        self.assertEqual(more, queries)
        missing = [set(days[0]) - set(days[manager.id]) for manager in managers]
        self.assertEqual([len(each) for each in missing], [1, 2, 2])
