from datetime import timedelta

from odoo.tests import TransactionCase, freeze_time, tagged

from odoo.addons.vip_customer.tests import test_demo

from ..models.vip_kpi_report import RATES

# A Sunday at a month's end, the first day of a policy year.
DAYS = ("2027-01-31", "2027-02-01")


@tagged("post_install", "-at_install", "vip_retention")
class TestRetentionDemo(TransactionCase):
    def test_any_day(self):
        """The demo tells its story on any day, in a company of its own, and once only."""
        for day in DAYS:
            with (
                self.subTest(day=day),
                freeze_time(f"{day} 02:00:00"),
                self.env.cr.savepoint() as point,
            ):
                company = test_demo.TestDemo._load_demo(self)
                self.env["vip.demo"]._load_retention()
                cases = self.env["vip.retention.case"].search([("company_id", "=", company.id)])
                self._check_cases(cases)
                self._check_story(cases)
                self._check_report(company)
                self._check_risk(company)
                self._check_months(company)
                self._check_branches(company)
                self.env["vip.demo"]._load_retention()
                self.assertEqual(
                    self.env["vip.retention.case"].search([("company_id", "=", company.id)]), cases
                )
                point.rollback()
                self.env.registry.clear_cache()

    def _check_risk(self, company):
        """Somebody is at high risk, others at medium, and most at low."""
        members = self.env["vip.membership"].search([("company_id", "=", company.id)])
        levels = members.grouped("risk_level")
        self.assertTrue(levels["high"].activity_ids)
        self.assertGreater(len(levels["low"]), len(levels["medium"]))
        self.assertGreater(len(levels["medium"]), 0)

    def _check_months(self, company):
        """Months that can be compared: most are frozen, people left in some, and no rate is empty."""
        months = self.env["vip.kpi.month"].search([("company_id", "=", company.id)])
        self.assertEqual(months.mapped("state"), ["open", "open", *["frozen"] * 4])
        self.assertFalse(list(filter(None, (month._mismatch() for month in months))))
        self.assertGreaterEqual(sum(months.mapped("churned")), 3)
        [rates] = self.env["vip.kpi.report"]._read_group(
            [("company_id", "=", company.id)],
            [],
            [f"{name}:avg" for name in RATES],
        )
        self.assertTrue(all(rates), dict(zip(RATES, rates, strict=True)))

    def _check_branches(self, company):
        """Reports of every state, and assessments that are answered and not."""
        domain = [("company_id", "=", company.id)]
        reports = self.env["vip.monthly.report"].search(domain)
        self.assertEqual(set(reports.mapped("state")), {"draft", "submitted", "received"})
        self.assertFalse(any(reports.mapped("has_changed")))
        assessments = self.env["vip.assessment"].search(domain)
        self.assertEqual(len(assessments), 3)
        answered = assessments.filtered(lambda one: one.state != "draft")
        self.assertEqual(len(answered), 2)
        for record in answered:
            self.assertTrue(record.open_months or record.state == "reviewed")
            self.assertTrue(record.is_scored)

    def _check_cases(self, cases):
        states = {
            "new",
            "analysed",
            "proposed",
            "considering",
            "doing",
            "watch",
            "closed",
        }
        self.assertEqual(set(cases.mapped("state")), states)
        outcomes = {"saved", "lost_after_watch", "refused", "withdrawn", "no_answer"}
        closed = cases.filtered(lambda case: case.state == "closed")
        self.assertEqual(set(closed.mapped("outcome")), outcomes)
        listed = cases.filtered(lambda case: case.source == "list" and case.state == "new")
        self.assertEqual(len(listed), 2)
        self.assertGreaterEqual(len(cases.filtered(lambda case: case.state == "watch")), 3)
        [overdue] = cases.filtered(lambda case: case.state == "considering")
        self.assertTrue(overdue.is_overdue and overdue.activity_ids)
        self.assertIn("waiting", cases.proposal_ids.mapped("approval"))
        self.assertTrue(cases.filtered(lambda case: case.was_protected and case.state != "closed"))
        self.assertTrue(cases.filtered(lambda case: case.is_port_out and case.state != "closed"))

    def _check_story(self, cases):
        """Nothing happens before it can, and what counts as kept was billed."""
        now = max(cases.mapped("opened_at"))
        for case in cases:
            dates = case.log_ids.mapped("date")
            self.assertEqual(dates, sorted(dates), case.name)
            self.assertLessEqual(dates[-1], now + timedelta(days=1))
            self.assertEqual(case.departure_id.case_id, case)
            self.assertTrue(case.facts["on"])
            if case.outcome == "saved":
                billed = self.env["vip.billing.fact"].search_count(
                    [
                        ("number_id", "in", case.kept_number_ids.ids),
                        ("month", "=", case.watch_until.replace(day=1)),
                        ("amount", ">", 0),
                    ]
                )
                self.assertTrue(billed, case.name)

    def _check_report(self, company):
        report = self.env["vip.retention.report"]
        domain = [("company_id", "=", company.id)]
        self.assertGreaterEqual(len(report._read_group(domain, ["closed_month:month"])), 5)
        [(rate, cost)] = report._read_group(domain, [], ["save_rate:avg", "cost_per_save:avg"])
        self.assertTrue(0 < rate < 1 and cost > 0)
