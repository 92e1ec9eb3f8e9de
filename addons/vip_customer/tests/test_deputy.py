from datetime import date

from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, tagged

from .doors_common import DoorsCase

# Wednesday 11 to Friday 13 March in Shanghai
FIRST, LAST = "2026-03-11", "2026-03-13"
BEFORE, AFTER = "2026-03-10 15:59:00", "2026-03-13 16:01:00"
DURING = ("2026-03-10 16:01:00", "2026-03-12 02:00:00", "2026-03-13 15:59:00")
# what belongs to a customer and an account manager may read
CHILDREN = (
    "vip.membership",
    "vip.service.number",
    "vip.billing.fact",
    "vip.tier.history",
    "vip.tier.override",
    "vip.preference",
    "vip.greeting",
    "vip.entitlement",
    "vip.goodwill",
    "vip.benefit.report",
    "vip.care.touch",
)


@tagged("post_install", "-at_install", "vip_portfolio")
class TestDeputy(DoorsCase):
    """manager_b stands in for manager_a, whose customer is "own"."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["vip.manager.deputy"].search([]).unlink()  # those of the book stand in in March
        cls.own = cls.book["own"]["vip.membership"]
        cls.far = cls.book["far"]["vip.membership"]
        cls.a, cls.b, cls.c = (cls.users[f"manager_{name}"] for name in "abc")

    def setUp(self):
        super().setUp()
        self.addCleanup(self.registry.clear_cache)

    def _appoint(self, user="boss", **values):
        return (
            self.env["vip.manager.deputy"]
            .with_user(self.users[user])
            .create(
                {
                    "manager_id": self.a.id,
                    "deputy_id": self.b.id,
                    "date_from": FIRST,
                    "date_to": LAST,
                    **values,
                }
            )
        )

    def _sees(self, model, role="manager_b"):
        record = self.book["own"][model]
        records = self._as(role, record)
        found = bool(records.search([("id", "=", record.id)]))
        self.assertEqual(records.has_access("read"), found, model)
        return found

    # ------------------------------------------------------------
    # sees and does as the manager
    # ------------------------------------------------------------

    def test_sees_from_the_first_day_to_the_last(self):
        self._appoint()
        for moment, expected in ((BEFORE, False), *((m, True) for m in DURING), (AFTER, False)):
            with freeze_time(moment):
                for model in CHILDREN:
                    with self.subTest(moment=moment, model=model):
                        self.assertEqual(self._sees(model), expected)

    def test_everybody_elses_customers_stay_closed(self):
        self._appoint()
        with freeze_time(DURING[0]):
            self.assertFalse(self._as("manager_b", self.far).has_access("read"))
            self.assertFalse(self._sees("vip.membership", "manager_c"))

    def test_writes(self):
        self._appoint()
        with freeze_time(DURING[0]):
            self._as("manager_b", self.own).joined_on = "2022-09-01"
            self._as("manager_b", self.env["vip.preference"]).create(
                {
                    "partner_id": self.own.partner_id.id,
                    "type_id": self.env.ref("vip_customer.preference_type_gift").id,
                    "value": "Tea",
                }
            )
            touch = self._as("manager_b", self.book["own"]["vip.care.touch"])
            day = max(touch.due_date, date(2026, 3, 12))
            self.assertTrue(touch.postpone(str(day), "He is abroad"))
        with freeze_time(AFTER), self.assertRaises(AccessError):
            self._as("manager_b", self.own).joined_on = "2022-08-01"

    def test_redeems(self):
        self._appoint()
        partner = self.own.partner_id
        with freeze_time(DURING[0]):
            self.assertTrue(self._as("manager_b", partner).vip_redeem("TEST_LOUNGE"))

    def test_figures_stay_with_the_manager(self):
        def figures():
            self.env.flush_all()
            self.env.invalidate_all()
            report = self.env["vip.benefit.report"]._read_group(
                [("company_id", "=", self.company.id)], ["manager_id"], ["granted:sum"]
            )
            coverage = self.env["vip.care.coverage"]._read_group(
                [("company_id", "=", self.company.id)], ["manager_id", "month:month"], ["due:sum"]
            )
            return report, coverage, self.own.manager_id

        with freeze_time("2026-03-12 02:00:00"):
            before = figures()
            self._appoint()
            self.assertEqual(figures(), before)

    def test_my_portfolio(self):
        self._appoint()
        members = self._as("manager_b", self.env["vip.membership"])
        with freeze_time(DURING[0]):
            self.assertEqual(members.search([("is_mine", "=", True)]), self.own)
            self.assertTrue(self._as("manager_b", self.own).is_mine)
            self.assertFalse(members.search([("manager_id", "=", self.b.id)]))
        with freeze_time(AFTER):
            self.assertFalse(members.search([("is_mine", "=", True)]))

    def test_my_day(self):
        self._appoint()
        with freeze_time(DURING[0]):
            day = self._as("manager_b", self.env["vip.my.day"]).load_day()
            self.assertEqual(day["scope"], "mine")
            rows = [row for block in day["blocks"] for row in block["rows"]]
            self.assertEqual({row["membership_id"] for row in rows}, set(self.own.ids))

    def test_it_does_not_go_on(self):
        """Who stands in for the deputy does not stand in for the manager."""
        self._appoint()
        self._appoint(manager_id=self.b.id, deputy_id=self.c.id)
        with freeze_time(DURING[0]):
            self.assertFalse(self._sees("vip.membership", "manager_c"))

    def test_only_in_his_company(self):
        self.rival_company.resource_calendar_id.tz = "Asia/Shanghai"
        both = self.a | self.b
        both.company_ids |= self.rival_company
        rival = self.book["rival"]["vip.membership"]
        rival._assign(self.a, self.env["crm.team"])
        self._appoint()
        with freeze_time(DURING[0]):
            self.assertTrue(self._sees("vip.membership"))
            self.assertFalse(self._as("manager_b", rival).has_access("read"))

    def test_changed_and_withdrawn(self):
        term = self._appoint()
        with freeze_time(DURING[0]):
            self.assertTrue(self._sees("vip.membership"))
            term.date_from = "2026-03-12"
            self.assertFalse(self._sees("vip.membership"))
            term.date_from = FIRST
            self.assertTrue(self._sees("vip.membership"))
            term.unlink()
            self.assertFalse(self._sees("vip.membership"))

    def test_page_says_who_stands_in(self):
        self._appoint()
        self.assertFalse(self._as("manager_a", self.own).stand_in)
        with freeze_time(DURING[0]):
            sentence = self._as("manager_a", self.own).stand_in
            self.assertIn(self.b.name, sentence)
            self.assertIn(self._day(date(2026, 3, 13)), sentence)
            self.assertFalse(self._as("boss", self.far).stand_in)

    def test_twice_is_fine(self):
        """Leave that is prolonged is entered once more."""
        self._appoint()
        self._appoint(date_from="2026-03-13", date_to="2026-03-20")
        with freeze_time(AFTER):
            self.assertTrue(self._sees("vip.membership"))

    def test_today(self):
        term = self._appoint()
        with freeze_time(DURING[-1]):
            self.env.invalidate_all()
            self.assertTrue(term.is_today)
            self.assertIn(term, term.search([("is_today", "=", True)]))
        with freeze_time(AFTER):
            self.env.invalidate_all()
            self.assertFalse(term.is_today)
            self.assertNotIn(term, term.search([("is_today", "=", True)]))

    # ------------------------------------------------------------
    # who may appoint
    # ------------------------------------------------------------

    def test_lead_of_the_branch_appoints(self):
        self.assertTrue(self._appoint("lead"))

    def test_lead_of_another_branch_does_not(self):
        with self.assertRaises(AccessError):
            self._appoint("lead", manager_id=self.c.id)

    def test_lead_of_one_of_two_branches_does_not(self):
        """He would hand out the customers of the other branch, too."""
        self.far._assign(self.a, self.county)
        with self.assertRaisesRegex(ValidationError, "branches that you do not lead"):
            self._appoint("lead")
        self.assertTrue(self._appoint("boss"))

    def test_nobody_else_appoints(self):
        for role in ("manager_a", "manager_b", "desk", "auditor", "employee", "importer"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self._appoint(role)

    def test_lead_pushes_nobody_out_of_his_branch(self):
        term = self._appoint("lead")
        with self.assertRaises(AccessError):
            term.manager_id = self.c

    # ------------------------------------------------------------
    # refusals
    # ------------------------------------------------------------

    def _move_away(self, user):
        company = self.rival_company
        user.write({"company_id": company.id, "company_ids": [Command.set(company.ids)]})

    def test_archived_deputy(self):
        self.b.active = False
        with self.assertRaisesRegex(ValidationError, "vip_test_manager_b .* is archived"):
            self._appoint()

    def test_deputy_of_another_company(self):
        self._move_away(self.b)
        with self.assertRaisesRegex(ValidationError, "no internal user of Test Mobile and cannot"):
            self._appoint()

    def test_portal_user(self):
        with self.assertRaisesRegex(ValidationError, "cannot stand in"):
            self._appoint(deputy_id=self.users["portal"].id)

    def test_manager_of_another_company(self):
        self._move_away(self.a)
        with self.assertRaisesRegex(ValidationError, "he has no customers there"):
            self._appoint()

    def test_without_the_role(self):
        with self.assertRaisesRegex(ValidationError, "vip_test_desk .* is no account manager"):
            self._appoint(deputy_id=self.users["desk"].id)

    def test_himself(self):
        with self._violates(CheckViolation, "vip_manager_deputy_somebody_else"):
            self._appoint(deputy_id=self.a.id)

    def test_end_before_begin(self):
        with self._violates(CheckViolation, "vip_manager_deputy_date_order"):
            self._appoint(date_to="2026-03-10")

    def test_one_day(self):
        self._appoint(date_to=FIRST)
        with freeze_time(DURING[0]):
            self.assertTrue(self._sees("vip.membership"))
        with freeze_time(DURING[1]):
            self.assertFalse(self._sees("vip.membership"))

    def test_company_without_access(self):
        with self.assertRaises(UserError):
            self._appoint(company_id=self.rival_company.id)
