"""Month ends by real doors: what a month is to a customer, computing, freezing, reopening, and what refuses.

Today is Tuesday 2026-03-10. Customers are gold since 2025-02-01, have one number, and belong to ``manager_a``
and the city branch.
"""

from unittest.mock import patch

from lxml import etree
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import SQL

from odoo.addons.vip_customer.tests.benefit_common import BenefitCase

OPEN_OF = "opening joined moved_in moved_out churned_scheduled churned_arrears left_tier closing"


class KpiCase(BenefitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.next_number = 13700000000
        cls.Fact = cls.env["vip.kpi.fact"]
        cls.Report = cls.env["vip.kpi.report"]

    @classmethod
    def _join(cls, name, tier=None, day="2025-02-01", manager="manager_a", team=None):
        cls.next_number += 1
        partner = cls._create_customer(name, number=str(cls.next_number))
        partner.vip_membership_id._assign(cls.users[manager], team or cls.city, "2025-01-01")
        cls._move(partner, tier or cls.gold, day)
        return partner

    def _month(self, day="2026-01-01", user="boss", compute=True):
        month = self.env["vip.kpi.month"].with_user(self.users[user]).create({"month": day})
        if compute:
            month.action_compute()
        return month

    def _frozen(self, day="2026-01-01"):
        month = self._month(day)
        month.action_freeze()
        return month

    def _close(self, partner, day, kind=None, reopen=False):
        number = partner.vip_number_ids[:1]
        if kind:
            self.env["vip.departure"].create(
                {
                    "partner_id": partner.id,
                    "number_id": number.id,
                    "kind": kind,
                    "requested_on": "2026-01-01",
                    "effective_on": day,
                }
            )
        else:
            number.write({"state": "closed", "closed_on": day})
        self.env.flush_all()
        return number

    def _fact(self, partner, month):
        return self.Fact.search([("partner_id", "=", partner.id), ("month_id", "=", month.id)])

    def _figures(self, partner, month):
        """What is not 0 of the customer's month."""
        fact = self._fact(partner, month)
        return {name for name in OPEN_OF.split() if fact[name]}

    def _rows(self, month):
        """The report as {(manager, branch, tier): its figures that are not 0}."""
        return {
            (row.manager_id.login, row.team_id.name, row.tier_id.code): {
                name: row[name] for name in OPEN_OF.split() if row[name]
            }
            for row in self.Report.search([("month_id", "=", month.id)])
        }

    def _refused(self, text, method, *args, error=UserError):
        with self.assertRaises(error) as caught:
            method(*args)
        self.assertIn(text, str(caught.exception))
        return str(caught.exception)


@tagged("post_install", "-at_install", "vip_kpi")
class TestKpiMonth(KpiCase):
    # ------------------------------------------------------------
    # what a month is to a customer
    # ------------------------------------------------------------

    def test_worked_example(self):
        """Opening 200, joined 12, churned 5 + 1: closing 206, average 203, 3.00 % and 2.96 %."""
        partners = self.env["res.partner"].create([{"name": f"C{n}"} for n in range(212)])
        self.env["vip.membership"]._ensure(partners.ids, self.company)
        self.env.flush_all()
        self.env.cr.execute_values(
            """INSERT INTO vip_tier_history (partner_id, company_id, tier_id, date_from, source)
               VALUES %s""",
            [
                (
                    partner.id,
                    self.company.id,
                    self.gold.id,
                    "2025-02-01" if n < 200 else "2026-01-15",
                    "run",
                )
                for n, partner in enumerate(partners)
            ],
        )
        self.env.cr.execute(
            "UPDATE vip_membership SET tier_id = %s, base_tier_id = %s WHERE partner_id = ANY(%s)",
            [self.gold.id, self.gold.id, partners.ids],
        )
        self.env.invalidate_all()
        for n, partner in enumerate(partners[:6]):
            self.env["vip.departure"].create(
                {
                    "partner_id": partner.id,
                    "kind": "scheduled" if n < 5 else "arrears",
                    "requested_on": "2026-01-05",
                    "effective_on": "2026-01-20",
                }
            )
        month = self._month()
        self.assertEqual(
            [
                (row.opening, row.joined, row.churned_scheduled, row.churned_arrears, row.closing)
                for row in month
            ],
            [(200, 12, 5, 1, 206)],
        )
        self.assertEqual(month.average, 203)
        self.assertEqual(f"{month.churn_rate:.2%} {month.off_net_rate:.2%}", "3.00% 2.96%")
        told = month.action_check()["params"]
        self.assertEqual((told["type"], told["next"]), ("success", False))
        self.assertIn("“2026-01” reconciles.", told["message"])
        month.action_freeze()
        self._refused("and its figures stay as they are", month.action_check)

    def test_handed_over_twice(self):
        """Who had him in between leaves no trace; he is moved out with the first, in with the last."""
        li = self._join("Li")
        member = li.vip_membership_id
        member._assign(self.users["manager_b"], self.city, "2026-01-10")
        member._assign(self.users["manager_c"], self.county, "2026-01-20")
        month = self._month()
        a, c = self.users["manager_a"].login, self.users["manager_c"].login
        self.assertEqual(
            self._rows(month),
            {
                (a, "City", "gold"): {"opening": 1, "moved_out": 1},
                (c, "County", "gold"): {"moved_in": 1, "closing": 1},
            },
        )
        self.assertEqual(str(self._fact(li, month).happened_on), "2026-01-20")

    def test_handed_over_and_back(self):
        li = self._join("Li")
        li.vip_membership_id._assign(self.users["manager_b"], self.city, "2026-01-10")
        li.vip_membership_id._assign(self.users["manager_a"], self.city, "2026-01-12")
        self.assertEqual(self._figures(li, self._month()), {"opening", "closing"})

    def test_handed_over_then_lost(self):
        """He counts with who had him last."""
        li = self._join("Li")
        li.vip_membership_id._assign(self.users["manager_b"], self.city, "2026-01-10")
        self._close(li, "2026-01-20", "arrears")
        a, b = self.users["manager_a"].login, self.users["manager_b"].login
        self.assertEqual(
            self._rows(self._month()),
            {
                (a, "City", "gold"): {"opening": 1, "moved_out": 1},
                (b, "City", "gold"): {"moved_in": 1, "churned_arrears": 1},
            },
        )

    def test_tier_changed_on_the_last_day(self):
        li = self._join("Li")
        self._move(li, self.diamond, "2026-01-31")
        fact = self._fact(li, self._month())
        self.assertEqual((fact.start_tier_id, fact.tier_id), (self.gold, self.diamond))
        self.assertEqual((fact.opening, fact.moved_in, fact.closing), (1, 1, 1))

    def test_tier_changed_on_the_first_day_of_the_next_month(self):
        li = self._join("Li")
        self._move(li, self.diamond, "2026-02-01")
        self.assertEqual(self._figures(li, self._month()), {"opening", "closing"})

    def test_closed_on_the_first_and_on_the_last_day(self):
        """The day on which the last number closes is the first one that is not counted."""
        last, first = self._join("Li"), self._join("Wang")
        self._close(last, "2026-01-31")
        self._close(first, "2026-02-01")
        january, february = self._frozen(), self._month("2026-02-01")
        self.assertEqual(self._figures(last, january), {"opening", "churned_scheduled"})
        self.assertFalse(self._fact(last, february))
        self.assertEqual(self._figures(first, january), {"opening", "closing"})
        self.assertEqual(self._figures(first, february), {"opening", "churned_scheduled"})

    def test_kinds(self):
        li, wang, zhao = (self._join(name) for name in ("Li", "Wang", "Zhao"))
        self._close(li, "2026-01-20", "port_out")
        self._close(wang, "2026-01-20", "arrears")
        self._close(zhao, "2026-01-20")
        month = self._month()
        self.assertEqual(self._figures(li, month), {"opening", "churned_scheduled"})
        self.assertEqual(self._fact(li, month).churned_port_out, 1)
        self.assertEqual(self._figures(wang, month), {"opening", "churned_arrears"})
        self.assertEqual(self._figures(zhao, month), {"opening", "churned_scheduled"})
        self.assertEqual(
            [self._fact(partner, month).is_unrecorded for partner in (li, wang, zhao)],
            [False, False, True],
        )

    def test_one_of_two_numbers_closes(self):
        """That is a departure, and no customer lost."""
        li = self._join("Li")
        self.env["vip.service.number"].create(
            {"partner_id": li.id, "number": "13799999999", "activated_on": "2024-01-01"}
        )
        self._close(li, "2026-01-20")
        month = self._month()
        self.assertEqual(self._figures(li, month), {"opening", "closing"})
        self.assertEqual(self._fact(li, month).numbers_closed, 1)

    def test_churn_beats_left_tier(self):
        li, wang = self._join("Li"), self._join("Wang")
        self._move(li, self.env["vip.tier"], "2026-01-10")
        self._move(wang, self.env["vip.tier"], "2026-01-10")
        self._close(li, "2026-01-20")
        month = self._month()
        self.assertEqual(self._figures(li, month), {"opening", "churned_scheduled"})
        self.assertEqual(self._figures(wang, month), {"opening", "left_tier"})

    def test_number_of_the_next_month(self):
        """A number he was given since, and nobody said when it was opened, changes nothing of January."""
        li = self._join("Li")
        self._close(li, "2026-01-20")
        number = self.env["vip.service.number"].create({"partner_id": li.id, "number": "1370"})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE vip_service_number SET create_date = '2026-02-02 02:00:00' WHERE id = %s",
            [number.id],
        )
        self.assertEqual(self._figures(li, self._month()), {"opening", "churned_scheduled"})

    def test_left_then_closed_and_reopened(self):
        """A run took his tier, the number closed, and is open again before the month is looked at."""
        li = self._join("Li")
        self._move(li, self.env["vip.tier"], "2026-01-10")
        with freeze_time("2026-01-20 02:00:00"):
            number = self._close(li, "2026-01-20")
        with freeze_time("2026-02-05 02:00:00"):
            number.state = "active"
            self.env.flush_all()
        self.assertEqual(self._figures(li, self._month()), {"opening", "churned_scheduled"})

    def test_closing_day_corrected(self):
        """The departure is what happened; a day that is corrected on the number later is not."""
        for day in ("2025-12-28", "2026-02-02"):
            with self.subTest(day):
                li = self._join("Li")
                number = self._close(li, "2026-01-20")
                number.closed_on = day
                self.env.flush_all()
                month = self._month()
                self.assertEqual(self._figures(li, month), {"opening", "churned_scheduled"})
                month.unlink()

    def test_number_passes_to_another_owner(self):
        """He left the tier: that is no departure."""
        li, heir = self._join("Li"), self.env["res.partner"].create({"name": "Heir"})
        li.vip_number_ids.change_owner(heir.id, "2026-01-20")
        self.env.flush_all()
        self.assertEqual(self._figures(li, self._month()), {"opening", "left_tier"})

    def test_closed_and_reopened(self):
        """Nothing happened; a remark says so."""
        li = self._join("Li")
        with freeze_time("2026-01-20 02:00:00"):
            number = self._close(li, "2026-01-20")
        with freeze_time("2026-01-25 02:00:00"):
            number.state = "active"
            self.env.flush_all()
        month = self._month()
        self.assertEqual(self._figures(li, month), {"opening", "closing"})
        self.assertTrue(self._fact(li, month).is_reopened)

    def test_reopened_in_the_next_month(self):
        """January stays as it was, and he joins in February."""
        li = self._join("Li")
        with freeze_time("2026-01-20 02:00:00"):
            number = self._close(li, "2026-01-20", "arrears")
        with freeze_time("2026-02-05 02:00:00"):
            number.state = "active"
            self.env.flush_all()
        january, february = self._frozen(), self._month("2026-02-01")
        self.assertEqual(self._figures(li, january), {"opening", "churned_arrears"})
        self.assertEqual(self._figures(li, february), {"joined", "closing"})

    def test_joined_and_gone_within_the_month(self):
        li = self._join("Li", day="2026-01-10")
        self._close(li, "2026-01-20")
        month = self._month()
        self.assertEqual(self._figures(li, month), {"joined", "churned_scheduled"})
        # nothing below the line: an empty figure
        [[rate]] = self.Report._read_group([("month_id", "=", month.id)], [], ["churn_rate:avg"])
        self.assertFalse(rate)

    def test_company_without_customers(self):
        month = self._month()
        self.assertFalse(self.Report.search([("month_id", "=", month.id)]))
        self.assertEqual((month.opening, month.closing, month.churn_rate), (0, 0, 0))
        month.action_freeze()
        self.assertEqual(month.state, "frozen")

    def test_late(self):
        """What becomes known of a frozen month counts in the earliest open one, with its true day."""
        li, wang = self._join("Li"), self._join("Wang")
        january = self._frozen()
        self._close(li, "2026-01-20", "arrears")
        zhao = self._join("Zhao", day="2026-01-15")
        february = self._month("2026-02-01")
        self.assertEqual(self._figures(li, january), {"opening", "closing"})
        self.assertEqual(self._figures(li, february), {"opening", "churned_arrears"})
        self.assertEqual(self._figures(zhao, february), {"joined", "closing"})
        self.assertEqual(self._figures(wang, february), {"opening", "closing"})
        late = self.Fact.search([("month_id", "=", february.id), ("is_late", "=", True)])
        self.assertEqual(
            {fact.partner_id: str(fact.happened_on) for fact in late},
            {li: "2026-01-20", zhao: "2026-01-15"},
        )
        self.assertEqual(february.late_count, 2)
        february.action_freeze()

    def test_late_both_ways(self):
        """He came and went within a month that was frozen without him: both count later, once."""
        self._join("Li")
        self._frozen()
        wang = self._join("Wang", day="2026-01-10")
        self._close(wang, "2026-01-20")
        february = self._frozen("2026-02-01")
        self.assertEqual(self._figures(wang, february), {"joined", "churned_scheduled"})
        self.assertTrue(self._fact(wang, february).is_late)
        self.assertFalse(self._fact(wang, self._month("2026-03-01")))

    # ------------------------------------------------------------
    # what was done
    # ------------------------------------------------------------

    def test_days_of_the_company(self):
        """A contact at 01:00 on February 1 in Shanghai is still January in UTC."""
        li = self._join("Li")
        self.env["vip.interaction"].create(
            {
                "partner_id": li.id,
                "channel_id": self.env.ref("vip_customer.channel_phone").id,
                "result_id": self.env.ref("vip_customer.interaction_result_reached").id,
                "date": "2026-01-31 17:00:00",
                "rating": "5",
            }
        )
        january, february = self._month(), self._month("2026-02-01")
        facts = self._fact(li, january), self._fact(li, february)
        self.assertEqual([fact.ratings for fact in facts], [0, 1])
        self.assertEqual([fact.reached for fact in facts], [0, 1])

    def test_what_was_done(self):
        li = self._join("Li")
        self._create_bills(li, {"2026-01-01": 88.5, "2026-02-01": 90}, li.vip_number_ids)
        self.env["vip.vas.use"].create(
            {
                "partner_id": li.id,
                "number_id": li.vip_number_ids.id,
                "vas_id": self.env.ref("vip_customer.vas_data").id,
                "taken_up_on": "2026-01-15",
                "ended_on": "2026-02-28",
            }
        )
        touch = {
            "partner_id": li.id,
            "company_id": self.company.id,
            "step_id": self.env["vip.care.step"].search([], limit=1).id,
            "tier_id": self.gold.id,
            "channel_id": self.env.ref("vip_customer.channel_phone").id,
        }
        touches = [
            ("2026-01-05", "done", "2026-01-06"),
            ("2026-01-06", "done", "2026-01-20"),  # late
            ("2026-01-07", "missed", None),
            ("2026-01-28", "done", "2026-02-02"),  # after the end: not judged yet
            ("2026-01-08", "skipped", None),
            ("2026-01-29", "skipped", None),
        ]
        self.env["vip.care.touch"].search([("partner_id", "=", li.id)]).unlink()
        self.env["vip.care.touch"].create(
            [
                {
                    **touch,
                    "slot": day,
                    "planned_date": day,
                    "due_date": day,
                    "state": state,
                    "done_on": done_on,
                }
                for day, state, done_on in touches
            ]
        )
        # it was due at the end of January, whatever spoke against it in February
        skipped = self.env["vip.care.touch"].search([("due_date", "=", "2026-01-29")])
        skipped.skipped_on = "2026-02-03"
        self.env.flush_all()
        fact = self._fact(li, self._month())
        self.assertEqual(
            (
                fact.contacts_due,
                fact.contacts_done,
                fact.contacts_judged,
                fact.contacts_on_time,
                fact.spend,
                fact.vas_users,
                fact.vas_taken_up,
            ),
            (5, 2, 3, 1, 88.5, 1, 1),
        )
        fact = self._fact(li, self._month("2026-02-01"))
        self.assertEqual((fact.spend, fact.vas_users, fact.vas_taken_up), (90, 0, 0))

    def test_rate_of_a_group(self):
        """It is the ratio of the sums, not the mean of the rates."""
        [self._join(f"City {n}") for n in range(4)]
        lost = self._join("County", team=self.county, manager="manager_c")
        self._close(lost, "2026-01-20")
        month = self._month()
        [[rate]] = self.Report._read_group([("month_id", "=", month.id)], [], ["churn_rate:avg"])
        self.assertAlmostEqual(rate, 1 / 5)
        [group] = self.Report.formatted_read_group(
            [("month_id", "=", month.id)], ["month_id"], ["churn_rate:avg", "average:sum"]
        )
        self.assertAlmostEqual(group["churn_rate:avg"], 1 / 5)
        self.assertAlmostEqual(group["average:sum"], 4.5)
        self.assertAlmostEqual(month.churn_rate, 1 / 5)

    def test_customers_behind_a_row(self):
        li, wang = self._join("Li"), self._join("Wang")
        li.vip_membership_id._assign(self.users["manager_b"], self.city, "2026-01-10")
        month = self._month()
        rows = self.Report.search([("month_id", "=", month.id)])
        behind = {
            row.manager_id: self.Fact.search(row.action_view_customers()["domain"]).partner_id
            for row in rows
        }
        self.assertEqual(behind, {self.users["manager_a"]: li | wang, self.users["manager_b"]: li})

    # ------------------------------------------------------------
    # computing and freezing
    # ------------------------------------------------------------

    def test_compute_again(self):
        li = self._join("Li")
        month = self._month("2026-01-17")
        self.assertEqual(str(month.month), "2026-01-01")
        names = [name for name in self.Fact._fields if name not in ("id", "display_name")]
        before = self._fact(li, month).read(names)[0]
        month.action_compute()
        after = self._fact(li, month).read(names)[0]
        self.assertEqual({**before, "id": 0}, {**after, "id": 0})

    def test_running_month(self):
        self._join("Li")
        month = self._month("2026-03-01")
        self.assertEqual((month.opening, month.joined, month.closing), (1, 1, 2))  # and Wang, today
        self._refused("is not over. It can be frozen from", month.action_freeze)

    def test_future(self):
        """Neither added nor made of another month, and what got there all the same is not computed."""
        for day in ("2026-04-01", "9999-12-31"):
            message = self._refused("lies in the future. It can be added", self._month, day)
            self.assertIn(f"“{day[:7]}”", message)
        self.assertFalse(self.env["vip.kpi.month"].new({"month": "9999-12-31"}).freeze_due)
        month = self._month("2026-02-01", compute=False)
        self._refused("lies in the future", month.write, {"month": "2026-04-01"})
        with freeze_time("2026-01-20 02:00:00"):
            self._refused("lies in the future", month.action_compute)

    def test_before_anything_was_known(self):
        self._refused("Nothing is known of “0001-01”", self._month, "0001-01-01")
        self.assertTrue(self._month("1970-01-01").computed_at)

    def test_freeze_without_figures(self):
        self._refused("has no figures yet", self._month(compute=False).action_freeze)

    def test_freeze_in_order(self):
        self._join("Li")
        january, february = self._month(), self._month("2026-02-01")
        message = self._refused("begins where the month before closed", february.action_freeze)
        self.assertIn(f"Freeze “{january.display_name}” first", message)
        january.action_freeze()
        february.action_compute()
        february.action_freeze()

    def test_freeze_with_a_gap(self):
        self._frozen("2025-12-01")
        february = self._month("2026-02-01")
        self._refused("Freeze “2026-01” first", february.action_freeze)

    def test_freeze_several(self):
        self._join("Li")
        months = self._month() | self._month("2026-02-01")
        # the second was computed before the first was frozen, and says the same
        months.action_freeze()
        self.assertEqual(set(months.mapped("state")), {"frozen"})

    def test_freeze_twice(self):
        """Of two people at once the second is told what the first did."""
        month = self._frozen()
        self.env["vip.kpi.month"].invalidate_model()
        other = month.with_user(self.users["approver"])
        self._refused(f"was frozen already, by {self.users['boss'].name}", other.action_freeze)
        self._refused("Have it reopened by an approver", other.action_compute)

    def test_freeze_what_changed(self):
        li = self._join("Li")
        self._join("Wang")
        month = self._month()
        self._close(li, "2026-01-20")
        message = self._refused("changed since its figures were computed", month.action_freeze)
        self.assertIn("“Li”", message)
        self.assertNotIn("“Wang”", message)
        month.action_compute()
        month.action_freeze()

    def test_freeze_what_does_not_reconcile(self):
        li = self._join("Li")
        month = self._month()
        self.env.cr.execute("UPDATE vip_kpi_fact SET closing = 0 WHERE month_id = %s", [month.id])
        self.env.invalidate_all()
        message = self._refused("does not reconcile: opening + joined", month.action_freeze)
        self.assertIn("“Li”", message)
        told = month.action_check()["params"]
        self.assertEqual((told["type"], told["message"]), ("danger", message))
        self.assertTrue(told["next"]["views"])  # as the web client opens what follows a message
        shown = self.Fact.search(told["next"]["domain"])
        self.assertEqual(shown.partner_id, li)

    def test_freeze_another_opening(self):
        li = self._join("Li")
        self._frozen()
        february = self._month("2026-02-01")
        self.env.cr.execute(
            "UPDATE vip_kpi_fact SET start_team_id = NULL WHERE month_id = %s", [february.id]
        )
        self.env.invalidate_all()
        message = self._refused("is not the closing of the month before", february.action_freeze)
        self.assertIn(li.name, message)

    def test_freeze_another_report(self):
        self._join("Li")
        month = self._month()
        self.env.cr.execute("UPDATE vip_kpi_report SET closing = 2 WHERE month_id = %s", [month.id])
        self.env.invalidate_all()
        message = self._refused("the report says something else", month.action_freeze)
        self.assertIn("City", message)
        told = month.action_check()["params"]
        self.assertEqual((told["message"], told["next"]), (message, False))

    def test_looking_at_months_is_cheap(self):
        """Whether it reconciles is asked with a button, and not whenever somebody looks at it."""
        self._join("Li")
        month = self._month()
        with patch.object(type(month), "_mismatch") as mismatch:
            month.read()
            month.web_read({name: {} for name in month._fields})
        mismatch.assert_not_called()

    def test_provisional(self):
        """Until the bills are in, frozen or not; found with the month and with its figures. Freezing without
        them is allowed, and asks in words of its own."""
        self._join("Li")
        month, other = self._frozen(), self._month("2026-02-01")
        self.env["vip.billing.month"]._ensure(self.company, [other.month], complete=True)
        for provisional, final in ((month, other), (self.env["vip.kpi.month"], month | other)):
            self.env.invalidate_all()
            for records in (month | other, self.Report.search([])):
                for is_provisional, expected in ((True, provisional), (False, final)):
                    domain = [("is_provisional", "=", is_provisional)]
                    found = records.search([("id", "in", records.ids), *domain])
                    self.assertEqual(found, records.filtered_domain(domain))
                    self.assertEqual(set(found.mapped("month")), set(expected.mapped("month")))
            self.env["vip.billing.month"]._ensure(self.company, [month.month], complete=True)
        arch = etree.fromstring(month.get_view(view_type="form")["arch"])
        asked = {
            button.get("invisible").rpartition(" or ")[2]: button.get("confirm")
            for button in arch.iter("button")
            if button.get("name") == "action_freeze"
        }
        self.assertIn("Bills of the month are still missing", asked["not is_provisional"])
        self.assertNotIn("Bills", asked["is_provisional"])

    def test_month_with_figures_stays(self):
        self._join("Li")
        month = self._month()
        self._refused("stays the month it is", month.write, {"month": "2026-02-01"})

    def test_delete(self):
        """A month that was never frozen goes with its figures; of one that was frozen once nothing goes."""
        self._join("Li")
        month = self._month()
        month.unlink()
        for model in (self.Fact, self.Report):
            self.assertFalse(model.search([("company_id", "=", self.company.id)]))
        frozen = self._frozen()
        self._refused("was frozen, which is evidence", frozen.unlink)
        frozen.with_user(self.users["approver"]).action_reopen("Mistake")
        self._refused("was frozen, which is evidence", frozen.unlink)
        self.assertTrue(self.Fact.search([("month_id", "=", frozen.id)]))

    # ------------------------------------------------------------
    # reopening
    # ------------------------------------------------------------

    def test_reopen(self):
        """Who, when, why, and what becomes different."""
        self._join("Li")
        month = self._frozen()
        self._join("Wang", day="2026-01-15")
        month.with_user(self.users["approver"]).action_reopen("  Wang was forgotten ")
        self.assertEqual((month.state, month.frozen_by.id, month.frozen_at), ("open", False, False))
        reopening = month.reopening_ids
        self.assertEqual(reopening.reason, "Wang was forgotten")
        self.assertEqual(reopening.user_id, self.users["approver"])
        self.assertEqual(reopening.frozen_by, self.users["boss"])
        self.assertEqual(reopening.difference, "No difference")
        month.action_compute()
        month.action_freeze()
        self.env.invalidate_all()
        name = self.users["manager_a"].name
        self.assertEqual(
            reopening.difference,
            f"City, {name}, Gold: Joined 0 → 1, Closing 1 → 2, Benefits granted 10.0 → 20.0, "
            "Profile asked 100 → 200",
        )

    def test_reopen_by_its_dialog(self):
        month = self._frozen().with_user(self.users["approver"])
        action = month.action_ask_reason()
        dialog = (
            self.env[action["res_model"]]
            .with_user(self.users["approver"])
            .with_context(**action["context"])
            .create({"reason": "Mistake"})
        )
        dialog.action_confirm()
        self.assertEqual(month.state, "open")

    def test_reopen_is_a_right(self):
        month = self._frozen()
        self._refused("Only an approver", month.action_reopen, "Mistake", error=AccessError)

    def test_reopen_refusals(self):
        january = self._frozen().with_user(self.users["approver"])
        february = self._month("2026-02-01").with_user(self.users["approver"])
        self._refused(
            "is not frozen; there is nothing to reopen", february.action_reopen, "Mistake"
        )
        for reason in ("", "  ", False, None, 7):
            self._refused("Give the reason", january.action_reopen, reason)
        february.action_freeze()
        self._refused(
            f"while “{february.display_name}” is frozen", january.action_reopen, "Mistake"
        )
        february.action_reopen("Mistake")
        january.action_reopen("Mistake")

    # ------------------------------------------------------------
    # protection
    # ------------------------------------------------------------

    def test_frozen_in_sql(self):
        self._join("Li")
        january = self._frozen()
        february = self._month("2026-02-01")
        statements = {
            "UPDATE %(table)s SET closing = 0 WHERE month_id = %(january)s",
            "UPDATE %(table)s SET month_id = %(february)s WHERE month_id = %(january)s",
            "UPDATE %(table)s SET month_id = %(january)s WHERE month_id = %(february)s",
            "DELETE FROM %(table)s WHERE month_id = %(january)s",
            "DELETE FROM %(table)s",
            "TRUNCATE %(table)s",
            """INSERT INTO %(table)s SELECT (jsonb_populate_record(t, '{"id": -1, "month": "2020-01-01"}')).*
                 FROM %(table)s t WHERE month_id = %(january)s""",
        }
        for table in ("vip_kpi_fact", "vip_kpi_report"):
            for statement in statements:
                with (
                    self.subTest(statement, table=table),
                    self._violates(IntegrityError, f"{table}_protected"),
                    self.env.cr.savepoint(flush=False),
                ):
                    self.env.cr.execute(
                        SQL(
                            statement,
                            table=SQL.identifier(table),
                            january=january.id,
                            february=february.id,
                        )
                    )
        self.env.cr.execute(
            "UPDATE vip_kpi_fact SET closing = 1 WHERE month_id = %s", [february.id]
        )

    def test_by_hand(self):
        self._join("Li")
        month = self._frozen()
        month.with_user(self.users["approver"]).action_reopen("Mistake")
        for records in (
            self.Fact.search([], limit=1),
            self.Report.search([], limit=1),
            month.sudo().reopening_ids,
        ):
            with self.subTest(records._name):
                values = {"month_id": month.id, "company_id": self.company.id}
                with self.assertRaises(AccessError):
                    records.with_user(self.users["approver"]).create(values)
                with self.assertRaises(UserError):
                    records.write(values)
                with self.assertRaises(UserError):
                    records.unlink()
        with self.assertRaises(AccessError):
            month.with_user(self.users["boss"]).state = "frozen"

    def test_tiers_of_a_frozen_month(self):
        """A run is not applied in a frozen month; it says the first day that works."""
        run = self.env["vip.tier.run"].create({"policy_id": self.policy.id, "as_of": "2026-02-01"})
        run._compute_lines()
        run.state = "approved"
        self._frozen()
        february = self._frozen("2026-02-01")
        apply = run.with_user(self.users["approver"]).action_apply
        message = self._refused("Tiers cannot change on", apply)
        self.assertIn(self._day("2026-03-01"), message)
        february.with_user(self.users["approver"]).action_reopen("Run forgotten")
        self.assertEqual(str(run._first_applicable_day()), "2026-02-01")

    def test_run_holds_the_months_it_counts_in(self):
        """It writes on their rows, so that who freezes one at once meets it (``tests/test_month_end.py``)."""
        run = self.env["vip.tier.run"].create({"policy_id": self.policy.id, "as_of": "2026-02-01"})
        run._compute_lines()
        run.state = "approved"
        months = [self._frozen(), self._month("2026-02-01"), self._month("2026-03-01")]

        def places():
            self.env.flush_all()
            self.env.cr.execute(
                "SELECT ctid FROM vip_kpi_month WHERE id = ANY(%s) ORDER BY month",
                [[month.id for month in months]],
            )
            return [place for [place] in self.env.cr.fetchall()]

        before = places()
        run.with_user(self.users["approver"]).action_apply()
        held = [old != new for old, new in zip(before, places(), strict=True)]
        self.assertEqual(held, [False, True, True])
