"""Each family of figures in a small month made by hand, with the number that a pencil gives.

The month is January 2026, in Shanghai: it is over at 16:00 UTC of the 31st. Today is 2026-03-10.
"""

from odoo.tests import freeze_time, tagged
from odoo.tools import SQL

from .test_kpi_month import KpiCase

# the last second of the month, and the first one after it
LAST, AFTER = "2026-01-31 15:59:59", "2026-01-31 16:00:00"


@tagged("post_install", "-at_install", "vip_kpi")
class TestKpiValues(KpiCase):
    def _row(self, table, **values):
        """A row as it would be by now: doors give only those of today."""
        [[row_id]] = self.env.execute_query(
            SQL(
                "INSERT INTO %s (%s) VALUES %s RETURNING id",
                SQL.identifier(table),
                SQL(", ").join(map(SQL.identifier, values)),
                tuple(values.values()),
            )
        )
        return row_id

    def _set(self, table, row_id, **values):
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET %s WHERE id = %s",
                SQL.identifier(table),
                SQL(", ").join(
                    SQL("%s = %s", SQL.identifier(name), value) for name, value in values.items()
                ),
                row_id,
            )
        )
        self.env.invalidate_all()

    def _of(self, month, *names):
        """Sums of the month over the whole company."""
        return self.Report._read_group(
            [("month_id", "=", month.id)],
            [],
            [name if ":" in name else f"{name}:sum" for name in names],
        )[0]

    # ------------------------------------------------------------
    # service
    # ------------------------------------------------------------

    def _request(
        self, partner, resolve_by, resolved_at=None, state="closed", opened_at="2026-01-02 02:00:00"
    ):
        request = (
            self.env["vip.service.request"]
            .with_user(self.users["desk"])
            .create(
                {
                    "partner_id": partner.id,
                    "type_id": self.env.ref("vip_customer.service_type_advice").id,
                    "channel_id": self.env.ref("vip_customer.channel_hotline").id,
                }
            )
        )
        self._set(
            "vip_service_request",
            request.id,
            opened_at=opened_at,
            resolve_by=resolve_by,
            resolved_at=resolved_at,
            state=state,
        )
        return request.sudo()

    def _pause(
        self, request, date_from, date_to, stops_clock=True, reason="answer", resolve_by=None
    ):
        self._row(
            "vip_service_pause",
            request_id=request.id,
            partner_id=request.partner_id.id,
            company_id=self.company.id,
            reason=reason,
            resolve_by=resolve_by,
            stops_clock=stops_clock,
            date_from=date_from,
            date_to=date_to,
        )

    def test_requests(self):
        """Five are due, three in time; one is paused at the end; a cancelled one and one of February do not
        count."""
        li = self._join("Li")
        self._request(li, "2026-01-10 08:00:00", "2026-01-10 08:00:00")
        self._request(li, LAST, "2026-01-20 08:00:00")
        self._request(li, "2026-01-10 08:00:00", "2026-01-10 08:00:01")  # late
        self._request(li, "2026-01-12 08:00:00", state="doing")  # never
        self._request(li, "2026-01-10 08:00:00", state="cancelled")
        self._request(li, AFTER, "2026-01-20 08:00:00")
        paused = self._request(li, "2026-01-15 08:00:00", state="doing")
        self._pause(paused, "2026-01-14 08:00:00", AFTER)
        went_on = self._request(li, "2026-01-16 08:00:00", "2026-01-16 07:00:00")
        self._pause(went_on, "2026-01-14 08:00:00", "2026-01-15 08:00:00")
        month = self._month()
        self.assertEqual(
            self._of(month, "requests_due", "requests_on_time", "requests_paused"), (5, 3, 1)
        )
        [rate] = self._of(month, "service_rate:avg")
        self.assertAlmostEqual(rate, 3 / 5)

    def test_requests_opened_again(self):
        """Resolved in time in January and opened again in February: January says so whenever it is computed,
        and February has it with its new time."""
        li = self._join("Li")
        request = self._request(li, "2026-02-10 08:00:00", state="doing")
        self._pause(
            request,
            "2026-01-10 08:00:00",
            "2026-02-02 08:00:00",
            reason="closed",
            resolve_by="2026-01-12 08:00:00",
        )
        # what was paused at the end, and went on in February, was due in January
        other = self._request(li, "2026-02-11 08:00:00", state="doing")
        self._pause(
            other, "2026-01-30 08:00:00", "2026-02-03 08:00:00", resolve_by="2026-01-30 09:00:00"
        )
        names = ("requests_due", "requests_on_time", "requests_paused")
        self.assertEqual(self._of(self._month(), *names), (1, 1, 1))
        self.assertEqual(self._of(self._month("2026-02-01"), *names), (2, 0, 0))

    def test_requests_of_who_left(self):
        """His request is due after he left: it is late all the same, for who had him last. What he asks for
        without a tier is no figure of the programme."""
        li, wang = self._join("Li"), self._join("Wang", manager="manager_b")
        before = {"state": "doing", "opened_at": "2025-12-15 02:00:00"}
        self._request(li, "2026-01-10 08:00:00", **before)
        former = self._join("Zhao")
        self._request(former, "2026-01-10 08:00:00", **before)
        self._move(former, self.env["vip.tier"], "2025-11-01")
        self._close(li, "2025-12-20")
        month = self._month()
        self.assertEqual(self._of(month, "requests_due", "requests_on_time", "closing"), (1, 0, 1))
        fact = self._fact(li, month)
        self.assertEqual(fact.manager_id, self.users["manager_a"])
        self.assertEqual(self._figures(li, month), set())
        self.assertFalse(month.sudo()._mismatch())
        month.action_freeze()
        self.assertTrue(self._fact(wang, month).closing)
        self.assertFalse(self._fact(former, month))

    def test_ratings(self):
        """Answers of the month: 5 and 4 are good, 3 is not. An answer to a request that is noted on the
        contact too counts once."""
        li = self._join("Li")
        request = self._request(li, "2026-01-10 08:00:00", "2026-01-10 08:00:00")
        model = self.env["ir.model"]._get_id("vip.service.request")
        for value, moment in ((5, LAST), (3, "2026-01-05 08:00:00"), (5, AFTER)):
            rating = self.env["rating.rating"].create(
                {
                    "res_model_id": model,
                    "res_id": request.id,
                    "partner_id": li.id,
                    "rating": value,
                    "consumed": True,
                }
            )
            self._set("rating_rating", rating.id, rated_on=moment)
        noted, own = (
            self.env["vip.interaction"].create(
                {
                    "partner_id": li.id,
                    "channel_id": self.env.ref("vip_customer.channel_phone").id,
                    "result_id": self.env.ref("vip_customer.interaction_result_reached").id,
                    "date": "2026-01-11 02:00:00",
                    "rating": value,
                }
            )
            for value in ("3", "4")
        )
        # the request was opened again since, and closed with another contact
        noted.rating_id = rating
        self.assertTrue(own)
        month = self._month()
        self.assertEqual(self._of(month, "ratings", "ratings_good"), (3, 2))
        self.assertAlmostEqual(self._of(month, "satisfaction:avg")[0], 2 / 3)

    # ------------------------------------------------------------
    # contacts
    # ------------------------------------------------------------

    def test_reached(self):
        """Gold customers are contacted every 70 days: 69 days before the end is reached, 71 is not. What is
        no contact does not count, nor what comes after the end, nor who is not counted then."""
        reached, before, nobody, after, lost = (
            self._join(name) for name in ("Li", "Wang", "Zhao", "Qian", "Sun")
        )
        self.env["vip.care.plan"].search([("tier_id", "=", self.gold.id)]).longest_interval = 70
        result = "vip_customer.interaction_result_"
        for partner, day, code in (
            (reached, "2025-11-24 02:00:00", "reached"),
            (before, "2025-11-21 02:00:00", "reached"),
            (nobody, "2026-01-20 02:00:00", "no_answer"),
            (after, AFTER, "reached"),
            (lost, "2026-01-10 02:00:00", "reached"),
        ):
            self.env["vip.interaction"].create(
                {
                    "partner_id": partner.id,
                    "channel_id": self.env.ref("vip_customer.channel_phone").id,
                    "result_id": self.env.ref(result + code).id,
                    "date": day,
                }
            )
        self._close(lost, "2026-01-20")
        month = self._month()
        self.assertEqual(self._of(month, "reached", "closing"), (1, 4))
        self.assertAlmostEqual(self._of(month, "reached_rate:avg")[0], 1 / 4)
        self.assertEqual(self._fact(reached, month).reached, 1)

    # ------------------------------------------------------------
    # retention
    # ------------------------------------------------------------

    def _case(
        self,
        name,
        outcome=None,
        closed_at=None,
        offers=(),
        source="list",
        opened_at="2026-01-05 02:00:00",
    ):
        partner = self._join(name)
        with freeze_time("2026-01-05 02:00:00"):
            case = (
                self.env["vip.departure"]
                .create({"partner_id": partner.id, "source": "list", "effective_on": "2026-06-30"})
                .case_id
            )
        for answer, answered_at, cost in offers:
            self._row(
                "vip_retention_proposal",
                case_id=case.id,
                partner_id=partner.id,
                company_id=self.company.id,
                offer_id=self.env.ref("vip_retention.offer_explain").id,
                proposed_by=self.env.uid,
                proposed_at="2026-01-06 02:00:00",
                approval="not_needed",
                answer=answer,
                answered_at=answered_at,
                cost=cost,
            )
        values = {"opened_at": opened_at, "source": source}
        if outcome:
            values |= {"state": "closed", "outcome": outcome, "closed_at": closed_at}
        if source == "risk":
            values["departure_id"] = None
        self._set("vip_retention_case", case.id, **values)
        return partner

    def test_cases(self):
        """Two saved of five decided; taken back, by risk alone, open and of February are out. Two accepted of
        three who were offered something in the month; 130 for two saves."""
        day = "2026-01-20 02:00:00"
        self._case("A", "saved", day, [("accepted", "2026-01-10 02:00:00", 100)])
        self._case("B", "saved", LAST)
        self._case("C", "refused", day, [("refused", "2026-01-12 02:00:00", 500)])
        self._case("D", "no_answer", day)
        self._case(
            "E",
            "lost_after_watch",
            day,
            [("refused", "2026-01-08 02:00:00", 7), ("accepted", LAST, 30)],
        )
        self._case("F", "withdrawn", day)
        self._case("G", "saved", AFTER, [("accepted", AFTER, 1000)])
        self._case("H")
        self._case("I", "saved", day, source="risk")
        month = self._month()
        self.assertEqual(
            self._of(
                month,
                "cases_saved",
                "cases_decided",
                "cases_withdrawn",
                "cases_open",
                "cases_at_risk",
                "cases_offered",
                "cases_accepted",
                "cases_cost",
            ),
            (2, 5, 1, 2, 1, 3, 2, 130),
        )
        save, accept, cost = self._of(
            month, "save_rate:avg", "acceptance_rate:avg", "cost_per_save:avg"
        )
        self.assertAlmostEqual(save, 2 / 5)
        self.assertAlmostEqual(accept, 2 / 3)
        self.assertAlmostEqual(cost, 65)

    def test_case_of_who_left_before(self):
        """His number closed in December, and the watch ended in January: he is lost after all in January, for
        who had him last. One saved of two, and 30 + 240 for one save."""
        day = "2026-01-20 02:00:00"
        self._case("A", "saved", day, [("accepted", "2026-01-10 02:00:00", 30)])
        lost = self._case(
            "B",
            "lost_after_watch",
            day,
            [("accepted", "2025-11-20 02:00:00", 240)],
            opened_at="2025-11-18 02:00:00",
        )
        self._close(lost, "2025-12-10")
        month = self._month()
        self.assertEqual(self._of(month, "cases_saved", "cases_decided", "closing"), (1, 2, 1))
        save, cost = self._of(month, "save_rate:avg", "cost_per_save:avg")
        self.assertAlmostEqual(save, 1 / 2)
        self.assertAlmostEqual(cost, 270)
        self.assertEqual(self._fact(lost, month).manager_id, self.users["manager_a"])
        self.assertFalse(month.sudo()._mismatch())

    def test_answered_again_later(self):
        """Refused in January and accepted in February: January was refused, whenever it is computed."""
        self._case(
            "A",
            offers=[
                ("refused", "2026-01-20 02:00:00", 0),
                ("accepted", "2026-02-03 02:00:00", 50),
            ],
        )
        names = ("cases_offered", "cases_accepted")
        self.assertEqual(self._of(self._month(), *names), (1, 0))
        self.assertEqual(self._of(self._month("2026-02-01"), *names), (1, 1))

    # ------------------------------------------------------------
    # benefits, services, profile
    # ------------------------------------------------------------

    def test_benefits(self):
        """Granted 4 of 100 and used 2 by the end of January, one of them in January; what is unlimited, of
        another period, cancelled or later does not count."""
        li = self._join("Li")
        before = self._month()
        names = ("redemptions", "redemption_value", "benefit_used", "benefit_granted")
        none = self._of(before, *names)
        before.unlink()
        row = {
            "partner_id": li.id,
            "company_id": self.company.id,
            "benefit_id": self.env["vip.benefit"].search([], limit=1).id,
        }
        line = {
            **row,
            "goodwill": 0,
            "used": 0,
            "unit_value": 100,
            "period": "year",
            "when_exhausted": "warn",
        }
        year = self._row(
            "vip_entitlement",
            **line,
            granted=4,
            remaining=4,
            date_from="2025-06-01",
            date_to="2026-05-31",
        )
        past = self._row(
            "vip_entitlement",
            **line,
            granted=9,
            remaining=9,
            date_from="2024-06-01",
            date_to="2025-05-31",
        )
        self._row(
            "vip_entitlement",
            **{**line, "period": "once"},
            granted=9,
            remaining=9,
            date_from="2025-06-02",
            is_unlimited=True,
        )
        for entitlement, day, state in (
            (year, "2025-12-31", "delivered"),
            (year, "2026-01-31", "requested"),
            (year, "2026-01-15", "cancelled"),
            (year, "2026-02-01", "delivered"),
            (past, "2025-05-01", "delivered"),
        ):
            self._row(
                "vip_redemption",
                **row,
                entitlement_id=entitlement,
                tier_id=self.gold.id,
                quantity=1,
                unit_value=100,
                value=100,
                date=day,
                state=state,
            )
        month = self._month()
        self.assertEqual(
            [now - then for now, then in zip(self._of(month, *names), none, strict=True)],
            [1, 100, 200, 400],
        )

    def test_new_services(self):
        """Two activations of one customer, one of them ended by the end: one user of two customers. A service
        that does not count, or is taken up later, is none."""
        li, wang = self._join("Li"), self._join("Wang")
        uncounted = self.env["vip.vas"].search([("counts_in_kpi", "=", False)], limit=1)
        uncounted = uncounted or self.env["vip.vas"].create(
            {"name": "Ring tone", "code": "RING", "counts_in_kpi": False}
        )
        for partner, vas, taken_up_on, ended_on in (
            (li, self.env.ref("vip_customer.vas_data"), "2026-01-01", "2026-02-01"),
            (li, self.env.ref("vip_customer.vas_secretary"), "2026-01-10", "2026-01-31"),
            (wang, uncounted, "2026-01-10", False),
            (wang, self.env.ref("vip_customer.vas_data"), "2026-02-01", False),
        ):
            self.env["vip.vas.use"].create(
                {
                    "partner_id": partner.id,
                    "number_id": partner.vip_number_ids.id,
                    "vas_id": vas.id,
                    "taken_up_on": taken_up_on,
                    "ended_on": ended_on,
                }
            )
        month = self._month()
        self.assertEqual(self._of(month, "vas_users", "vas_taken_up", "closing"), (1, 2, 2))
        self.assertAlmostEqual(self._of(month, "penetration:avg")[0], 1 / 2)

    def _take_up(self, partner, day, number=None):
        return self.env["vip.vas.use"].create(
            {
                "partner_id": partner.id,
                "number_id": (number or partner.vip_number_ids).id,
                "vas_id": self.env.ref("vip_customer.vas_data").id,
                "taken_up_on": day,
            }
        )

    def test_new_services_on_closed_numbers(self):
        """Nothing is in use on a number that closed, or that somebody else owns now."""
        li, wang, heir = self._join("Li"), self._join("Wang"), self._join("Zhao")
        for partner, number in ((li, "13799999998"), (wang, "13799999997")):
            first = partner.vip_number_ids
            self._take_up(partner, "2025-12-01")
            self.env["vip.service.number"].create(
                {"partner_id": partner.id, "number": number, "activated_on": "2024-01-01"}
            )
            if partner == li:
                first.write({"state": "closed", "closed_on": "2026-01-10"})
            else:
                first.change_owner(heir.id, "2026-01-10")
        self.env.flush_all()
        january = self._month()
        self.assertEqual(self._of(january, "vas_users", "closing"), (0, 3))
        december = self._month("2025-12-01")
        self.assertEqual(self._of(december, "vas_users", "vas_taken_up"), (2, 2))
        # open again since: it was closed at the end of January
        li.vip_number_ids.filtered(lambda line: line.state == "closed").state = "active"
        self.env.flush_all()
        january.action_compute()
        self.assertEqual(self._of(january, "vas_users")[0], 0)

    def test_new_services_known_late(self):
        """The list of January comes after January was frozen: it counts in February, once; opened again,
        in January. What is older than the frozen months counts nowhere."""
        li = self._join("Li")
        january = self._frozen()
        self._take_up(li, "2026-01-15")
        february = self._frozen("2026-02-01")
        self.assertEqual(self._of(february, "vas_taken_up", "vas_users"), (1, 1))
        self.assertEqual(self._of(self._month("2026-03-01"), "vas_taken_up")[0], 0)
        approver = self.users["approver"]
        february.with_user(approver).action_reopen("The list came late")
        january.with_user(approver).action_reopen("The list came late")
        january.action_compute()
        self.assertEqual(self._of(january, "vas_taken_up")[0], 1)
        january.action_freeze()
        self._take_up(self._join("Wang"), "2025-12-15")
        february.action_compute()
        self.assertEqual(self._of(february, "vas_taken_up")[0], 0)

    def test_new_services_of_frozen_months(self):
        """What a frozen month has counts once, whatever becomes of the line."""
        li = self._join("Li")
        use = self._take_up(li, "2026-01-15")
        january = self._frozen()
        self.assertEqual(self._of(january, "vas_taken_up")[0], 1)
        self._refused("counts in a frozen month and stays", use.unlink)
        use.taken_up_on = "2026-02-03"
        self.assertEqual(self._of(self._month("2026-02-01"), "vas_taken_up")[0], 0)

    def test_profile_confirmed_later(self):
        """What was known is known, also when it was confirmed since."""
        li = self._join("Li")
        hobby = self.env["vip.preference.type"].search([("code", "=", "hobby")])
        answer = self.env["vip.preference"].create(
            {"partner_id": li.id, "type_id": hobby.id, "value": "Chess", "date": "2025-06-01"}
        )
        self._set("vip_preference", answer.id, create_date="2025-06-01 02:00:00", date="2026-02-03")
        self.assertEqual(self._of(self._month(), "profile_known")[0], hobby.weight)

    def test_profile(self):
        """What he said by the end of the month, by weight; what he said later is not known yet."""
        li = self._join("Li")
        hobby, channel = (
            self.env["vip.preference.type"].search([("code", "=", code)])
            for code in ("hobby", "channel")
        )
        for kind, day in ((hobby, "2026-01-31"), (channel, "2026-02-01")):
            self.env["vip.preference"].create(
                {
                    "partner_id": li.id,
                    "type_id": kind.id,
                    "option_id": kind.option_ids[:1].id,
                    "value": "Chess",
                    "date": day,
                    "consent": True,
                }
            )
        month = self._month()
        self.assertEqual(self._of(month, "profile_known", "profile_asked"), (10, 100))
        self.assertAlmostEqual(self._of(month, "completeness:avg")[0], 0.1)
        february = self._month("2026-02-01")
        self.assertEqual(self._of(february, "profile_known")[0], 10 + channel.weight)

    # ------------------------------------------------------------
    # account managers, and who leaves first
    # ------------------------------------------------------------

    def test_customers_per_manager(self):
        """Seven customers, one of them of nobody, of two account managers with somebody; the one who lost all
        of his does not count."""
        for n in range(4):
            self._join(f"A{n}")
        for n in range(2):
            self._join(f"B{n}", tier=self.diamond, manager="manager_b")
        lost = self._join("C", manager="manager_c", team=self.county)
        self._close(lost, "2026-01-20")
        nobody = self._create_customer("D", number="13700099999")
        self._move(nobody, self.gold, "2025-02-01")
        month = self._month()
        per_manager, load, closing = self._of(
            month, "customers_per_manager:avg", "load_per_manager:avg", "closing"
        )
        self.assertEqual(closing, 7)
        self.assertAlmostEqual(per_manager, 7 / 2)
        self.assertAlmostEqual(load, (5 * 1.5 + 2 * 3) / 2)
        groups = self.Report.formatted_read_group(
            [("month_id", "=", month.id)], ["tier_id"], ["customers_per_manager:avg"]
        )
        self.assertEqual(
            {group["tier_id"][0]: group["customers_per_manager:avg"] for group in groups},
            {self.gold.id: 5, self.diamond.id: 2},
        )
        # of two months it is that of a month, not twice as much
        february = self._month("2026-02-01")
        [both] = self.Report._read_group(
            [("month_id", "in", (month | february).ids)], [], ["customers_per_manager:avg"]
        )
        self.assertAlmostEqual(both[0], 7 / 2)

    def test_left_then_closed(self):
        """Whose last number closes within 60 days of leaving his tier is a memo of the month it closed in,
        with whom he had last; 61 days are too many, and who leaves by closing left nothing before."""
        days = {
            "Li": ("2025-12-10", "2026-01-20"),
            "Wang": ("2025-12-10", "2026-02-08"),  # the 60th day
            "Zhao": ("2025-12-10", "2026-02-09"),
            "Qian": ("2026-01-10", "2026-01-20"),  # churned as well
            "Sun": (None, "2026-01-20"),
        }
        partners = {name: self._join(name) for name in days}
        for name, (left, closed) in days.items():
            if left:
                self._move(partners[name], self.env["vip.tier"], left)
            self._close(partners[name], closed)
        january, february = self._frozen(), self._frozen("2026-02-01")
        memo = {
            name: tuple(self._fact(partner, month).left_closed for month in (january, february))
            for name, partner in partners.items()
        }
        self.assertEqual(
            memo, {"Li": (1, 0), "Wang": (0, 1), "Zhao": (0, 0), "Qian": (1, 0), "Sun": (0, 0)}
        )
        fact = self._fact(partners["Li"], january)
        self.assertEqual((fact.manager_id, fact.tier_id), (self.users["manager_a"], self.gold))
        self.assertEqual(self._figures(partners["Li"], january), set())
        self.assertEqual(self._figures(partners["Qian"], january), {"opening", "churned_scheduled"})
        self.assertFalse(self._fact(partners["Zhao"], february))
