from datetime import date

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.vip_customer.tests.service_common import SHANGHAI, at

from .case_common import SECOND, RetentionCase


class ClockCase(RetentionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.no_user = cls.env["res.users"]

    def _due(self, case):
        return f"{case.deadline + SHANGHAI:%d %H:%M}"

    def _two(self, first="2026-03-12", second="2026-03-30", **values):
        """A case about two numbers, that leave on these days."""
        self.second = self._number(self.partner, SECOND)
        case = self._leaves(number_id=self.first.id, effective_on=first, **values)
        self._leaves(number_id=self.second.id, effective_on=second, **values)
        return case

    def _happens(self):
        self.Departure._take_effect_due(self.company)


@tagged("post_install", "-at_install", "vip_retention")
class TestClosingDate(ClockCase):
    """The day on which a number is to leave cuts what is due; nothing else does."""

    def test_a_number_that_left_is_no_reason_to_hurry(self):
        case = self._two()
        self.assertEqual(case.closing_date, date(2026, 3, 12))
        with at("2026-03-13 10:00"):
            self._happens()
            self.assertEqual((self.first.state, case.state), ("closed", "new"))
            self.assertEqual(case.closing_date, date(2026, 3, 30))
            case.action_consider()
        self.assertEqual(self._due(case), "17 10:00")

    def test_what_is_announced_without_a_day(self):
        case = self._two(second=False)
        with at("2026-03-13 10:00"):
            self._happens()
        self.assertFalse(case.closing_date)

    def test_a_closed_case_says_when_he_left(self):
        case = self._leaves(effective_on="2026-03-12")
        with at("2026-03-12 10:00"):
            self._happens()
        self.assertEqual((case.outcome, case.closing_date), ("no_answer", date(2026, 3, 12)))

    def test_who_stays_leaves_on_no_day(self):
        case = self._in_watch()
        self.assertFalse(case.closing_date)

    def test_a_suspension_is_no_leaving(self):
        """Announced or effective: the number stays, and so does the time to talk to him."""
        case = self._leaves(kind="suspension", effective_on="2026-03-11")
        self.assertEqual((case.closing_date, self._due(case)), (False, "11 10:00"))
        with at("2026-03-11 09:00"):
            self._happens()
            self.assertEqual(case.sudo().departure_ids.state, "effective")
            self.assertEqual((case.state, case.closing_date), ("new", False))
            case.action_consider()
        self.assertEqual(self._due(case), "13 09:00")


@tagged("post_install", "-at_install", "vip_retention")
class TestDoing(ClockCase):
    """What was promised is done before the number that he keeps closes."""

    def _accepted(self, moment="2026-03-10 15:00", **values):
        case = self._proposed(**values)
        with at(moment):
            case.action_accept()
        self.assertEqual(case.state, "doing")
        return case

    def test_before_the_closing_date(self):
        """Owner and lead know before midnight."""
        case = self._accepted(effective_on="2026-03-11")
        self.assertEqual(self._due(case), "10 18:30")
        for moment, who in (("17:30", set()), ("17:38", {("warning", "desk")})):
            with self.subTest(moment=moment), at(f"2026-03-10 {moment}"):
                self.Case._escalate(10)
                self.assertEqual(self._tasks_of(case) - {("case", "desk")}, who)
        with at("2026-03-10 18:30"):
            self.Case._escalate(10)
        self.assertIn(("escalation", "lead"), self._tasks_of(case))

    def test_accepted_after_work_on_the_last_day(self):
        case = self._accepted("2026-03-10 20:00", effective_on="2026-03-11")
        with at("2026-03-10 20:01"):
            self.Case._escalate(10)
        self.assertIn(("escalation", "lead"), self._tasks_of(case))

    def test_within_a_working_day(self):
        self.assertEqual(self._due(self._accepted()), "11 15:00")

    def test_the_date_moves(self):
        """Cut anew by an earlier day, never moved back by a later one."""
        case = self._accepted()
        departure = case.sudo().departure_id
        with at("2026-03-10 16:00"):
            departure.change_day("2026-03-11")
            self.assertEqual(self._due(case), "10 18:30")
            departure.change_day("2026-04-20")
            self.assertEqual(self._due(case), "10 18:30")

    def test_what_he_does_not_keep(self):
        """The number that he lets go is no reason to hurry."""
        case = self._two("2026-03-11", "2026-03-30")
        case.reason_id = self._ref("reason_t_fit")
        case.action_propose(self._ref("offer_plan_fit").id)
        with at("2026-03-10 15:00"):
            case.action_accept(self.second.ids)
            self.assertEqual(self._due(case), "11 15:00")
            case.sudo().departure_ids.filtered(lambda one: one.number_id == self.first).change_day(
                "2026-03-12"
            )
        self.assertEqual(self._due(case), "11 15:00")


@tagged("post_install", "-at_install", "vip_retention")
class TestNoTimeGained(ClockCase):
    """What is due stays due, whatever is clicked."""

    def _listed(self, **values):
        """The account manager owns it, and nobody talked to the customer yet; due on the 11th at 10:00."""
        return self._as("manager_a", self._leaves(source="list", user="boss", **values))

    def _reached(self, case):
        case.contact(
            self.env.ref("vip_customer.channel_phone").id,
            self.env.ref("vip_customer.interaction_result_reached").id,
        )

    def test_dispatched_to_who_has_it(self):
        case = self._listed()
        with (
            at("2026-03-10 15:00"),
            self.assertRaisesRegex(
                UserError, f"{case.name} is with .*manager_a.* already, who answers .* by .*11"
            ),
        ):
            case.action_dispatch()
        self.assertEqual((self._due(case), case.dispatched_by), ("11 10:00", self.no_user))
        self.assertEqual(self._tasks_of(case), {("case", "manager_a")})

    def test_dispatched_before_the_first_contact(self):
        """Who takes it over does not start from the beginning, and what was told stays told."""
        self._assign(self.partner, self.no_user, self.county)
        case = self._listed()
        with at("2026-03-11 10:00"):
            self.assertEqual(self.Case._escalate(10), 1)
            self._assign(self.partner, self.users["manager_b"], self.city)
            self._as("boss", case).action_dispatch()
        self.assertEqual(case.user_id, self.users["manager_b"])
        self.assertEqual((self._due(case), case.told_level), ("11 10:00", 2))

    def test_dispatched_after_the_first_contact(self):
        """The agent talked to him; the account manager has two working days."""
        case = self._leaves()
        with at("2026-03-10 15:00"):
            case.action_dispatch()
        self.assertEqual(self._due(case), "12 15:00")

    def test_dispatched_once_more(self):
        """Taken over and called in again: not a minute."""
        case = self._leaves()
        case.action_dispatch()
        with at("2026-03-11 10:00"):
            self._as("lead", case).action_take()
            self._as("lead", case).action_dispatch()
        self.assertEqual((case.user_id, self._due(case)), (self.users["manager_a"], "12 10:00"))
        self.assertEqual(self._tasks_of(case), {("case", "manager_a")})

    def test_thinks_about_it_again_and_again(self):
        case = self._proposed()
        case.action_consider()
        mine = self._as("manager_a", case)
        with at("2026-03-12 09:59"):
            self.Case._escalate(10)
            for _i in range(3):
                mine.action_consider()
            self.assertEqual((self._due(case), case.told_level), ("12 10:00", 1))
        self.assertEqual(self._log_of(case)[-3:], [("considering", "manager_a")] * 3)
        tasks = case.sudo().activity_ids.filtered(
            lambda task: task.activity_type_id == self._ref("mail_activity_type_case")
        )
        self.assertEqual(tasks.mapped("date_deadline"), [date(2026, 3, 12)], "one, on its day")

    def test_an_earlier_day_still_cuts_it(self):
        case = self._proposed()
        case.action_consider()
        case.sudo().departure_id.change_day("2026-03-11")
        self.assertEqual(self._due(case), "10 18:30")

    def test_thinks_about_it_in_the_first_contact(self):
        """His answer is the first contact: from it on there are two working days, and once."""
        case = self._listed()
        with at("2026-03-10 15:00"):
            case.action_consider()
            self.assertEqual((case.state, self._due(case)), ("considering", "12 15:00"))
            self.assertTrue(case.first_contact_at)
        with at("2026-03-11 15:00"):
            self._reached(case)
            case.action_consider()
        self.assertEqual(self._due(case), "12 15:00")

    def test_noon_is_for_the_first_contact(self):
        """Also where somebody was called in, as long as nobody talked to him."""
        self._assign(self.partner, self.no_user, self.county)
        case = self._listed()
        self._assign(self.partner, self.users["manager_b"], self.city)
        self._as("boss", case).action_dispatch()
        case.sudo().departure_id.change_day("2026-03-11")
        self.assertEqual(self._due(case), "10 12:00")


@tagged("post_install", "-at_install", "vip_retention")
class TestNobodyResponsible(ClockCase):
    """Zhao has no account manager, and his branch no lead: his answer is heard all the same."""

    def test_the_agent_goes_on(self):
        case = self._proposed(partner=self.plain)
        case.action_consider()
        self.assertEqual((case.state, case.user_id), ("considering", self.users["desk"]))
        self.assertEqual(self._due(case), "12 10:00")
        self.assertEqual(case.proposal_ids.answer, "considering")
        self.assertFalse(case.dispatched_at)
        self.assertEqual(
            self._tasks_of(case), {("case", "desk"), ("case", "boss"), ("case", "approver")}
        )
        asked = case.sudo().activity_ids.filtered(lambda one: one.user_id == self.users["boss"])
        self.assertTrue(asked.summary, "it says why")
        case.action_consider()
        self.assertEqual(len(case.sudo().activity_ids), 3)
        case.action_accept()
        self.assertEqual(case.state, "doing")

    def test_somebody_is_found(self):
        """Who is assigned has the case at once, and what asked for him is done."""
        case = self._proposed(partner=self.plain)
        case.action_consider()
        self._assign(self.plain, self.users["manager_b"], self.city)
        self.assertEqual(case.user_id, self.users["manager_b"])
        self.assertTrue(case.dispatched_at)
        self.assertEqual(self._tasks_of(case), {("case", "manager_b")})

    def test_nobodys_case(self):
        """Who hears his answer goes on."""
        case = self._leaves(self.plain, source="list", user="boss")
        self._as("desk", case).action_consider()
        self.assertEqual((case.state, case.user_id), ("considering", self.users["desk"]))

    def test_who_goes_on_is_not_asked_twice(self):
        case = self._leaves(self.plain, source="list", user="boss")
        case.action_consider()
        self.assertEqual(self._tasks_of(case), {("case", "boss"), ("case", "approver")})
        self.assertEqual(len(case.sudo().activity_ids), 2)
