from datetime import date

from odoo.tests import tagged

from odoo.addons.vip_customer.tests.service_common import SHANGHAI, at

from .case_common import SECOND, RetentionCase


class ClockCase(RetentionCase):
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
