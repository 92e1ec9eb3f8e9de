from datetime import date

from lxml import etree

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import format_date, mute_logger
from odoo.tools.safe_eval import safe_eval

from odoo.addons.vip_customer.tests.service_common import at

from .case_common import FIRST, SECOND, RetentionCase

FEW, MANY = 3, 20
GROUPS = ("state", "reason_id", "team_id", "manager_id", "tier_id", "opened_at:month")


@tagged("post_install", "-at_install", "vip_retention")
class TestCaseForm(RetentionCase):
    """The talk screen, as the form behaves."""

    def _form(self, case):
        return Form(case, "vip_retention.vip_retention_case_view_form")

    def _offers(self, form):
        return [rung["name"] for rung in form.ladder]

    def test_the_ladder_follows_the_reason_before_it_is_saved(self):
        case = self._leaves()
        with self._form(case) as form:
            self.assertNotIn("Better fitting plan", self._offers(form))
            form.reason_id = self._ref("reason_t_fit")
            self.assertIn("Better fitting plan", self._offers(form))
            form.reason_id = self._ref("reason_o_gone")
            self.assertTrue(form.ends_offers)
            self.assertFalse(form.ladder)

    def test_the_type_brings_its_technique(self):
        case = self._leaves()
        with self._form(case) as form:
            form.customer_type_id = self.env.ref("vip_retention.customer_type_proud")
            self.assertEqual(form.technique, "Respect")
        member = self.partner.vip_membership_id
        self.assertEqual(member.customer_type_id.code, "proud")

    def test_no_field_of_the_form_is_required(self):
        arch = etree.fromstring(self.Case.get_view(view_type="form")["arch"])
        own = arch.xpath("//field[not(ancestor::field)]")
        self.assertEqual([node.get("name") for node in own if node.get("required")], [])

    def test_the_final_refusal_asks_nothing(self):
        arch = etree.fromstring(self.Case.get_view(view_type="form")["arch"])
        [widget] = arch.xpath("//widget[@name='vip_refusal']")
        self.assertFalse({"confirm", "invisible"} & set(widget.attrib))
        self.assertEqual(widget.getparent().get("invisible"), "state == 'closed'")

    def test_the_countdown_ends_with_the_case(self):
        """Who left, or stayed, is not due to leave."""
        for view_type in ("list", "form"):
            arch = etree.fromstring(self.Case.get_view(view_type=view_type)["arch"])
            for node in arch.xpath("//field[@widget='vip_case_closing']"):
                with self.subTest(view=view_type):
                    self.assertIn("state == 'closed'", node.get("invisible"))

    def test_the_auditor_has_no_buttons(self):
        case = self._leaves()
        view = self._as("auditor", case).get_view(view_type="form")
        self.assertNotIn("vip_refusal", view["arch"])
        self.assertNotIn("action_accept", view["arch"])

    def test_what_he_says_is_written_down_that_day_only(self):
        case = self._leaves()
        case.action_refuse()
        self.assertTrue(case.takes_words)
        with self._form(case) as form:
            form.description = "Too dear"
            form.survey = "A fair price"
        self.assertTrue(case.snapshot)
        self.assertFalse(self._as("lead", case).takes_words)
        with at("2026-03-11 10:00"):
            self.env.invalidate_all()
            self.assertFalse(case.takes_words)
            self.assertFalse(case.snapshot)

    def test_what_is_to_be_settled(self):
        """Told in the talk in which he leaves, by whoever he says it to: what needs no amounts."""
        self.first.contract_end = "2026-12-31"
        self._number(self.partner, SECOND)
        benefit = self.env.ref("vip_customer.benefit_boarding")
        self.env["vip.billing.fact"].search(
            [("number_id", "=", self.first.id), ("month", "=", "2026-01-01")]
        ).arrears_suspensions = 1
        case = self._leaves(source="work_record", user="manager_a", number_id=self.first.id)
        owner, desk = case, self._as("desk", case)
        self.assertFalse(owner.to_settle or desk.to_settle)
        desk.action_refuse()
        self.env.invalidate_all()
        contract = f"His contract runs until {format_date(self.env, date(2026, 12, 31))}."
        for shown in (owner.to_settle, desk.to_settle):
            self.assertIn(contract, shown)
            self.assertIn("Numbers that he keeps with us: 1.", shown)
            self.assertIn(benefit.name, shown)
            self.assertNotIn("points", shown)
        self.assertIn("suspended for arrears", owner.to_settle)
        self.assertNotIn("arrears", desk.to_settle)
        self.assertIn("What he still has to pay is in the billing system", desk.to_settle)
        self.assertFalse(self._as("manager_b", case).to_settle)
        with at("2026-03-11 10:00"):
            self.env.invalidate_all()
            self.assertFalse(desk.to_settle)
            self.assertTrue(owner.to_settle)
        case.sudo().departure_ids.action_withdraw()
        self.env.invalidate_all()
        self.assertFalse(owner.to_settle)

    def test_what_ends_with_the_last_number(self):
        """The score tells what he was billed: a number for who may know that."""
        case = self._as("desk", self._leaves(source="work_record", user="manager_a"))
        case.action_refuse()
        owner = self._as("manager_a", case)
        score = self.partner.vip_membership_id._explain()["figures"]["score"]
        self.assertIn("His points and his tier end with his last number.", case.to_settle)
        self.assertIn(f"His {score} points and his tier end", owner.to_settle)
        self._redeem("BOARDING")
        self.env.invalidate_all()
        self.assertIn("On the way to him:", case.to_settle)

    def test_nothing_ends_with_a_suspension(self):
        case = self._leaves(kind="suspension")
        case.action_refuse()
        self.assertNotIn("his tier end", case.to_settle)

    def test_what_he_asks_for(self):
        case = self._leaves(kind="port_out", number_id=self.first.id)
        self.assertIn("Port-out", case.asked_for)
        self.assertIn(format_date(self.env, date(2026, 3, 30)), case.asked_for)
        self.assertNotIn(FIRST, case.asked_for)
        self.assertEqual(case.number_count, 1)
        found = self.Case.with_user(self.users["desk"]).search([("is_port_out", "=", True)])
        self.assertEqual(found, case)

    def test_a_tier_lost_during_the_case_is_said(self):
        case = self._leaves()
        self.assertFalse(case.lost_tier)
        self._move(self.partner, self.silver)
        self.env.invalidate_all()
        self.assertTrue(case.lost_tier)

    def test_a_refusal_that_waits_is_said(self):
        case = self._leaves()
        self.assertFalse(case.was_refused)
        case.sudo()._log("refused")
        self.env.invalidate_all()
        self.assertTrue(case.was_refused)
        self.assertEqual(case.state, "new")


