from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install", "vip_browser")
class TestCaseTours(HttpCase):
    """The talk screen in a real browser, at the front desk; dates are relative to today."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.company = cls.env["res.company"].create({"name": "Tour Mobile"})
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.company.ids})
        cls.desk = new_test_user(
            cls.env,
            "vip_tour_desk",
            lang="en_US",  # the language that the tours look for
            groups="base.group_user,vip_customer.group_vip_desk",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.partner = cls.env["res.partner"].create({"name": "Tour Customer"})
        cls.number = cls.env["vip.service.number"].create(
            {"partner_id": cls.partner.id, "number": "tour-1", "activated_on": "2020-01-01"}
        )
        cls.partner.vip_membership_id.protected = True
        first = date.today().replace(day=1)
        cls.env["vip.billing.fact"].create(
            [
                {
                    "partner_id": cls.partner.id,
                    "number_id": cls.number.id,
                    "month": first - relativedelta(months=i),
                    "amount": 800,
                }
                for i in range(1, 13)
            ]
        )

    def _open_case(self):
        case = (
            self.env["vip.retention.case"]
            .with_user(self.desk)
            .create({"partner_id": self.partner.id})
        )
        return case.sudo()

    def test_accepted(self):
        """From “close my number” to saved."""
        self.start_tour("/odoo/vip-case-queue", "vip_retention_accept_tour", login=self.desk.login)
        case = self.env["vip.retention.case"].search([("partner_id", "=", self.partner.id)])
        self.assertEqual((case.state, case.user_id), ("watch", self.desk))
        self.assertEqual(case.proposal_ids.reference, "ORDER-1")
        self.assertEqual(self.partner.vip_membership_id.customer_type_id.code, "proud")
        # the watch is over, and its last month billed
        last = date.today().replace(day=1) - relativedelta(days=1)
        case.write({"watch_from": last - relativedelta(days=30), "watch_until": last})
        self.env["vip.retention.case"]._judge(self.company, 1)
        self.start_tour(
            f"/odoo/vip-cases/{case.id}", "vip_retention_saved_tour", login=self.desk.login
        )

    def test_which_of_his_numbers_he_keeps(self):
        self.number.number = "13800138001"
        second = self.number.create({"partner_id": self.partner.id, "number": "13800138002"})
        dialog = self.env["vip.retention.open"].with_user(self.desk)
        action = dialog.create(
            {"partner_id": self.partner.id, "all_numbers": True}
        ).action_confirm()
        case = self.env["vip.retention.case"].browse(action["res_id"])
        self.start_tour(
            f"/odoo/vip-cases/{case.id}", "vip_retention_numbers_tour", login=self.desk.login
        )
        self.assertEqual((case.state, case.kept_number_ids), ("watch", second))

    def test_nothing_in_the_form_stops_the_final_refusal(self):
        """Whatever a company adds to the form: a field that is required and empty."""
        self.env["ir.ui.view"].create(
            {
                "name": "A hurdle",
                "model": "vip.retention.case",
                "inherit_id": self.env.ref("vip_retention.vip_retention_case_view_form").id,
                "arch": """<field name="reason_id" position="attributes">
                             <attribute name="required">1</attribute>
                           </field>""",
            }
        )
        case = self._open_case()
        self.start_tour(
            f"/odoo/vip-cases/{case.id}", "vip_retention_refuse_tour", login=self.desk.login
        )
        self.assertEqual((case.state, case.outcome), ("closed", "refused"))
        self.assertEqual(case.closed_by, self.desk)

    def test_words_before_and_after_the_final_refusal(self):
        case = self._open_case()
        self.start_tour(
            f"/odoo/vip-cases/{case.id}", "vip_retention_words_tour", login=self.desk.login
        )
        self.assertEqual(case.outcome, "refused")
        self.assertEqual((case.description, case.survey), ("Too dear", "A fair price"))
