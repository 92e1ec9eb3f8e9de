from lxml import html as lxml_html

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged
from odoo.tools import format_datetime

from .report_common import ReportCase


@tagged("post_install", "-at_install", "vip_retention")
class TestCaseLog(ReportCase):
    """The printed log: every step with date and person, and nothing that is not the customer's to read."""

    def _print(self, cases, user="desk"):
        """The words of the page, each gap one space."""
        report = self.env["ir.actions.report"].with_user(self.users[user])
        page, _kind = report._render_qweb_html("vip_retention.case_log", cases.ids)
        return " ".join(lxml_html.fromstring(page).text_content().split())

    def _refused(self):
        """Proposed at 10:00, considered at 11:00, refused at 15:30 in Shanghai."""
        case = self._open(description="Too dear, he says")
        self._propose(case, "vas_trial")
        with freeze_time("2026-03-10 03:00:00"):
            case.action_consider()
        with freeze_time("2026-03-10 07:30:00"):
            case.with_user(self.users["manager_a"]).action_refuse()
        self.env.flush_all()
        return case

    def test_every_step_with_date_person_and_content(self):
        case = self._refused()
        page = self._print(case)
        for line in case.log_ids:
            with self.subTest(step=line.step):
                self.assertIn(line.user_id.name, page)
                self.assertIn(line._label(), page)
                self.assertIn(" ".join((line.content or "").split()), page)
        for word in (case.name, "Li", "Gold", "Too dear, he says", self.company.name):
            self.assertIn(word, page)

    def test_final_refusal_stands_out(self):
        case = self._refused()
        page = self._print(case)
        refusal = case.log_ids.filtered(lambda line: line.step == "refused")
        moment = format_datetime(self.env(user=self.users["desk"]), refusal.date)
        moment = " ".join(moment.split())
        who = self.users["manager_a"].name
        self.assertIn(f"The customer's final refusal was noted on {moment} by {who}", page)
        self.assertIn(f"Closed on {moment}", page)
        self.assertNotIn("final refusal was noted", self._print(self._open("Wang")))

    def test_offers_with_their_answers(self):
        case = self._open()
        self._accept(case, "plan_fit", reference="ORDER-77")
        page = self._print(case)
        for word in ("Better fitting plan", "Accepted", "ORDER-77", self.users["desk"].name):
            self.assertIn(word, page)
        self.assertIn("Nothing was offered.", self._print(self._open("Wang")))

    def test_no_cost_is_printed(self):
        case = self._open(reason="t_shock")
        self.env.ref("vip_retention.offer_credit_l").cost = 4321
        case.with_user(self.users["boss"]).action_propose(self._offer("credit_l").id)
        page = self._print(case, "boss")
        self.assertIn("Loyalty credit", page)
        self.assertNotIn("4,321", page)
        self.assertNotIn("4321", page)

    def test_nothing_of_type_and_profile(self):
        case = self._open()
        kind = self.env["vip.customer.type"].search([], limit=1)
        case.sudo().partner_id.vip_membership_id.customer_type_id = kind
        self.env["vip.preference"].create(
            {
                "partner_id": case.partner_id.id,
                "type_id": self.env.ref("vip_customer.preference_type_gift").id,
                "value": "Green tea",
            }
        )
        page = self._print(case, "boss")
        for word in (kind.name, kind.technique, "Green tea"):
            self.assertNotIn(word, page)

    def test_money_and_facts_for_who_may_see_them(self):
        case = self._refused()
        for user, seen in {"manager_a": True, "boss": True, "auditor": True, "desk": False}.items():
            with self.subTest(user=user):
                page = self._print(case, user)
                self.assertEqual("7,000.00" in page, seen)
                self.assertEqual("Facts of the day of opening" in page, seen)

    def test_numbers_are_masked(self):
        case = self._open()
        number = case.sudo().number_ids.number
        page = self._print(case, "manager_a")
        self.assertNotIn(number, page)
        self.assertIn(case.concerned, page)

    def test_several(self):
        first, second = self._open("Li"), self._open("Wang")
        page = self._print(first | second)
        self.assertIn(first.name, page)
        self.assertIn(second.name, page)

    def test_not_for_others(self):
        case = self._open()
        for user in ("employee", "portal", "importer"):
            with self.subTest(user=user), self.assertRaises(AccessError):
                self._print(case, user)
