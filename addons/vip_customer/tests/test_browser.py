from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged

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

    def test_click_everywhere(self):
        """Every menu, view and filter opens without an error, in both languages."""
        for lang in ("en_US", "zh_CN"):
            with self.subTest(lang=lang):
                self.manager.lang = lang
                self.browser_js(
                    "/odoo",
                    CLICK_EVERYWHERE,
                    "odoo.isReady === true",
                    login="vip_tour_manager",
                    timeout=300,
                    success_signal="clickbot test succeeded",
                )
