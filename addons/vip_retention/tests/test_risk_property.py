"""The assessment in SQL and the pure Python rule agree, whatever is known of a customer.

Every example tells what is known of a few customers: bills, numbers, requests, ratings, contacts, benefits,
touches, what was recorded. ``vip.membership._assess_risk`` assesses them, and is compared with
``tools/risk.py`` on the same facts, gathered one by one.
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from unittest import skipIf

from odoo.tests import freeze_time, tagged
from odoo.tools import SQL

from odoo.addons.vip_customer.tests.common import VipCase
from odoo.addons.vip_customer.tools.tier_rules import add_months

from ..tools import risk

try:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st
except ImportError:  # the official image has no hypothesis; the skip says so in the log
    st = None

CUSTOMERS = 8
# Month ends, a leap day and the turn of a year: a day more or less is another month.
DAYS = [date(2024, 2, 29), date(2026, 3, 31), date(2026, 3, 10), date(2027, 1, 1)]
SHANGHAI = timedelta(hours=8)
HOUR = timedelta(hours=1)
# Where windows and thresholds begin and end.
EDGES = [0, 1, 14, 15, 29, 30, 31, 60, 61, 89, 90, 91, 140, 141, 180, 181, 182, 184, 185, 186]


def strategies():
    """Strategies for one customer; days count back from today, months from this one."""
    ago = st.sampled_from(EDGES) | st.integers(0, 400)
    ahead = st.sampled_from([-1, 0, 1, 30, 31, 60, 61, 90, 91])
    bill = st.tuples(
        st.integers(0, 11),
        st.sampled_from(["-10", "0", "0.01", "49.99", "50", "70", "70.01", "100", "100", "100"]),
        st.sampled_from([0, 0, 0, 0, 1, 2]),
    )
    number = st.fixed_dictionaries(
        {
            "state": st.sampled_from(["active", "active", "suspended", "cancelling", "closed"]),
            "passed": st.sampled_from([False, False, False, True]),
            "ends": st.none() | ahead,
        }
    )
    request = st.fixed_dictionaries(
        {
            "is_complaint": st.booleans(),
            "cause": st.integers(0, 2),  # 0: none
            "state": st.sampled_from(["new", "doing", "closed", "closed", "cancelled"]),
            "opened": ago,
            "hour": st.integers(0, 23),
            "takes": st.sampled_from([1, 24, 48, 500]),
            "resolved": st.sampled_from([-1, 0, 1]),  # hours after the deadline
            "pause": st.none() | st.sampled_from([-1, 0, 1]),  # hours after the deadline
        }
    )
    right = st.fixed_dictionaries(
        {
            "from": st.sampled_from([0, 1, 242, 243, 244, 364, 365]),
            "period": st.sampled_from(["year", "year", "month", "once"]),
            "granted": st.sampled_from([0, 1, 5, 10]),
            "used": st.sampled_from([0, 0, 1, 2]),
            "value": st.sampled_from(["0", "10", "120.50"]),
            "unlimited": st.sampled_from([False, False, True]),
        }
    )
    return st.fixed_dictionaries(
        {
            "joined": st.none() | st.sampled_from([0, 20, 200, 240, 250, 280, 2000]),
            "is_gone": st.sampled_from([False] * 5 + [True]),
            "with_tier": st.sampled_from([True, True, False]),
            "warned": st.none() | st.sampled_from([-1, 0, 60, 61]),
            "contact": st.none() | ago,
            "bills": st.lists(bill, max_size=12, unique_by=lambda one: one[0]),
            "numbers": st.lists(number, max_size=3),
            "departures": st.lists(
                st.sampled_from(["announced", "withdrawn", "effective"]),
                max_size=3,
                unique_by=lambda one: one,
            ),
            "requests": st.lists(request, max_size=4),
            # of a contact, and when the customer himself answered to it
            "ratings": st.lists(
                st.tuples(ago, st.integers(1, 5), st.none() | ago),
                max_size=3,
                unique_by=lambda one: _rated(one),
            ),
            "rights": st.lists(right, max_size=3),
            "touches": st.lists(
                st.tuples(ago, st.sampled_from(["missed", "missed", "done", "planned"])),
                max_size=4,
                unique_by=lambda one: one[0],
            ),
            "issued": st.lists(
                st.tuples(
                    ago, st.integers(0, 23), st.sampled_from(["issued", "issued", "delivered"])
                ),
                max_size=3,
            ),
            "recorded": st.lists(
                st.tuples(
                    st.sampled_from(["port_query", "pulse"]),
                    st.sampled_from(EDGES),
                    st.sampled_from(["red", "amber", "green"]),
                ),
                max_size=4,
            ),
        }
    )


@tagged("post_install", "-at_install", "vip_risk")
@skipIf(st is None, "hypothesis is not installed: the property test of risk was left out")
class TestRiskProperty(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.Member = cls.env["vip.membership"]
        cls.partners = cls.env["res.partner"].create(
            [{"name": f"Customer {i}"} for i in range(CUSTOMERS)]
        )
        cls.env["vip.membership"]._ensure(cls.partners.ids, cls.company)
        cls.plan = cls.env["vip.care.plan"].search([("tier_id", "=", cls.gold.id)])
        cls.service = {
            True: cls.env.ref("vip_customer.service_type_complaint"),
            False: cls.env.ref("vip_customer.service_type_advice"),
        }
        cls.causes = cls.service[True].subtype_ids[:2]
        cls.kinds = {kind.code: kind.id for kind in cls.env["vip.risk.signal.type"].search([])}
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
            st.sets(st.integers(1, 5), max_size=4) | st.just({1}),
            st.none() | st.none() | st.integers(1, 9),
            st.lists(strategies(), min_size=CUSTOMERS, max_size=CUSTOMERS),
        )
        def check(today, complete, gap, stories):
            savepoint = self.env.cr.savepoint(flush=False)
            try:
                with freeze_time(f"{today} 02:00:00"):  # 10:00 in Shanghai
                    seen.update(self._check_example(today, complete, gap, stories))
            finally:
                savepoint.close(rollback=True)
                self.env.invalidate_all(flush=False)

        check()
        self.assertEqual(seen, set(self.kinds.values()), "every signal counted once at least")

    def _check_example(self, today, complete, gap, stories):
        """:return: the kinds of signals that counted"""
        for partner, story in zip(self.partners, stories, strict=True):
            self._tell(partner, story, today)
        months = {add_months(today, -n) for n in complete}
        told = months | {add_months(today, -n) for n in range(15) if n != gap}
        self.env["vip.billing.month"]._ensure(self.company, told)
        self.env["vip.billing.month"]._ensure(self.company, months, complete=True)
        self.Member._assess_risk(self.company)
        self.assertFalse(self.Member._assess_risk(self.company), "a second run changes nothing")
        self.env.invalidate_all()
        signals = self.env["vip.risk.signal.type"]._signals()
        now = datetime.combine(today, time(2))
        last = risk.last_complete_month(today, months)
        day = risk.Day(today, now, last, bool(last) and risk.has_gap(last, told))
        counted = set()
        for partner, story in zip(self.partners, stories, strict=True):
            member = partner.vip_membership_id
            if story["is_gone"]:
                self.assertEqual((member.risk_score, member.risk_level), (0, False))
                continue
            expected = risk.assess(self._facts(story, today), signals, day)
            found = {signal.type_id.id: signal.points for signal in member.risk_signal_ids}
            self.assertEqual(found, expected.points, f"{today}: {story}")
            self.assertEqual(set(member.risk_unknown or ()), expected.unknown, f"{today}: {story}")
            self.assertEqual(
                (member.risk_score, member.risk_level), (expected.score, expected.level)
            )
            counted.update(found)
        return counted

    # ------------------------------------------------------------
    # THE STORY IN THE DATABASE
    # ------------------------------------------------------------

    def _tell(self, partner, story, today):
        """Written with SQL: doors of the programme would assess each fact at once."""
        whose = {"partner_id": partner.id, "company_id": self.company.id}
        valid_until = _day(today, story["warned"], ahead=True)
        self.env.cr.execute(
            SQL(
                """UPDATE vip_membership
                      SET joined_on = %s, closed_on = %s, tier_id = %s, valid_until = %s,
                          tier_warning = %s, last_contact_on = %s
                    WHERE partner_id = %s""",
                _day(today, story["joined"]),
                today if story["is_gone"] else None,
                self.gold.id if story["with_tier"] else None,
                valid_until,
                valid_until,
                _day(today, story["contact"]),
                partner.id,
            )
        )
        for months, amount, arrears in story["bills"]:
            self._insert(
                "vip_billing_fact",
                **whose,
                month=add_months(today, -months),
                amount=amount,
                arrears_suspensions=arrears,
            )
        for i, number in enumerate(story["numbers"]):
            self._insert(
                "vip_service_number",
                **whose,
                number=f"{partner.id}-{i}",
                state=number["state"],
                closed_on=today if number["state"] == "closed" else None,
                date_to=today if number["passed"] else None,
                contract_end=_day(today, number["ends"], ahead=True),
            )
        for state in story["departures"]:
            self._insert(
                "vip_departure",
                **whose,
                kind="scheduled",
                source="list",
                state=state,
                requested_on=today,
                effective_on=today + timedelta(days=9),
            )
        for request in story["requests"]:
            self._tell_request(whose, request, today)
        for days, stars, answered in story["ratings"]:
            answer = None
            if answered is not None:
                answer = self._insert(
                    "rating_rating",
                    res_model_id=self.env["ir.model"]._get_id("vip.service.request"),
                    res_model="vip.service.request",
                    res_id=0,
                    rating=stars,
                    rated_on=_moment(today, answered, 10),
                    consumed=True,
                )
            self._insert(
                "vip_interaction",
                **whose,
                date=_moment(today, days, 10),
                channel_id=self.env.ref("vip_customer.channel_phone").id,
                result_id=self.env.ref("vip_customer.interaction_result_reached").id,
                purpose="courtesy",
                rating=str(stars),
                rating_id=answer,
            )
        self._tell_benefits(whose, story, today)
        for days, state in story["touches"]:
            self._insert(
                "vip_care_touch",
                **whose,
                step_id=self.plan.step_ids[0].id,
                tier_id=self.gold.id,
                channel_id=self.env.ref("vip_customer.channel_phone").id,
                state=state,
                slot=today - timedelta(days=days),
                planned_date=today - timedelta(days=days),
                due_date=today - timedelta(days=days),
            )
        for code, days, colour in story["recorded"]:
            self._insert(
                "vip_risk_signal",
                **whose,
                type_id=self.kinds[code],
                is_recorded=True,
                points=0,
                date=today - timedelta(days=days),
                colour=colour if code == "pulse" else None,
            )

    def _tell_request(self, whose, request, today):
        times = _times(request, today)
        request_id = self._insert(
            "vip_service_request",
            **whose,
            type_id=self.service[request["is_complaint"]].id,
            subtype_id=self.causes[request["cause"] - 1].id if request["cause"] else None,
            state=request["state"],
            severity="normal",
            opened_at=times["opened_at"],
            resolve_by=times["resolve_by"],
            resolved_at=times["resolved_at"],
            paused=bool(times["stood_from"]),
        )
        if times["stood_from"]:
            self._insert(
                "vip_service_pause",
                request_id=request_id,
                reason="customer",
                date_from=times["stood_from"],
                stops_clock=True,
            )

    def _tell_benefits(self, whose, story, today):
        benefits = self.env["vip.benefit"].search([], limit=3)
        entitlement_id = self._insert(
            "vip_entitlement",
            **whose,
            benefit_id=self.env["vip.benefit"].search([], offset=3, limit=1).id,
            period="once",
            when_exhausted="allow",
            date_from=date(2020, 1, 1),
            goodwill=0,
            granted=0,
            used=0,
            unit_value=0,
        )
        for benefit, right in zip(benefits, story["rights"], strict=False):
            first = today - timedelta(days=right["from"])
            self._insert(
                "vip_entitlement",
                **whose,
                benefit_id=benefit.id,
                period=right["period"],
                when_exhausted="allow",
                date_from=first,
                date_to=None if right["period"] == "once" else first + timedelta(days=364),
                goodwill=0,
                granted=right["granted"],
                used=right["used"],
                unit_value=right["value"],
                is_unlimited=right["unlimited"],
            )
        for days, hour, state in story["issued"]:
            self._insert(
                "vip_redemption",
                **whose,
                benefit_id=benefits[0].id,
                entitlement_id=entitlement_id,
                tier_id=self.gold.id,
                quantity=1,
                state=state,
                date=today,
                issued_on=_moment(today, days, hour),
            )

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

    def _facts(self, story, today):
        opened = [one for one in story["numbers"] if one["state"] != "closed" and not one["passed"]]
        recorded = {}
        # the later row of a day counts
        for code, days, colour in sorted(story["recorded"], key=lambda one: -one[1]):
            recorded[self.kinds[code]] = (today - timedelta(days=days), colour)
        warned = story["warned"] is not None and story["with_tier"]
        return risk.Customer(
            joined_on=_day(today, story["joined"]),
            departures=story["departures"].count("announced"),
            suspended=sum(one["state"] == "suspended" for one in opened),
            contract_ends=tuple(
                _day(today, one["ends"], ahead=True) for one in opened if one["ends"] is not None
            ),
            bills=tuple(
                risk.Bill(add_months(today, -months), Decimal(amount), arrears)
                for months, amount, arrears in story["bills"]
            ),
            requests=tuple(
                self._request(one, today)
                for one in story["requests"]
                if one["state"] != "cancelled"
            ),
            ratings=tuple(
                (today - timedelta(days=_rated(one)), one[1])
                for one in sorted(story["ratings"], key=_rated, reverse=True)
            ),
            last_contact_on=_day(today, story["contact"]),
            longest_interval=self.plan.longest_interval if story["with_tier"] else None,
            rights=tuple(
                risk.Right(
                    today - timedelta(days=right["from"]),
                    today - timedelta(days=right["from"] - 364),
                    right["granted"] * Decimal(right["value"]),
                    right["used"] * Decimal(right["value"]),
                )
                for right in story["rights"]
                if right["period"] == "year" and right["from"] <= 364 and not right["unlimited"]
                if right["granted"] * Decimal(right["value"]) > 0
            ),
            warned_until=_day(today, story["warned"], ahead=True) if warned else None,
            missed_on=tuple(
                today - timedelta(days=days)
                for days, state in story["touches"]
                if state == "missed"
            ),
            issued_on=tuple(
                today - timedelta(days=days)
                for days, _hour, state in story["issued"]
                if state == "issued"
            ),
            recorded=recorded,
        )

    def _request(self, request, today):
        times = _times(request, today)
        return risk.Request(
            is_complaint=request["is_complaint"],
            cause=request["cause"] or None,
            opened_on=(times["opened_at"] + SHANGHAI).date(),
            resolve_by=times["resolve_by"],
            resolved_at=times["resolved_at"],
            stood_from=times["stood_from"],
            due_on=(times["resolve_by"] + SHANGHAI).date(),
        )


def _day(today, days, ahead=False):
    if days is None:
        return None
    return today + timedelta(days=days) if ahead else today - timedelta(days=days)


def _moment(today, days, hour):
    """That hour of a day in Shanghai, in UTC."""
    return datetime.combine(today - timedelta(days=days), time(hour)) - SHANGHAI


def _rated(rating):
    """So many days ago."""
    days, _stars, answered = rating
    return days if answered is None else answered


def _times(request, today):
    """The moments of a request; a pause, where the clock of an open one stands."""
    opened_at = _moment(today, request["opened"], request["hour"])
    resolve_by = opened_at + request["takes"] * HOUR
    is_closed = request["state"] == "closed"
    paused = request["pause"] is not None and request["state"] in ("new", "doing")
    return {
        "opened_at": opened_at,
        "resolve_by": resolve_by,
        "resolved_at": resolve_by + request["resolved"] * HOUR if is_closed else None,
        "stood_from": resolve_by + request["pause"] * HOUR if paused else None,
    }
