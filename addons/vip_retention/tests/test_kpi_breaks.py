"""What goes wrong around a month end, and every door by which a frozen one could change."""

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged
from odoo.tools import SQL, mute_logger

from .test_kpi_month import OPEN_OF, KpiCase


@tagged("post_install", "-at_install", "vip_kpi")
class TestKpiBreaks(KpiCase):
    # ------------------------------------------------------------
    # the chain
    # ------------------------------------------------------------

    def test_freeze_before_the_first(self):
        """The first frozen month began with what the records said; nothing is put before it."""
        self._join("Li")
        self._frozen("2026-02-01")
        january = self._month()
        message = self._refused("cannot be frozen any more", january.action_freeze)
        self.assertIn("begin with “2026-02”", message)
        january.unlink()

    def test_month_before_the_first_leaves_no_trace(self):
        """Who came and went before the first frozen month is nothing to the later ones, whether somebody
        looked at that month or not."""
        gone = self._join("Gone", day="2025-12-05")
        self._close(gone, "2025-12-20")
        self._frozen()
        self._month("2025-12-01")
        self.assertFalse(self._fact(gone, self._month("2026-02-01")))

    def test_freeze_after_a_forgotten_month(self):
        """The refusal names the earliest month that is missing, and deleting what nobody wants helps."""
        self._join("Li")
        tried = self._month("2025-06-01")
        january = self._month()
        self._refused("Freeze “2025-06” first", january.action_freeze)
        tried.unlink()
        january.action_freeze()
        self._month("2026-03-01")
        march = self._month("2026-02-01")
        march.action_freeze()

    def test_opening_of_nobody(self):
        """Opening 0: no churn rate, the off-net rate is of the average."""
        li, _wang = self._join("Li", day="2026-01-10"), self._join("Wang", day="2026-01-10")
        self._close(li, "2026-01-20")
        month = self._frozen()
        self.assertEqual((month.opening, month.joined, month.churned, month.closing), (0, 2, 1, 1))
        self.assertAlmostEqual(month.off_net_rate, 2)
        [group] = self.Report.formatted_read_group(
            [("month_id", "=", month.id)], [], ["churn_rate:avg", "off_net_rate:avg"]
        )
        self.assertFalse(group["churn_rate:avg"])
        self.env.cr.execute("SELECT churn_rate FROM vip_kpi_report WHERE month_id = %s", [month.id])
        self.assertEqual(self.env.cr.fetchall(), [(None,)])

    def test_reopen_in_the_middle(self):
        """Reopened, another figure in it, and the next month begins with what it closes with now."""
        self._join("Li")
        january = self._frozen().with_user(self.users["approver"])
        february = self._frozen("2026-02-01").with_user(self.users["approver"])
        self._refused("which begins where this one closed", january.action_reopen, "Mistake")
        february.action_reopen("January was wrong")
        january.action_reopen("Wang was forgotten")
        wang = self._join("Wang", day="2026-01-15")
        january.action_compute()
        january.action_freeze()
        message = self._refused("does not reconcile", february.action_freeze)
        self.assertIn("“Wang”", message)
        february.action_compute()
        february.action_freeze()
        self.assertEqual(self._figures(wang, january), {"joined", "closing"})
        self.assertEqual(self._figures(wang, february), {"opening", "closing"})

    # ------------------------------------------------------------
    # days and zones
    # ------------------------------------------------------------

    def test_zones(self):
        """The same moment, 2026-02-01 02:00 UTC, is February in Shanghai and January in New York."""
        li = self._join("Li")
        self.env["vip.interaction"].create(
            {
                "partner_id": li.id,
                "channel_id": self.env.ref("vip_customer.channel_phone").id,
                "result_id": self.env.ref("vip_customer.interaction_result_reached").id,
                "date": "2026-02-01 02:00:00",
                "rating": "5",
            }
        )
        month = self._month()
        self.assertEqual(self._fact(li, month).ratings, 0)
        self.company.resource_calendar_id.tz = "America/New_York"
        month.action_compute()
        self.assertEqual(self._fact(li, month).ratings, 1)

    def test_end_of_the_month_in_zones(self):
        """At 05:30 UTC of February 1 January is over in Shanghai, at half past midnight; in Chicago not."""
        self._join("Li")
        with freeze_time("2026-02-01 05:30:00"):
            self.company.resource_calendar_id.tz = "America/Chicago"
            month = self._month()
            self._refused("is not over. It can be frozen from", month.action_freeze)
            self._refused("lies in the future", self._month, "2026-02-01")
            self.company.resource_calendar_id.tz = "Asia/Shanghai"
            month.action_freeze()
            self._month("2026-02-01")

    def test_number_closed_and_opened_again_later(self):
        """Closed in January, open again in February: January says so whenever it is computed."""
        li = self._join("Li")
        self.env["vip.service.number"].create(
            {"partner_id": li.id, "number": "13799999998", "activated_on": "2024-01-01"}
        )
        with freeze_time("2026-01-20 02:00:00"):
            number = self._close(li, "2026-01-20")
        month = self._month()
        self.assertEqual(self._fact(li, month).numbers_closed, 1)
        with freeze_time("2026-02-05 02:00:00"):
            number.state = "active"
            self.env.flush_all()
        month.action_freeze()
        fact = self._fact(li, month)
        self.assertEqual((fact.numbers_closed, fact.is_reopened), (1, False))

    # ------------------------------------------------------------
    # late
    # ------------------------------------------------------------

    def test_late_departure(self):
        """A number that turns out to have closed in a frozen month counts in the earliest open one, with its
        true date and the remark; when that month is opened again, in its own."""
        li = self._join("Li")
        january = self._frozen()
        number = self._close(li, "2026-01-20", "arrears")
        departure = self.env["vip.departure"].search([("number_id", "=", number.id)])
        self.assertEqual(
            (str(departure.effective_on), departure.remark, str(departure.counts_in)),
            ("2026-01-20", "late", "2026-02-01"),
        )
        february = self._month("2026-02-01")
        self.assertEqual(self._fact(li, february).numbers_closed, 1)
        january.with_user(self.users["approver"]).action_reopen("Arrears came late")
        self.assertEqual((departure.remark, departure.counts_in), (False, False))
        january.action_compute()
        self.assertEqual(self._fact(li, january).numbers_closed, 1)
        self.assertEqual(self._figures(li, january), {"opening", "churned_arrears"})
        january.action_freeze()
        february.action_compute()
        self.assertFalse(self._fact(li, february))

    def test_recorded_while_the_month_was_frozen(self):
        """Neither of the two saw the other: the freeze has not the departure, and it knows of no freeze."""
        li = self._join("Li")
        self.env["vip.service.number"].create(
            {"partner_id": li.id, "number": "13799999998", "activated_on": "2024-01-01"}
        )
        self._frozen()
        number = self._close(li, "2026-01-20")
        departure = self.env["vip.departure"].search([("number_id", "=", number.id)])
        departure.write({"counts_in": False, "remark": False})
        self.env.flush_all()
        february = self._month("2026-02-01")
        self.assertEqual(self._fact(li, february).numbers_closed, 1)
        self.assertEqual((departure.remark, str(departure.counts_in)), ("late", "2026-02-01"))

    def test_before_the_first_frozen_month(self):
        """Nobody froze November, so nothing of it is late."""
        li = self._join("Li")
        self.env["vip.service.number"].create(
            {"partner_id": li.id, "number": "13799999998", "activated_on": "2024-01-01"}
        )
        self._frozen()
        number = self._close(li, "2025-11-20")
        departure = self.env["vip.departure"].search([("number_id", "=", number.id)])
        self.assertEqual((departure.remark, departure.counts_in), ("no_record", False))
        self.assertEqual(self._fact(li, self._month("2026-02-01")).numbers_closed, 0)

    def test_settled_when_frozen(self):
        """What a frozen month has seen stays there; opened again, it is free again."""
        li = self._join("Li")
        number = self._close(li, "2026-01-20")
        departure = self.env["vip.departure"].search([("number_id", "=", number.id)])
        january = self._frozen()
        self.assertEqual((departure.remark, str(departure.counts_in)), ("no_record", "2026-01-01"))
        self.assertFalse(self._fact(li, self._month("2026-02-01")))
        january.with_user(self.users["approver"]).action_reopen("Arrears came late")
        self.assertFalse(departure.counts_in)

    def test_late_without_record(self):
        """Why nobody knew stays the remark; it counts late all the same. In time nothing is late."""
        li, wang = self._join("Li"), self._join("Wang")
        self._frozen()
        for partner, day, remark, month in (
            (li, "2026-01-20", "no_record", "2026-02-01"),
            (wang, "2026-02-03", "no_record", "False"),
        ):
            number = self._close(partner, day)
            departure = self.env["vip.departure"].search([("number_id", "=", number.id)])
            self.assertEqual((departure.remark, str(departure.counts_in)), (remark, month))

    # ------------------------------------------------------------
    # doors to a frozen month
    # ------------------------------------------------------------

    def _is_unchanged(self, month, before):
        self.env.invalidate_all()
        self.assertEqual(month.state, "frozen")
        names = OPEN_OF.split()
        self.assertEqual(self.Fact.search([("month_id", "=", month.id)]).read(names), before)

    def test_doors(self):
        """By RPC, as the most powerful of the company."""
        self._join("Li")
        month = self._frozen()
        names = OPEN_OF.split()
        before = self.Fact.search([("month_id", "=", month.id)]).read(names)
        approver = month.with_user(self.users["approver"])
        facts = self.Fact.with_user(self.users["approver"]).search([("month_id", "=", month.id)])
        report = self.Report.with_user(self.users["approver"]).search(
            [("month_id", "=", month.id)], limit=1
        )
        other = self._month("2026-02-01")
        for records, values in (
            (facts, {"closing": 0}),
            (report, {"closing": 7}),
            (facts, {"month_id": other.id}),
            (approver, {"state": "open"}),
            (approver, {"frozen_at": False}),
            (approver, {"computed_at": False}),
            (approver, {"month": "2025-01-01"}),
            (approver, {"company_id": self.env.ref("base.main_company").id}),
        ):
            with (
                self.subTest(records._name, values=values),
                self.assertRaises(UserError),
            ):
                records.write(values)
        for records in (facts, report, approver):
            with self.subTest(records._name), self.assertRaises(UserError):
                records.unlink()
        for model in (self.Fact, self.Report):
            with self.subTest(model._name), self.assertRaises(AccessError):
                model.with_user(self.users["approver"]).create(
                    {
                        "month_id": month.id,
                        "month": "2026-01-01",
                        "company_id": self.company.id,
                        "partner_id": self.partner.id,
                    }
                    if model == self.Fact
                    else {"month_id": month.id, "company_id": self.company.id}
                )
        with self.assertRaises(UserError):
            month.with_user(self.users["boss"]).create({"month": "2026-01-01", "state": "frozen"})
        self._refused("stay as they are", approver.action_compute)
        self._is_unchanged(month, before)

    def test_frozen_month_in_sql(self):
        """The month itself: not opened without its evidence, not moved, not deleted; open ones are free."""
        self._join("Li")
        january = self._frozen()
        february = self._month("2026-02-01")
        for statement in (
            "UPDATE vip_kpi_month SET state = 'open' WHERE id = %(january)s",
            "UPDATE vip_kpi_month SET month = '2020-01-01' WHERE id = %(january)s",
            "UPDATE vip_kpi_month SET id = -1 WHERE id = %(january)s",
            "UPDATE vip_kpi_month SET frozen_by = NULL WHERE id = %(january)s",
            "DELETE FROM vip_kpi_month WHERE id = %(january)s",
            "DELETE FROM vip_kpi_month",
            "TRUNCATE vip_kpi_month CASCADE",
        ):
            with (
                self.subTest(statement),
                self._violates(IntegrityError, "vip_kpi_month_protected"),
                self.env.cr.savepoint(flush=False),
            ):
                self.env.cr.execute(SQL(statement, january=january.id))
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            january.sudo().write({"state": "open"})
            self.env.flush_all()
        self.env.invalidate_all(flush=False)
        self.env.cr.execute(
            "UPDATE vip_kpi_month SET computed_at = NULL WHERE id = %s", [february.id]
        )

    def test_people_and_places_stay(self):
        """Whom a frozen month names cannot be deleted or merged away."""
        li = self._join("Li")
        month = self._frozen()
        names = OPEN_OF.split()
        before = self.Fact.search([("month_id", "=", month.id)]).read(names)
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        wizard = self.env["base.partner.merge.automatic.wizard"].create(
            {
                "partner_ids": [Command.set((li | stranger).ids)],
                "dst_partner_id": stranger.id,
                "state": "selection",
            }
        )
        for what, method, error in (
            ("merge", wizard.action_merge, UserError),
            ("customer", li.unlink, UserError),
            ("membership", li.vip_membership_id.unlink, UserError),
            ("branch", self.city.unlink, IntegrityError),
            ("tier", self.gold.unlink, UserError),
            ("manager", self.users["manager_a"].unlink, IntegrityError),
            ("company", self.company.unlink, IntegrityError),
        ):
            with (
                self.subTest(what),
                mute_logger("odoo.sql_db"),
                self.assertRaises(error),
                self.env.cr.savepoint(),
            ):
                method()
        self._is_unchanged(month, before)
        self.assertEqual(self._fact(li, month).partner_id, li)

    def test_merge_into_the_customer(self):
        """Whoever is merged into him changes nothing of his month."""
        li = self._join("Li")
        month = self._frozen()
        double = self.env["res.partner"].create({"name": "Li again"})
        self.env["base.partner.merge.automatic.wizard"].create(
            {
                "partner_ids": [Command.set((li | double).ids)],
                "dst_partner_id": li.id,
                "state": "selection",
            }
        ).action_merge()
        self.assertEqual(self._figures(li, month), {"opening", "closing"})

    def test_upgrade(self):
        """Setting the triggers up again changes no frozen row."""
        self._join("Li")
        month = self._frozen()
        for name in ("vip.kpi.month", "vip.kpi.fact", "vip.kpi.report", "vip.kpi.reopening"):
            self.env[name].init()
        with (
            self._violates(IntegrityError, "vip_kpi_fact_protected"),
            self.env.cr.savepoint(flush=False),
        ):
            self.env.cr.execute("DELETE FROM vip_kpi_fact WHERE month_id = %s", [month.id])
