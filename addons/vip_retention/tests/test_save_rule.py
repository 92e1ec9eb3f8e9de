"""The night's verdict in SQL and the pure Python rule agree, whatever numbers and bills did.

Every example tells the story of a few customers in watch: what their numbers did since, what was billed,
which months are complete. ``vip.retention.case._judge`` closes them, and is compared with
``save_rule.verdict`` of the same facts, gathered one by one.
"""

from datetime import date, timedelta
from unittest import skipIf

from dateutil.relativedelta import relativedelta

from odoo.tests import freeze_time, tagged
from odoo.tools import SQL

from odoo.addons.vip_customer.tests.common import VipCase

from ..tools.save_rule import Verdict, verdict

try:
    from hypothesis import HealthCheck, event, given, settings
    from hypothesis import strategies as st
except ImportError:  # the official image has no hypothesis; the skip says so in the log
    st = None

CUSTOMERS = 12
# Month ends, a leap day and the turn of a year: a day more or less is another month.
DAYS = [date(2024, 2, 29), date(2026, 1, 31), date(2026, 2, 1), date(2026, 12, 31)]
CLOSE, REOPEN, PASS = "close", "reopen", "pass"


def strategies():
    """Strategies for a customer in watch; days and months count from the last one of his watch."""
    near = st.sampled_from([0, 1, 0, 1, -1, 2])
    happening = st.tuples(
        near | st.integers(-40, 40), st.sampled_from([CLOSE, CLOSE, REOPEN, PASS])
    )
    number = st.fixed_dictionaries(
        {
            "is_kept": st.sampled_from([True, True, False]),
            "story": st.lists(happening, max_size=3, unique_by=lambda one: one[0]),
        }
    )
    bill = st.fixed_dictionaries(
        {
            "month": st.sampled_from([-1, 0, 0, 0, 1]),
            "number": st.integers(0, 2),  # 0: of no number
            "amount": st.sampled_from(["-10", "0", "0.01", "120"]),
        }
    )
    departure = st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["scheduled", "port_out", "arrears", "suspension"]),
            "state": st.sampled_from(["effective", "effective", "announced", "withdrawn"]),
            "day": near | st.integers(-40, 5),
        }
    )
    return st.fixed_dictionaries(
        {
            "last_day": st.sampled_from([0, 0, 0, -1, 1]),  # days from that of the example
            "days": st.sampled_from([30, 60, 90]),
            "numbers": st.lists(number, max_size=2),
            "bills": st.lists(
                bill, max_size=3, unique_by=lambda one: (one["month"], one["number"])
            ),
            "departures": st.lists(departure, max_size=2),
            "waits_for_bill": st.booleans(),
        }
    )


