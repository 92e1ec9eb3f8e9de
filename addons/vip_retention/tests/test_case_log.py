from lxml import html as lxml_html

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged
from odoo.tools import format_datetime

from odoo.addons.sms.tests.common import SMSCase

from .case_common import FIRST, SECOND, RetentionCase
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


@tagged("post_install", "-at_install", "vip_retention")
class TestCaseLogSteps(RetentionCase, SMSCase):
    """What happens around the talk is in the log too: date, person, content."""

    def _last(self, case):
        row = case.sudo().log_ids.sorted("id")[-1:]
        return row.step, row.user_id.login.removeprefix("vip_test_"), row.content

    def _steps(self, case):
        return [step for step, _login in self._log_of(case)]

    def _two_requests(self):
        """A case with two numbers at stake, both to be closed."""
        self.second = self._number(self.partner, SECOND)
        case = self._leaves(number_id=self.first.id)
        self._leaves(number_id=self.second.id, effective_on="2026-04-15")
        return case

    def _request(self, case, number, user="manager_a"):
        request = case.sudo().departure_ids.filtered(lambda one: one.number_id == number)
        return request.with_user(self.users[user]).sudo(False)

    def test_another_day(self):
        case = self._leaves()
        self._request(case, self.first).change_day("2026-04-20")
        self.assertEqual(
            self._last(case), ("moved", "manager_a", "138****8001, 2026-03-30 → 2026-04-20")
        )
        self._request(case, self.first).change_day("2026-04-20")
        self.assertEqual(self._steps(case).count("moved"), 1)

    def test_a_day_where_none_was_known(self):
        case = self._leaves(self.plain, effective_on=False)
        self._request(case, self.first.browse(), "desk").change_day("2026-04-20")
        self.assertEqual(self._last(case), ("moved", "desk", "- → 2026-04-20"))

    def test_one_of_two_is_taken_back(self):
        case = self._two_requests()
        self._request(case, self.second).action_withdraw()
        second = ("withdrawn", "manager_a", "Scheduled cancellation, 138****8002, 2026-04-15")
        self.assertEqual((case.state, self._last(case)), ("new", second))
        self._request(case, self.first).action_withdraw()
        first = ("withdrawn", "manager_a", "Scheduled cancellation, 138****8001, 2026-03-30")
        self.assertEqual((case.outcome, self._last(case)), ("withdrawn", first))
        self.assertEqual(self._steps(case).count("withdrawn"), 2)

    def test_all_are_taken_back(self):
        case = self._two_requests()
        case.action_withdraw()
        self.assertEqual(self._steps(case), ["opened", "joined", "withdrawn"])
        for number in ("138****8001", "138****8002"):
            self.assertIn(number, self._last(case)[2])

    def test_nothing_was_asked_for(self):
        case = self.Case.create({"partner_id": self.partner.id, "source": "risk"})
        case.action_withdraw()
        self.assertEqual(self._last(case), ("withdrawn", "__system__", False))

    def test_taken_back_after_the_final_refusal(self):
        case = self._leaves()
        case.action_refuse()
        self._request(case, self.first).action_withdraw()
        self.assertEqual(self._last(case)[:2], ("withdrawn", "manager_a"))
        self.assertEqual(case.outcome, "refused")

    def test_a_number_that_passed_on(self):
        case = self._leaves()
        heir = self.env["res.partner"].create({"name": "Heir"})
        self.first.change_owner(heir.id, "2026-03-10")
        self.assertIn("Passed to another owner", self._last(case)[2])

    def test_messages(self):
        """By who wrote it, once."""
        self.partner.write({"email": "wang@example.com", "phone": FIRST})
        for send, channel in ((self._mail, "email"), (self._text, "sms")):
            with self.subTest(channel=channel):
                case = self._leaves()
                send(self._as("manager_a", case).with_context(lang="en_US"))
                step, login, content = self._last(case)
                self.assertEqual((step, login), ("contacted", "manager_a"))
                name = self.env.ref(f"vip_customer.channel_{channel}").name
                self.assertEqual(content, f"{name}: Delivered, no answer")
                self.assertEqual(self._steps(case).count("contacted"), 1)
                self._as("manager_a", case).message_post(body="Among ourselves")
                self.assertEqual(self._steps(case).count("contacted"), 1)
                case.action_withdraw()

    def _mail(self, case):
        case.message_post(
            body="Please stay",
            message_type="comment",
            partner_ids=self.partner.ids,
            subtype_xmlid="mail.mt_comment",
        )

    def _text(self, case):
        with self.mockSMSGateway():
            case._message_sms("Please stay", partner_ids=self.partner.ids)

    def test_numbers_he_keeps_are_masked(self):
        """Also where who accepts may read them: the log is printed, and says that they are."""
        case = self._two_requests()
        case.reason_id = self._ref("reason_t_fit")
        case.action_propose(self._ref("offer_plan_fit").id)
        self._as("manager_a", case).action_accept(self.second.ids)
        self.assertEqual(
            self._last(case), ("accepted", "manager_a", "Better fitting plan: 138****8002")
        )