@tagged("post_install", "-at_install", "vip_retention")
class TestAcceptDialog(RetentionCase):
    """He accepts, and says which of his numbers he keeps."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls._number(cls.partner, SECOND)

    def _proposed_for_both(self, **values):
        case = self._leaves(number_id=self.first.id, **values)
        self._leaves(number_id=self.second.id)
        case.action_propose(self._ref("offer_explain").id)
        return case

    def _dialog(self, case):
        action = case.action_ask_numbers()
        return Form(self.env[action["res_model"]].with_env(case.env(context=action["context"])))

    def _shown(self, wizard):
        """The numbers as the browser is told their names, and whether each is ticked."""
        [values] = wizard.web_read(
            {"line_ids": {"fields": {"number_id": {"fields": {"display_name": {}}}, "is_kept": {}}}}
        )
        return [(line["number_id"]["display_name"], line["is_kept"]) for line in values["line_ids"]]

    def _keep_only(self, form, *positions):
        for n in range(len(form.line_ids)):
            with form.line_ids.edit(n) as line:
                line.is_kept = n in positions
        return form.save()

    def test_the_desk_says_which(self):
        """It reads no numbers: it sees them masked, all ticked at first."""
        case = self._proposed_for_both()
        form = self._dialog(case)
        self.assertEqual(self._shown(form.save()), [("138****8001", True), ("138****8002", True)])
        self._keep_only(form, 1).action_confirm()
        self.assertEqual((case.state, case.sudo().kept_number_ids), ("watch", self.second))
        states = {one.number_id: one.state for one in case.sudo().departure_ids}
        self.assertEqual(states, {self.first: "announced", self.second: "withdrawn"})

    def test_all_of_them(self):
        case = self._proposed_for_both()
        self._dialog(case).save().action_confirm()
        self.assertEqual(case.sudo().kept_number_ids, self.first | self.second)
        self.assertEqual(set(case.sudo().departure_ids.mapped("state")), {"withdrawn"})

    def test_an_account_manager_says_which(self):
        """The numbers of his own customers he may read; what he noted during the talk is ticked."""
        case = self._as("manager_a", self._proposed_for_both())
        case.kept_number_ids = self.first
        wizard = self._dialog(case).save()
        self.assertEqual(self._shown(wizard), [(FIRST, True), (SECOND, False)])
        wizard.action_confirm()
        self.assertEqual(case.kept_number_ids, self.first)

    def test_none_is_no_acceptance(self):
        case = self._proposed_for_both()
        wizard = self._keep_only(self._dialog(case))
        with self.assertRaisesRegex(ValidationError, "who keeps none leaves"):
            wizard.action_confirm()
        self.assertEqual((case.state, case.proposal_ids.answer), ("proposed", False))

    def test_a_number_that_left_is_not_asked_about(self):
        case = self._proposed_for_both(effective_on="2026-03-12")
        with at("2026-03-12 10:00"):
            self.Departure._take_effect_due(self.company)
            wizard = self._dialog(case).save()
            self.assertEqual(self._shown(wizard), [("138****8002", True)])
            wizard.action_confirm()
        self.assertEqual(case.sudo().kept_number_ids, self.second)

    def test_nothing_to_accept(self):
        """Said before the dialog opens."""
        case = self._leaves(number_id=self.first.id)
        with self.assertRaisesRegex(UserError, "Nothing was offered in"):
            case.action_ask_numbers()

    def test_numbers_of_another_case(self):
        """Whatever the dialog is made to say: he keeps numbers of his case."""
        case = self._proposed_for_both()
        other = self._number(self.plain, "13800138009")
        wizard = self._dialog(case).save()
        wizard.line_ids[0].number_id = other
        with self.assertRaisesRegex(UserError, "are not all numbers of"):
            wizard.action_confirm()

    def test_one_number_one_click(self):
        """Who has one number is asked nothing; who has several always is."""
        arch = etree.fromstring(self.Case.get_view(view_type="form")["arch"])
        for method, asked in (("action_accept", False), ("action_ask_numbers", True)):
            [button] = arch.xpath(f"//button[@name='{method}']")
            for count in (0, 1, 2, 3):
                terms = {"state": "proposed", "proposal_id": 1, "number_count": count}
                with self.subTest(method=method, count=count):
                    is_hidden = safe_eval(button.get("invisible"), terms)
                    self.assertEqual(not is_hidden, asked == (count > 1))

    def test_over_the_wire(self):
        """Without numbers he keeps all that are at stake; none at all is no acceptance."""
        case = self._proposed_for_both()
        with (
            self.assertRaisesRegex(ValidationError, "who keeps none leaves"),
            self.env.cr.savepoint(),
        ):
            case.action_accept([])
        case.action_accept(None)
        self.assertEqual(case.sudo().kept_number_ids, self.first | self.second)

    def test_over_the_wire_after_it_was_noted(self):
        case = self._proposed_for_both()
        self._as("manager_a", case).kept_number_ids = self.second
        case.action_accept()
        self.assertEqual(case.sudo().kept_number_ids, self.second)


@tagged("post_install", "-at_install", "vip_retention")
class TestOpenDialog(RetentionCase):
    def _dialog(self, user="desk", **context):
        action = self._as(user, self.partner).with_context(**context).action_vip_leave()
        wizard = self.env[action["res_model"]].with_user(self.users[user])
        return Form(wizard.with_context(**action["context"]))

    def test_from_the_hotline(self):
        dialog = self._dialog(vip_caller_panel=True, vip_caller_number="138 0013 8001")
        self.assertEqual((dialog.source, dialog.concerned), ("hotline", "138 0013 8001"))
        self.assertEqual(dialog.manager_name, self.users["manager_a"].name)
        action = dialog.save().action_confirm()
        case = self.Case.browse(action["res_id"])
        self.assertEqual((case.source, case.number_ids), ("hotline", self.first))

    def test_from_the_hall_and_the_work_record(self):
        self.assertEqual(self._dialog().source, "hall")
        self.assertEqual(self._dialog("manager_a").source, "work_record")

    def test_from_an_interaction(self):
        talk = (
            self.env["vip.interaction"]
            .with_user(self.users["manager_a"])
            .create(
                {
                    "partner_id": self.partner.id,
                    "channel_id": self.env.ref("vip_customer.channel_phone").id,
                    "result_id": self.env.ref("vip_customer.interaction_result_reached").id,
                }
            )
        )
        action = talk.action_leave()
        self.assertEqual(action["context"]["default_source"], "work_record")
        self.assertEqual(action["context"]["default_partner_id"], self.partner.id)


@tagged("post_install", "-at_install", "vip_retention")
class TestCaseQueries(RetentionCase):
    """Lists and cards of many cases cost as many queries as those of a few."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = cls.env["res.partner"]
        for i in range(MANY):
            partner = cls._create_vip(f"Customer {i}", cls.gold, number=f"137000100{i:02}")
            cls._assign(partner, cls.users["manager_a"], cls.city)
            partners |= partner
        cls.env["vip.departure"].create(
            [
                {
                    "partner_id": partner.id,
                    "number_id": partner.vip_number_ids.id,
                    "kind": "scheduled",
                    "source": "list",
                    "effective_on": "2026-03-30",
                }
                for partner in partners
            ]
        )
        cls.cases = cls.Case.search([("partner_id", "in", partners.ids)])
        for case in cls.cases:
            case.with_user(cls.users["manager_a"]).reason_id = cls._ref("reason_t_fit")
            case.with_user(cls.users["manager_a"]).action_propose(cls._ref("offer_credit_l").id)

    def _spec(self, model, view_type):
        arch = etree.fromstring(model.get_view(view_type=view_type)["arch"])
        names = {node.get("name") for node in arch.xpath("//field[not(ancestor::field)]")}
        names -= {"activity_ids"}  # its widget asks for fields of its own
        return {name: {"fields": {"display_name": {}}} for name in names}

    def _count(self, model, spec, ids):
        for _ in range(2):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            model.web_search_read([("id", "in", ids)], spec)
        return self.env.cr.sql_log_count - before

    def test_lists_and_cards_of_cases(self):
        for user in ("desk", "manager_a", "lead", "boss", "auditor"):
            model = self.Case.with_user(self.users[user])
            for view_type in ("list", "kanban"):
                with self.subTest(user=user, view=view_type):
                    spec = self._spec(model, view_type)
                    few = self._count(model, spec, self.cases[:FEW].ids)
                    self.assertEqual(self._count(model, spec, self.cases.ids), few)

    def test_offers_to_approve(self):
        for user in ("lead", "boss"):
            model = self.env["vip.retention.proposal"].with_user(self.users[user])
            proposals = self.cases.sudo().proposal_ids
            with self.subTest(user=user):
                spec = self._spec(model, "list")
                few = self._count(model, spec, proposals[:FEW].ids)
                self.assertEqual(self._count(model, spec, proposals.ids), few)

    def test_every_grouping(self):
        for user in ("desk", "lead"):
            model = self.Case.with_user(self.users[user])
            for group in GROUPS:
                with self.subTest(user=user, group=group):
                    groups = model.formatted_read_group([], [group], ["__count"])
                    self.assertEqual(sum(one["__count"] for one in groups), len(self.cases))

    def test_every_filter(self):
        arch = etree.fromstring(self.Case.get_view(view_type="search")["arch"])
        for user in ("desk", "manager_a"):
            model = self.Case.with_user(self.users[user])
            own = etree.fromstring(model.get_view(view_type="search")["arch"])
            names = {node.get("name") for node in own.xpath("//filter")}
            self.assertEqual("my_portfolio" in names, user == "manager_a")
        with mute_logger("odoo.domains"):
            for node in arch.xpath("//filter[@domain]"):
                with self.subTest(filter=node.get("name")):
                    domain = safe_eval(node.get("domain"), {"uid": self.env.uid})
                    self.Case.search_count(domain)
