"""Months that come by themselves, are computed at night, and ask to be frozen."""

from odoo.tests import freeze_time, tagged

from .test_kpi_month import KpiCase


@tagged("post_install", "-at_install", "vip_kpi")
class TestKpiDue(KpiCase):
    def setUp(self):
        super().setUp()
        self.Month = self.env["vip.kpi.month"]
        self._join("Li")

    def _night(self, moment):
        with freeze_time(moment), self.enter_registry_test_mode():
            self.env.ref("vip_retention.ir_cron_kpi").method_direct_trigger()
        self.env.invalidate_all()
        return {
            str(month.month)[:7]: month
            for month in self.Month.search([("company_id", "=", self.company.id)])
        }

    def _reminders(self, month):
        return {
            activity.user_id: str(activity.date_deadline)
            for activity in self.env["mail.activity"].search(
                [("res_model", "=", "vip.kpi.month"), ("res_id", "=", month.id)]
            )
        }

    def test_running_month(self):
        """It comes with the first customer and is computed once a day."""
        months = self._night("2026-03-10 02:00:00")
        self.assertEqual(list(months), ["2026-03"])
        month = months["2026-03"]
        self.assertEqual(month.closing, 2)
        self._join("Zhao")
        self._night("2026-03-10 15:59:00")
        self.assertEqual(month.closing, 2)
        # midnight in Shanghai
        self._night("2026-03-10 16:00:00")
        self.assertEqual(month.closing, 3)

    def test_open_months(self):
        """Missing months are added, open ones computed, frozen ones left alone."""
        january = self._frozen()
        frozen_at = january.computed_at
        months = self._night("2026-03-10 02:00:00")
        self.assertEqual(set(months), {"2026-01", "2026-02", "2026-03"})
        self.assertTrue(months["2026-02"].computed_at and months["2026-03"].computed_at)
        self.assertEqual(january.computed_at, frozen_at)

    def test_month_of_the_future(self):
        """One that was added before such were refused keeps no other from coming."""
        self._month("2026-02-01")
        with freeze_time("2026-09-10 02:00:00"):
            self._month("2026-09-01", compute=False)
        months = self._night("2026-03-10 02:00:00")
        self.assertEqual(set(months), {"2026-02", "2026-03", "2026-09"})
        self.assertTrue(months["2026-03"].computed_at)
        self.assertFalse(months["2026-09"].computed_at)

    def test_company_without_customers(self):
        other = self.env["res.company"].create({"name": "No customers"})
        self._night("2026-03-10 02:00:00")
        self.assertFalse(self.Month.search([("company_id", "=", other.id)]))

    def test_another_zone(self):
        """At 06:00 UTC of March 1 it is March in Shanghai and still February in Honolulu."""
        self.company.resource_calendar_id.tz = "Pacific/Honolulu"
        self.assertEqual(set(self._night("2026-03-01 06:00:00")), {"2026-02"})
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        self.assertEqual(set(self._night("2026-03-01 06:00:00")), {"2026-02", "2026-03"})

    def test_reminder(self):
        """From the 3rd on each manager is asked once; freezing takes it back."""
        february = self._month("2026-02-01")
        self._night("2026-03-02 02:00:00")
        self.assertFalse(self._reminders(february))
        self._night("2026-03-03 02:00:00")
        managers = self.users["boss"] | self.users["approver"]
        self.assertEqual(self._reminders(february), dict.fromkeys(managers, "2026-03-05"))
        self.env["mail.activity"].search([("res_id", "=", february.id)])[:1].unlink()
        self._night("2026-03-04 02:00:00")
        self.assertEqual(len(self._reminders(february)), 1)
        february.action_compute()
        february.action_freeze()
        self.assertFalse(self._reminders(february))

    def test_overdue(self):
        february = self._month("2026-02-01")
        self.assertEqual(str(february.freeze_due), "2026-03-05")
        for moment, is_overdue in (("2026-03-05 02:00:00", False), ("2026-03-06 02:00:00", True)):
            with self.subTest(moment), freeze_time(moment):
                self.env.invalidate_all()
                self.assertEqual(february.is_overdue, is_overdue)
                found = self.Month.search([("is_overdue", "=", True)])
                self.assertEqual(february in found, is_overdue)
        february.action_freeze()
        self.assertFalse(february.is_overdue)
        self.assertFalse(self.Month.search([("is_overdue", "=", True)]))
