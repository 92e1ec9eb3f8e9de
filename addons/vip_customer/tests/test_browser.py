from datetime import date

from dateutil.relativedelta import relativedelta
from lxml import etree

from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

CLICK_EVERYWHERE = (
    "odoo.loader.modules.get('@web/webclient/clickbot/clickbot_loader')"
    ".startClickEverywhere('vip_customer.menu_root');"
)


@tagged("post_install", "-at_install", "vip_browser")
class TestBrowser(HttpCase):
    """The screens in a real browser; the browser's own clock runs, so dates are relative to today."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for lang in ("en_US", "zh_CN"):
            cls.env["res.lang"]._activate_lang(lang)
        cls.company = cls.env["res.company"].create({"name": "Tour Mobile"})
        cls.manager = new_test_user(
            cls.env,
            "vip_tour_manager",
            lang="en_US",  # the language that the tour looks for
            groups="base.group_user,vip_customer.group_vip_manager,vip_customer.group_vip_approver",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.company.ids})
        partner = cls.env["res.partner"].create({"name": "Tour Customer"})
        number = cls.env["vip.service.number"].create(
            {"partner_id": partner.id, "number": "tour-1", "activated_on": "2020-01-01"}
        )
        last = date.today().replace(day=1)
        cls.env["vip.billing.fact"].create(
            [
                {
                    "partner_id": partner.id,
                    "number_id": number.id,
                    "month": last - relativedelta(months=i),
                    "amount": 800,
                }
                for i in range(1, 25)
            ]
        )

    def test_first_year(self):
        """From an empty list of policies to the lines of a dry run."""
        self.start_tour("/odoo", "vip_first_year_tour", login="vip_tour_manager", timeout=120)
        run = self.env["vip.tier.run"].search([("company_id", "=", self.company.id)])
        self.assertEqual(run.state, "computed")
        self.assertEqual(run.enter_count, 1)

    # ------------------------------------------------------------
    # BENEFITS
    # ------------------------------------------------------------

    def _create_guest(self):
        """A customer of a tier with a standing right and six lounge visits a month."""
        self.company.country_id = self.env.ref("base.cn")
        tier = self.env["vip.tier"].create({"name": "Tour Tier", "code": "tour", "rank": 10000})
        category = self.env["vip.benefit.category"].create({"name": "Tour", "sequence": 0})
        for name, values in {
            "Tour Hotline": {"delivery": "standing"},
            "Tour Lounge": {"unit": "visit"},
            "Tour Boarding": {},
        }.items():
            self.env["vip.benefit"].create(
                {"name": name, "code": name, "category_id": category.id, **values}
            )
        self._promise("Tour Hotline", tier)
        self._promise("Tour Lounge", tier, quantity=6, period="month")
        partner = self.env["res.partner"].create({"name": "Tour Guest", "ref": "T-1"})
        self.env["vip.service.number"].create(
            {"partner_id": partner.id, "number": "13800138000", "activated_on": "2020-01-01"}
        )
        today = self.company._vip_today()
        override = self.env["vip.tier.override"].create(
            {
                "partner_id": partner.id,
                "kind": "floor",
                "tier_id": tier.id,
                "date_from": today,
                "date_to": today,
                "reason": "Tour",
            }
        )
        override.with_user(self.manager).action_approve()
        return partner

    def _benefit(self, name):
        return self.env["vip.benefit"].search([("code", "=", name)])

    def _promise(self, name, tier, **values):
        self.env["vip.tier.benefit"].create(
            {"tier_id": tier.id, "benefit_id": self._benefit(name).id, **values}
        )

    def test_desk(self):
        """Redeem by number, hand over, be refused, issue and deliver: all of it as the desk."""
        new_test_user(
            self.env,
            "vip_tour_desk",
            lang="en_US",
            groups="base.group_user,vip_customer.group_vip_desk",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        partner = self._create_guest()
        with mute_logger("odoo.http"):  # Odoo warns of every refusal
            self.start_tour("/odoo", "vip_desk_tour", login="vip_tour_desk", timeout=120)
        redemptions = self.env["vip.redemption"].search([("partner_id", "=", partner.id)])
        self.assertEqual(redemptions.mapped("state"), ["delivered"] * 2)
        self.assertEqual(redemptions.entitlement_id.used, 2)

    def test_matrix_at_the_desk(self):
        """Who may not know what a unit costs looks at the matrix too, at benefits without a category as
        well."""
        new_test_user(
            self.env,
            "vip_tour_clerk",
            lang="en_US",
            groups="base.group_user,vip_customer.group_vip_desk",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self._create_guest()
        self._benefit("Tour Boarding").category_id = False
        self.start_tour("/odoo/vip-benefit-matrix", "vip_matrix_desk_tour", login="vip_tour_clerk")

    def test_matrix(self):
        """Change, add and take away cells; customers have it once it is granted."""
        partner = self._create_guest()
        tier = partner.vip_tier_id
        self.start_tour("/odoo", "vip_matrix_tour", login="vip_tour_manager", timeout=120)
        promises = self.env["vip.tier.benefit"].search([("tier_id", "=", tier.id)])
        self.assertEqual(
            {promise.benefit_id.code: promise.quantity for promise in promises},
            {"Tour Lounge": 8, "Tour Boarding": 2},
        )
        lines = self.env["vip.entitlement"].search([("partner_id", "=", partner.id)])
        self.assertEqual(lines.filtered(lambda e: e.benefit_id.code == "Tour Lounge").granted, 8)

    # ------------------------------------------------------------
    # HOTLINE
    # ------------------------------------------------------------

    def test_hotline(self):
        """A call comes in: the telephone system opens the card, the agent notes the call."""
        partner = self.env["res.partner"].search([("name", "=", "Tour Customer")])
        self.env["vip.service.number"].create(
            {"partner_id": partner.id, "number": "+8613800138000"}
        )
        agent = new_test_user(
            self.env,
            "vip_tour_agent",
            lang="en_US",
            groups="base.group_user,vip_customer.group_vip_desk",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.start_tour(
            "/odoo/vip-caller?number=%2B86138-0013-8000",
            "vip_hotline_tour",
            login=agent.login,
            timeout=120,
        )
        [call] = self.env["vip.interaction"].search([("partner_id", "=", partner.id)])
        self.assertEqual((call.summary, call.user_id), ("Asked for roaming", agent))

    # ------------------------------------------------------------
    # EVERYTHING
    # ------------------------------------------------------------

    def test_click_everywhere(self):
        """Every menu, view and filter opens without an error."""
        self.browser_js(
            "/odoo",
            CLICK_EVERYWHERE,
            "odoo.isReady === true",
            login="vip_tour_manager",
            timeout=900,
            success_signal="clickbot test succeeded",
        )

    def test_every_view_in_chinese(self):
        """What a menu opens stands in Chinese too: the clicks above need not be done twice."""
        root = self.env.ref("vip_customer.menu_root")
        menus = self.env["ir.ui.menu"].search([("id", "child_of", root.id)])
        actions = [
            menu.action
            for menu in menus
            if menu.action and menu.action._name == "ir.actions.act_window"
        ]
        self.assertGreater(len(actions), 40)
        for action in actions:
            with self.subTest(action=action.name):
                model = self.env[action.res_model].with_user(self.manager)
                found = model.with_context(lang="zh_CN").get_views(
                    [*action.views, [False, "search"]], {"toolbar": True}
                )
                for kind, view in found["views"].items():
                    etree.fromstring(view["arch"])
                    self.assertTrue(view["arch"], kind)
