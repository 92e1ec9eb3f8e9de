from functools import partial

from lxml import etree

from odoo.tests import Form, tagged

from .common import VipCase

FEW, MANY = 3, 30


@tagged("post_install", "-at_install", "vip_tier")
class TestPerformance(VipCase):
    """Opening a screen costs a number of queries that does not depend on rows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        policy = cls._create_policy()
        for i in range(MANY):
            cls._create_customer(f"Customer {i}", cls._year(400), number=f"138000100{i:02}")
        # one customer with few records, one with many
        cls.small = cls.env["res.partner"].search([("name", "=", "Customer 0")])
        cls.big = cls._create_customer("Big", cls._year(400), number="13900139000")
        for i in range(MANY):
            line = cls.env["vip.service.number"].create(
                {"partner_id": cls.big.id, "number": f"139000100{i:02}"}
            )
            cls._create_bills(cls.big, cls._year(10, year=2025), line)
        for day, amount in (("2026-02-01", 9000), ("2026-02-02", 20000), ("2026-02-03", 1)):
            cls._assess(policy, as_of=day)  # silver, gold, diamond
            cls._create_bills(cls.big, {f"2025-0{day[-1]}-01": amount})
        members = cls.env["vip.membership"].search([("company_id", "=", cls.company.id)])
        members.write({"manager_id": cls.users["manager_a"].id, "team_id": cls.city.id})
        cls.env["vip.tier.override"].create(
            [
                {
                    "partner_id": partner.id,
                    "kind": "floor",
                    "tier_id": cls.gold.id,
                    "date_from": "2026-01-01",
                    "date_to": "2026-12-31",
                    "reason": "Asked for it",
                }
                for partner in (cls.small, *[cls.big] * 5)
            ]
        )
        for member in members:
            member.partner_id.vip_redeem("VISIT_REQ")
        for code in ("VISIT_REQ", "SIM_BACKUP", "SIM_REPLACE", "LOUNGE", "BOARDING") * 2:
            cls.big.vip_redeem(code)

    def _count(self, open_screen):
        """Queries of opening a screen with cold records and warm configuration."""
        for _ in range(2):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            open_screen()
        return self.env.cr.sql_log_count - before

    def _check_rows(self, model, view_type, domain=(), user="boss"):
        Model = self.env[model].with_user(self.users[user])
        specification = self._specification(Model, view_type)

        open_screen = partial(Model.web_search_read, list(domain), specification)
        self.assertEqual(len(open_screen(limit=MANY)["records"]), MANY)
        few, many = (self._count(partial(open_screen, limit=rows)) for rows in (FEW, MANY))
        self.assertEqual(few, many)

    @staticmethod
    def _specification(Model, view_type):
        """What the web client asks for to show this view."""
        view = Model.get_views([(False, view_type)])
        arch = etree.fromstring(view["views"][view_type]["arch"])
        # in the order of the view, which decides what is fetched along with what
        names = dict.fromkeys(node.get("name") for node in arch.iter("field"))
        return {
            name: {"fields": {"display_name": {}}} if Model._fields[name].relational else {}
            for name in names
        }

    # ------------------------------------------------------------
    # LISTS
    # ------------------------------------------------------------

    def test_customers(self):
        for user in ("boss", "manager_a", "lead", "auditor"):
            self._check_rows("vip.membership", "list", user=user)

    def test_customers_kanban(self):
        self._check_rows("vip.membership", "kanban")

    def test_contacts(self):
        domain = [("vip_tier_id", "!=", False)]
        for view_type in ("list", "kanban"):
            self._check_rows("res.partner", view_type, domain)

    def test_run_lines(self):
        self._check_rows("vip.tier.run.line", "list")

    def test_history(self):
        self._check_rows("vip.tier.history", "list")

    def test_numbers_and_bills(self):
        self._check_rows("vip.service.number", "list")
        self._check_rows("vip.billing.fact", "list")

    def test_redemptions(self):
        for user in ("desk", "manager_a", "lead", "boss"):
            for view_type in ("list", "kanban"):
                self._check_rows("vip.redemption", view_type, user=user)

    def test_entitlements(self):
        domain = [("benefit_id.code", "=", "CARD")]  # something left in every row
        for user in ("manager_a", "boss", "auditor"):
            for view_type in ("list", "kanban"):
                self._check_rows("vip.entitlement", view_type, domain, user)

    def test_benefit_report(self):
        self._check_rows("vip.benefit.report", "list")

    # ------------------------------------------------------------
    # VIP PAGE
    # ------------------------------------------------------------

    def test_vip_page(self):
        """With one number, twelve bills and few rows, or with many of each."""
        for user in ("boss", "manager_a"):
            small, big = (
                partner.vip_membership_id.with_user(self.users[user])
                for partner in (self.small, self.big)
            )
            specification = Form(small)._view["fields_spec"]
            for name in ("number_ids", "history_ids", "override_ids", "redemption_ids"):
                self.assertGreater(len(big[name]), len(small[name]))
            few, many = (
                self._count(partial(member.web_read, specification)) for member in (small, big)
            )
            self.assertEqual(few, many)