@tagged("post_install", "-at_install", "vip_retention")
@skipIf(st is None, "hypothesis is not installed: the property test of the save rule was left out")
class TestSaveRule(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.Case = cls.env["vip.retention.case"]
        cls.partners = cls.env["res.partner"].create(
            [{"name": f"Customer {i}"} for i in range(CUSTOMERS)]
        )
        cls.env["vip.membership"]._ensure(cls.partners.ids, cls.company)
        cls.env.flush_all()

    def test_sql_agrees_with_python(self):
        seen = set()

        @settings(
            max_examples=60,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(
            st.sampled_from(DAYS),
            st.sampled_from([0, 1, 1, 2, 31, 59, 60, 61, 62]),
            st.sets(st.sampled_from([-1, 0, 0, 1]), max_size=2),
            st.lists(strategies(), min_size=CUSTOMERS, max_size=CUSTOMERS),
        )
        def check(day, later, complete, stories):
            today = day + timedelta(days=later)
            complete = {_month(day, offset) for offset in complete}
            stories = [
                {**story, "last_day": day + timedelta(days=story["last_day"])} for story in stories
            ]
            savepoint = self.env.cr.savepoint(flush=False)
            try:
                with freeze_time(f"{today} 02:00:00"):  # 10:00 in Shanghai
                    seen.update(self._check_example(today, complete, stories))
            finally:
                savepoint.close(rollback=True)
                self.env.invalidate_all(flush=False)

        check()
        self.assertEqual(seen, set(Verdict), "every verdict came up")

    def _check_example(self, today, complete, stories):
        """:return: the verdicts that came up"""
        cases = [
            self._tell(partner, story, today)
            for partner, story in zip(self.partners, stories, strict=True)
        ]
        self.env["vip.billing.month"].create(
            [
                {"company_id": self.company.id, "month": month, "complete": True}
                for month in complete
            ]
        )
        self.Case._judge(self.company, CUSTOMERS)
        self.assertFalse(self.Case._judge(self.company, CUSTOMERS), "a second run changes nothing")
        self.env.invalidate_all()
        verdicts = set()
        for case_id, story in zip(cases, stories, strict=True):
            expected = self._verdict(story, today, complete)
            event(expected)
            verdicts.add(expected)
            case = self.Case.browse(case_id)
            self.assertEqual(
                (case.state, case.outcome, bool(case.waits_for_bill)),
                self._standing(expected, story),
                f"{expected} on {today}: {story}",
            )
            asked = bool(case.activity_ids) and case.told_level == 1
            self.assertEqual(asked, expected == Verdict.DECIDE, "a manager is asked then only")
        return verdicts

    @staticmethod
    def _standing(expected, story):
        """State, outcome and whether a bill is waited for, after a verdict."""
        match expected:
            case Verdict.SAVED:
                return ("closed", "saved", False)
            case Verdict.LOST:
                return ("closed", "lost_after_watch", False)
            case Verdict.WATCH:
                return ("watch", False, story["waits_for_bill"])
        return ("watch", False, True)

    # ------------------------------------------------------------
    # THE STORY IN THE DATABASE
    # ------------------------------------------------------------

    def _tell(self, partner, story, today):
        """Written with SQL: doors of the programme would follow each closing at once.

        :return: id of the case
        """
        last_day = story["last_day"]
        case_id = self._insert(
            "vip_retention_case",
            partner_id=partner.id,
            company_id=self.company.id,
            name=f"TEST-{partner.id}",
            source="list",
            state="watch",
            watch_from=last_day - timedelta(days=story["days"]),
            watch_until=last_day,
            waits_for_bill=story["waits_for_bill"],
            told_level=0,
            opened_at=last_day - timedelta(days=story["days"] + 1),
            value=0,
        )
        number_ids = []
        for i, number in enumerate(story["numbers"], start=1):
            closed_on, date_to = _row(number, last_day, today)
            number_ids.append(
                self._insert(
                    "vip_service_number",
                    partner_id=partner.id,
                    company_id=self.company.id,
                    number=f"{partner.id}-{i}",
                    state="closed" if closed_on else "active",
                    closed_on=closed_on,
                    date_to=date_to,
                )
            )
            for name in ("number", "kept") if number["is_kept"] else ("number",):
                table = SQL.identifier(f"vip_retention_case_{name}_rel")
                self.env.cr.execute(
                    SQL("INSERT INTO %s VALUES (%s, %s)", table, case_id, number_ids[-1])
                )
        for bill in story["bills"]:
            if bill["number"] <= len(number_ids):
                self._insert(
                    "vip_billing_fact",
                    partner_id=partner.id,
                    company_id=self.company.id,
                    number_id=number_ids[bill["number"] - 1] if bill["number"] else None,
                    month=_month(last_day, bill["month"]),
                    amount=bill["amount"],
                    arrears_suspensions=0,
                )
        for departure in _departures(story):
            self._insert(
                "vip_departure",
                partner_id=partner.id,
                company_id=self.company.id,
                source="list",
                **departure,
            )
        return case_id

    def _insert(self, table, **values):
        [[row_id]] = self.env.execute_query(
            SQL(
                "INSERT INTO %s (%s) VALUES %s RETURNING id",
                SQL.identifier(table),
                SQL(", ").join(map(SQL.identifier, values)),
                tuple(values.values()),
            )
        )
        return row_id

    # ------------------------------------------------------------
    # THE SAME FACTS, ONE BY ONE
    # ------------------------------------------------------------

    def _verdict(self, story, today, complete):
        last_day = story["last_day"]
        kept = [i for i, one in enumerate(story["numbers"], start=1) if one["is_kept"]]
        if kept:
            all_open = all(_is_open(story["numbers"][i - 1], last_day, today) for i in kept)
        else:
            first = last_day - timedelta(days=story["days"])
            all_open = not any(
                one["state"] == "effective"
                and one["kind"] != "suspension"
                and first <= one["effective_on"] <= last_day
                for one in _departures(story)
            )
        billed = any(
            bill["month"] == 0
            and float(bill["amount"]) > 0
            and bill["number"] <= len(story["numbers"])
            and (not kept or bill["number"] in kept)
            for bill in story["bills"]
        )
        return verdict(
            last_day=last_day,
            today=today,
            all_open=all_open,
            billed=billed,
            month_complete=_month(last_day) in complete,
        )


def _month(day, offset=0):
    return day.replace(day=1) + relativedelta(months=offset)


def _row(number, last_day, today):
    """The day on which a number closed, and the last one with its owner, as they stand today."""
    closed_on = date_to = None
    for offset, what in sorted(number["story"]):
        day = last_day + timedelta(days=offset)
        if day > today or date_to:
            break
        if what == PASS:
            date_to = day
        elif what == CLOSE:
            closed_on = closed_on or day
        else:
            closed_on = None
    return closed_on, date_to


def _is_open(number, last_day, today):
    """Whether the customer still has the number at the end of the day; ``closed_on`` is the first day
    without it, ``date_to`` the last one with it."""
    closed_on, date_to = _row(number, last_day, today)
    still = closed_on is None or last_day < closed_on
    return still and (date_to is None or last_day <= date_to)


def _departures(story):
    """Departures of the customer himself; one announced at most, as there can be."""
    told = []
    for one in story["departures"]:
        is_second = one["state"] == "announced" and any(d["state"] == "announced" for d in told)
        if not is_second:
            day = story["last_day"] + timedelta(days=one["day"])
            told.append({"kind": one["kind"], "state": one["state"], "effective_on": day})
    return told
