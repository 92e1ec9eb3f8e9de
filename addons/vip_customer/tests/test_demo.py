"""The demo must tell its story on any day it is loaded.

It is loaded into a company of its own, beside the demo that the database may have already.
"""

from datetime import date

from odoo import Command
from odoo.modules.module import Manifest
from odoo.tests import TransactionCase, freeze_time, tagged
from odoo.tools.convert import convert_file

from ..tools.tier_rules import add_months
from .ledger_check import LedgerCheck

# The ends of a year, the first day of a policy year, a leap day.
DAYS = ("2027-01-01", "2027-02-01", "2028-02-29", "2026-12-31")


@tagged("vip_customer", "post_install", "-at_install")
class TestDemo(LedgerCheck, TransactionCase):
    def test_any_day(self):
        """Its story is told on any day; loading again (``odoo module force-demo``) changes nothing."""
        for day in DAYS:
            # 10 in the morning in Shanghai
            with (
                self.subTest(day=day),
                freeze_time(f"{day} 02:00:00"),
                self.env.cr.savepoint() as point,
            ):
                company = self._load_demo()
                runs = self.env["vip.tier.run"].search([("company_id", "=", company.id)])
                self.env["vip.demo"]._load()
                self.assertEqual(
                    self.env["vip.tier.run"].search([("company_id", "=", company.id)]), runs
                )
                self._check_book(company)
                self._check_months(company, date.fromisoformat(day))
                self._check_policies(company, date.fromisoformat(day))
                self._check_greetings(company, date.fromisoformat(day))
                self._check_portfolio(company)
                self._check_vas(company, date.fromisoformat(day))
                self._check_care(company, date.fromisoformat(day))
                self._check_waiting_run(company)
                self._check_benefits(company)
                point.rollback()
                self.env.registry.clear_cache()

    def _load_demo(self):
        """Load the demo files with a new company in the place of the main one."""
        company = self.env["res.company"].create({"name": "Demo of today"})
        self.env.flush_all()
        self.env.cr.execute(
            """
            UPDATE ir_model_data SET res_id = %s WHERE module = 'base' AND name = 'main_company';
            UPDATE res_users SET login = 'old.' || login WHERE login LIKE 'vip\\_%%';
            DELETE FROM ir_model_data
             WHERE module = 'vip_customer' AND name ~ '^(user|team|customer|lead)_';
            """,
            [company.id],
        )
        self.env.registry.clear_cache()
        self.env.invalidate_all()
        for path in Manifest.for_addon("vip_customer")["demo"]:
            convert_file(self.env, "vip_customer", path, {}, mode="init", noupdate=True)
        return company

    def _check_book(self, company):
        members = self.env["vip.membership"].search([("company_id", "=", company.id)])
        counts = {
            tier.code or "none": len(group) for tier, group in members.grouped("tier_id").items()
        }
        for code, low, high in (
            ("diamond", 7, 9),
            ("gold", 18, 23),
            ("silver", 32, 42),
            ("none", 12, 20),
        ):
            self.assertTrue(low <= counts[code] <= high, counts)
        diamonds = members.filtered(lambda member: member.tier_id.code == "diamond")
        self.assertEqual(len(diamonds.team_id), 2, "one county has no diamond customer")
        movements = {member.movement for member in members if member.tier_id}
        self.assertEqual(movements, {"enter", "up", "keep", "down"})
        self.assertTrue(members.filtered("closed_on"))

    def _check_benefits(self, company):
        """What the VIP page and other systems are told is what the ledgers say."""
        members = self.env["vip.membership"].search([("company_id", "=", company.id)])
        members = members.with_context(allowed_company_ids=company.ids)
        self.env.user.company_ids = [Command.link(company.id)]
        self.assertTrue(members.entitlement_ids)
        self._check_ledger(members)

    def _check_months(self, company, today):
        months = self.env["vip.billing.month"].search([("company_id", "=", company.id)])
        self.assertGreaterEqual(len(months), 18)
        newest, *earlier = months
        self.assertEqual(newest.month, add_months(today, -1))
        self.assertFalse(newest.complete, "its last bills are still to come")
        self.assertTrue(all(month.complete for month in earlier))

    def _check_policies(self, company, today):
        policies = self.env["vip.tier.policy"].search([("company_id", "=", company.id)])
        self.assertEqual(policies.mapped("state"), ["draft", "in_force", "closed"])
        self.assertEqual(policies[1], policies._in_force(company, today))

    def _check_greetings(self, company, today):
        """Somebody is greeted whatever day it is, nobody through a gateway."""
        greetings = self.env["vip.greeting"].search([("company_id", "=", company.id)])
        self.assertLessEqual({"filed", "task", "skipped"}, set(greetings.mapped("state")))
        self.assertNotIn("queued", greetings.mapped("state"))
        self.assertIn("opted_out", greetings.mapped("reason"))
        members = self.env["vip.membership"].search([("company_id", "=", company.id)])
        self.assertEqual(set(members.mapped("birthday_calendar")), {"solar", "lunar"})
        self.assertTrue(members.filtered(lambda member: str(member.birthday) == "1964-02-29"))
        coming = [member.next_birthday for member in members if member.next_birthday]
        self.assertGreaterEqual(sum((day - today).days <= 10 for day in coming), 10)

    def _check_care(self, company, today):
        """Touches of all kinds, something to do today, figures to show."""
        touches = self.env["vip.care.touch"].search([("company_id", "=", company.id)])
        self.assertEqual(set(touches.mapped("state")), {"planned", "done", "skipped", "missed"})
        due = touches.filtered(lambda touch: touch.due_date == today and touch.state == "planned")
        self.assertGreaterEqual(len(due.manager_id), 2)
        self.assertTrue(
            touches.filtered(lambda touch: touch.due_date.year > today.year) or today.month < 12
        )
        names = ("due", "done_on_time", "done_late", "missed")
        [figures] = self.env["vip.care.coverage"]._read_group(
            [("company_id", "=", company.id)], [], [f"{name}:sum" for name in names]
        )
        self.assertTrue(all(figures), figures)

    def _check_portfolio(self, company):
        """Account managers have a past: some customers changed hands, one is about to; what is said of
        today agrees with it."""
        rows = self.env["vip.manager.assignment"].search([("company_id", "=", company.id)])
        self.assertEqual(set(rows.mapped("state")), {"past", "current", "agreed"})
        self.assertEqual(self.env["vip.manager.assignment"]._project(company), 0)
        members = self.env["vip.membership"].search([("company_id", "=", company.id)])
        self.assertTrue(members.filtered("has_no_manager"))
        deputies = self.env["vip.manager.deputy"].search([("company_id", "=", company.id)])
        self.assertEqual(len(deputies.filtered("is_today")), 1)
        months = self.env["vip.care.coverage"]._read_group(
            [("company_id", "=", company.id), ("manager_id", "!=", False)], ["month:month"]
        )
        self.assertGreaterEqual(len(months), 3)

    def _check_vas(self, company, today):
        """Services were shown, taken up and ended, and some were taken up this month."""
        uses = self.env["vip.vas.use"].search([("company_id", "=", company.id)])
        self.assertEqual(set(uses.mapped("state")), {"shown", "taken_up", "ended"})
        self.assertEqual(set(uses.mapped("source")), {"demonstration", "counter", "hotline"})
        self.assertEqual(len(uses.vas_id), 4)
        month = today.replace(day=1)
        self.assertTrue(uses.filtered(lambda use: use.taken_up_on and use.taken_up_on >= month))

    def _check_waiting_run(self, company):
        """One run waits for an approver, moves customers and can be applied today."""
        runs = self.env["vip.tier.run"].search([("company_id", "=", company.id)], order="id")
        self.assertEqual(runs.mapped("state"), ["applied"] * 4 + ["computed"])
        for run in runs:
            self.assertTrue(run.enter_count, run.name)
            self.assertFalse(run.incomplete_warning)
        waiting = runs[-1]
        self.assertTrue(waiting.hold_count)
        waiting = waiting.with_user(self.env.ref("vip_customer.user_approver"))
        waiting.action_approve()
        waiting.action_apply()
        self.assertEqual(waiting.state, "applied")
