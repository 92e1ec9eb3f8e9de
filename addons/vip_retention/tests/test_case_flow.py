from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, tagged
from odoo.tools import SQL

from odoo.addons.vip_customer.tests.service_common import SHANGHAI, at

from .case_common import FIRST, SECOND, RetentionCase


@tagged("post_install", "-at_install")
class TestCaseOpening(RetentionCase):
    """Who owns a new case, what is frozen, and what joins it."""

    def _due(self, case):
        return f"{case.deadline + SHANGHAI:%Y-%m-%d %H:%M}"

    def test_talks_belong_to_the_agent(self):
        for source in ("hotline", "hall"):
            with self.subTest(source=source):
                case = self._leaves(source=source)
                self.assertEqual(case.user_id, self.users["desk"])
                self.assertEqual((case.state, case.dispatched_at), ("new", False))
                self.assertEqual(case.first_contact_at, case.opened_at)
                case.action_refuse()
                case.sudo().departure_id.action_withdraw()

    def test_lists_and_work_records_belong_to_the_account_manager(self):
        for source in ("list", "work_record"):
            with self.subTest(source=source):
                case = self._leaves(source=source, user="boss")
                self.assertEqual(case.user_id, self.users["manager_a"])
                self.assertTrue(case.dispatched_at)
                self.assertFalse(case.first_contact_at)
                self.assertEqual(self._tasks_of(case), {("case", "manager_a")})
                case.action_refuse()
                case.sudo().departure_id.action_withdraw()

    def test_without_a_manager_the_lead_owns_it(self):
        self._assign(self.plain, self.env["res.users"], self.city)
        case = self._leaves(self.plain, source="list", user="boss")
        self.assertEqual(case.user_id, self.users["lead"])

    def test_nobody_is_responsible(self):
        case = self._leaves(self.plain, source="list", user="boss")
        self.assertFalse(case.user_id)
        with self.assertRaisesRegex(UserError, "has no account manager, and his branch no lead"):
            case.action_dispatch()

    def test_first_contact_by_tier(self):
        """Diamond within 4, gold 8, silver 16 working hours, never later than noon of the last working day
        before the closing date."""
        case = self._leaves()
        self.assertEqual(self._due(case), "2026-03-11 10:00")
        case = self._leaves(self.plain)
        self.assertEqual(self._due(case), "2026-03-10 16:00")
        for tier, due in ((self.silver, "2026-03-12 10:00"), (self.no_tier, "2026-03-12 10:00")):
            other = self._create_vip(f"Other {tier.name}", tier)
            self.assertEqual(self._due(self._leaves(other)), due)
        other = self._create_vip("Soon", self.silver)
        self.assertEqual(
            self._due(self._leaves(other, effective_on="2026-03-12")), "2026-03-11 12:00"
        )

    def test_facts_are_frozen(self):
        case = self._leaves().with_user(self.users["manager_a"])
        facts = case.snapshot
        self.assertEqual(case.value_at_stake, 7800)
        self.assertEqual(case.tier_id, self.gold)
        self.assertEqual(facts["on"], "2026-03-10")
        self.assertEqual(facts["months"][0], ["2025-03-01", 650.0])
        self.assertEqual(facts["months"][-1], ["2026-02-01", 650.0])
        self.assertEqual(len(facts["months"]), 12)
        self.assertEqual((facts["recent"], facts["before"]), (650.0, 650.0))
        self.assertEqual(facts["tenure"], 41)
        self.assertEqual(facts["complaints"], {"open": 0, "year": 0})
        self.assertEqual(facts["tier"], "Gold")
        self._create_bills(self.partner, {"2024-12-01": 99}, self.first)
        self.partner.vip_number_ids.write({"plan": "other"})
        self._move(self.partner, self.no_tier)
        self.assertEqual(case.snapshot, facts)
        self.assertEqual((case.value_at_stake, case.tier_id), (7800, self.gold))

    def test_facts_are_read_in_the_language_of_the_reader(self):
        """Opened in English, read in Chinese: what is frozen has no language."""
        for lang in ("en_US", "zh_CN"):
            self.env["res.lang"]._activate_lang(lang)
        phone = self.env.ref("vip_customer.channel_phone")
        for record, name in ((self.gold, "测试金卡"), (phone, "测试电话")):
            record.with_context(lang="zh_CN").name = name
        self.env["vip.interaction"].create(
            {
                "partner_id": self.partner.id,
                "channel_id": phone.id,
                "result_id": self.env.ref("vip_customer.interaction_result_reached").id,
                "is_contact": True,
            }
        )
        case = self._leaves().with_user(self.users["manager_a"])
        english, chinese = (case.with_context(lang=lang).snapshot for lang in ("en_US", "zh_CN"))
        self.assertEqual((english["tier"], chinese["tier"]), ("Gold", "测试金卡"))
        self.assertEqual([name for name, *_days in chinese["tiers"]][-1], "测试金卡")
        self.assertEqual(chinese["contacts"][0][1], "测试电话")

    def test_facts_without_a_tier(self):
        other = self._create_vip("Nobody", self.no_tier)
        facts = self._leaves(other).with_user(self.users["boss"]).snapshot
        self.assertEqual((facts["tier"], facts["contacts"]), (False, []))

    def test_money_is_for_who_works_on_it(self):
        """The desk sees the amounts of the case it works on; an account manager those of his customers."""
        case = self._leaves()
        self.assertEqual(case.value_at_stake, 7800)
        for user, sees in (
            ("manager_a", True),
            ("lead", True),
            ("boss", True),
            ("auditor", True),
            ("manager_c", False),
        ):
            with self.subTest(user=user):
                other = self._as(user, case)
                self.assertEqual(bool(other.value_at_stake), sees)
                self.assertEqual(bool(other.snapshot), sees)
        case.action_dispatch()
        case.invalidate_recordset()
        self.assertFalse(case.value_at_stake)
        self.assertFalse(case.snapshot)
        for name in ("value", "facts"):
            with self.assertRaises(AccessError):
                self._as("boss", case).read([name])

    def test_customer_type_is_private(self):
        case = self._leaves()
        case.customer_type_id = self._ref("customer_type_silent")
        self.assertEqual(case.technique, "Draw out")
        self.assertEqual(
            self.partner.vip_membership_id.customer_type_id, self._ref("customer_type_silent")
        )
        stranger = self._as("manager_c", case)
        self.assertFalse(stranger.customer_type_id)
        with self.assertRaisesRegex(AccessError, "belongs to his private profile"):
            stranger.customer_type_id = self._ref("customer_type_hot")

    def test_a_second_request_joins(self):
        """Two open cases for one number are one; so are two numbers of one customer."""
        case = self._leaves()
        again = self.Case.with_user(self.users["manager_b"]).create(
            {"partner_id": self.partner.id, "source": "hall", "number_ids": self.first.ids}
        )
        self.assertEqual(again, case)
        second = self._number(self.partner, SECOND)
        self._create_bills(self.partner, self._year(100), second)
        joined = self._leaves(
            number_id=second.id, source="list", user="boss", effective_on="2026-03-12"
        )
        self.assertEqual(joined, case)
        case = self._as("boss", case)
        self.assertEqual(case.number_ids, self.first | second)
        self.assertEqual(case.value_at_stake, 8800)
        self.assertEqual(case.closing_date, date(2026, 3, 12))
        self.assertEqual([step for step, _user in self._log_of(case)], ["opened", "joined"])

    def test_a_second_request_leaves_the_day_of_opening(self):
        """Only what concerns the numbers at stake counts anew, by the months of that day."""
        second = self._number(self.partner, SECOND)
        self._create_bills(self.partner, self._year(100), second)
        second.contract_end = "2026-09-30"
        opened = self._leaves(number_id=self.first.id)
        case = opened.with_user(self.users["manager_a"]).sudo(False)
        before = case.snapshot
        with at("2026-05-12 10:00"):
            request = self.env["vip.service.request"].create(
                {
                    "partner_id": self.partner.id,
                    "type_id": self.env.ref("vip_customer.service_type_complaint").id,
                    "channel_id": self.env.ref("vip_customer.channel_hotline").id,
                }
            )
            self.assertTrue(request.type_id.with_complaint)
            self._move(self.partner, self.silver)
            self._create_bills(self.partner, {"2026-03-01": 9, "2026-04-01": 9}, self.first)
            joined = self._leaves(number_id=second.id, effective_on="2026-06-30")
        self.assertEqual(joined, opened)
        self.env.invalidate_all()
        after = case.snapshot
        of_numbers = {"months", "recent", "before", "arrears", "contract_end"}
        same = before.keys() - of_numbers
        self.assertEqual(
            {name: after[name] for name in same}, {name: before[name] for name in same}
        )
        self.assertEqual(after["complaints"], {"open": 0, "year": 0})
        self.assertEqual([month for month, _sum in after["months"]][-1], "2026-02-01")
        self.assertEqual(case.value_at_stake, 7800 + 1000)
        self.assertEqual((before["contract_end"], after["contract_end"]), (False, "2026-09-30"))

    def test_a_decided_case_takes_nothing_in(self):
        """A further number of a customer in watch is another case; the same number is this one."""
        case = self._in_watch()
        second = self._number(self.partner, SECOND)
        other = self._leaves(number_id=second.id)
        self.assertNotEqual(other, case)
        self.assertNotIn(("case", "manager_a"), self._tasks_of(case))
        same = self._leaves(number_id=self.first.id)
        self.assertEqual(same, case)
        self.assertIn(("case", "manager_a"), self._tasks_of(case))

    def test_no_number_in_two_open_cases(self):
        case = self._in_watch()
        second = self._number(self.partner, SECOND)
        other = self._leaves(number_id=second.id)
        with self.assertRaisesRegex(
            ValidationError, f"has the open case {case.name} for this already"
        ):
            other.sudo().number_ids = self.first | second
            self.env.flush_all()

    def test_numbers_of_another_customer(self):
        case = self._leaves(self.plain)
        with self.assertRaisesRegex(ValidationError, "are not all of “Zhao”"):
            case.sudo().number_ids = self.first

    def test_opened_by_hand(self):
        """A case opened by hand notes what the customer asked for."""
        case = self.Case.with_user(self.users["desk"]).create({"partner_id": self.partner.id})
        departure = case.sudo().departure_id
        self.assertEqual(departure.number_id, self.first)
        self.assertEqual((departure.state, departure.kind), ("announced", "scheduled"))
        self.assertEqual(case.name[:7], "RC2026-")

    def test_which_of_several_numbers(self):
        self._number(self.partner, SECOND)
        with self.assertRaisesRegex(UserError, "has 2 open numbers. Say which"):
            self.Case.with_user(self.users["desk"]).create({"partner_id": self.partner.id})

    def test_no_number_one_case(self):
        case = self._leaves(self.plain)
        self.assertFalse(case.sudo().number_ids)
        again = self.Case.create({"partner_id": self.plain.id, "source": "hall"})
        self.assertEqual(again, case)

    def test_the_list_opens_no_case_without_a_tier(self):
        other = self._create_vip("Nobody")
        self.assertFalse(self._leaves(other, source="list", user="boss"))
        self.assertTrue(self._leaves(self._create_vip("Somebody"), source="hall"))

    def test_a_case_of_risk_has_no_request(self):
        case = self.Case.create({"partner_id": self.partner.id, "source": "risk"})
        self.assertFalse(case.departure_id)
        self.assertEqual(case.number_ids, self.first)
        self.assertEqual(case.user_id, self.users["manager_a"])

    def test_another_company(self):
        rival = self.env["res.company"].create({"name": "Rival"})
        partner = self.env["res.partner"].create({"name": "Far"})
        self.env["vip.membership"]._ensure(partner.ids, rival)
        with self.assertRaises(AccessError):
            self.Case.with_user(self.users["desk"]).create({"partner_id": partner.id})

    def test_wizard(self):
        """The desk types the number as it is said, and sees whom to call in."""
        self._number(self.partner, SECOND)
        wizard = (
            self.env["vip.retention.open"]
            .with_user(self.users["desk"])
            .create(
                {
                    "partner_id": self.partner.id,
                    "effective_on": "2026-03-30",
                    "description": "Too dear",
                }
            )
        )
        self.assertEqual(
            (wizard.number_count, wizard.manager_name), (2, self.users["manager_a"].name)
        )
        with self.assertRaisesRegex(UserError, "has 2 open numbers. Give the one he means"):
            wizard.action_confirm()
        wizard.concerned = "8001"
        case = self.Case.browse(wizard.action_confirm()["res_id"])
        self.assertEqual((case.number_ids, case.description), (self.first, "Too dear"))
        self.assertNotIn(FIRST, case.with_user(self.users["desk"]).concerned)
        wizard.write({"concerned": False, "all_numbers": True, "description": "All of it"})
        self.assertEqual(wizard.action_confirm()["res_id"], case.id)
        self.assertEqual(len(case.number_ids), 2)
        self.assertEqual(case.description, "Too dear\nAll of it")

    def test_frozen(self):
        case = self._leaves()
        for values in ({"source": "hall"}, {"partner_id": self.plain.id}):
            with (
                self.subTest(values=values),
                self.assertRaisesRegex(UserError, "are fixed with its facts"),
            ):
                case.write(values)
        with self.assertRaisesRegex(UserError, "it is not deleted"):
            case.sudo().unlink()


@tagged("post_install", "-at_install")
class TestCaseAnswers(RetentionCase):
    """Three answers, and what follows."""

    def test_reason(self):
        case = self._leaves()
        case.write({"reason_id": self._ref("reason_t_rival").id, "detail": "Beta"})
        self.assertEqual(case.state, "analysed")
        self.assertEqual(case.sudo().log_ids[-1:].content, "Tariff / Cheaper offer elsewhere: Beta")

    def test_accepted_is_not_saved(self):
        """What was promised is done first, then the watch begins; the request to leave is taken back."""
        case = self._proposed()
        self.assertEqual(case.state, "proposed")
        case.action_accept()
        self.assertEqual((case.state, case.outcome), ("doing", False))
        self.assertEqual(case.sudo().departure_id.state, "announced")
        with self.assertRaisesRegex(UserError, "Give the reference of the order"):
            case.done(" ")
        case.done("ORDER-1")
        proposal = case.proposal_ids
        self.assertEqual((case.state, case.outcome), ("watch", False))
        self.assertEqual((proposal.reference, proposal.done_by), ("ORDER-1", self.users["desk"]))
        self.assertEqual((case.watch_from, case.watch_until), (date(2026, 3, 10), date(2026, 5, 9)))
        self.assertEqual(case.sudo().departure_id.state, "withdrawn")
        self.assertEqual(self._tasks_of(case), {("watch", "manager_a")})
        self.assertEqual(
            self._log_of(case),
            [
                (step, "desk")
                for step in ("opened", "reason", "proposed", "accepted", "done", "withdrawn")
            ],
        )

    def test_nothing_to_do(self):
        case = self._proposed("explain")
        case.action_accept()
        self.assertEqual((case.state, case.watch_until), ("watch", date(2026, 4, 9)))

    def test_some_numbers_only(self):
        second = self._number(self.partner, SECOND)
        case = self._leaves(number_id=self.first.id)
        self._leaves(number_id=second.id)
        case.action_propose(self._ref("offer_explain").id)
        with self.assertRaisesRegex(UserError, "are not all numbers of"):
            case.action_accept([0])
        case.action_accept(self.first.ids)
        states = {one.number_id: one.state for one in case.sudo().departure_ids}
        self.assertEqual(states, {self.first: "withdrawn", second: "announced"})

    def test_benefit(self):
        """One more unit, through the one grant door."""
        benefit = self._ref("offer_benefit_plus").benefit_ids[:1]
        case = self._proposed("benefit_plus", "p_benefit", source="work_record", user="manager_a")
        case.action_accept()
        with self.assertRaisesRegex(UserError, "gives one of these benefits"):
            case.done()
        with self.assertRaisesRegex(UserError, "gives one of these benefits"):
            case.done(benefit_id=self.env.ref("vip_customer.benefit_medical").id)
        case.done(benefit_id=benefit.id)
        goodwill = self.env["vip.goodwill"].search([("partner_id", "=", self.partner.id)])
        self.assertEqual((goodwill.benefit_id, goodwill.quantity), (benefit, 1))
        self.assertIn(case.name, goodwill.reason)
        self.assertEqual(case.state, "watch")

    def test_tier_is_kept(self):
        """The tier is kept by an override, which its own people approve."""
        case = self._proposed("tier_hold", "p_tier", source="work_record", user="lead")
        case.action_accept()
        override = case.sudo().proposal_ids.override_id
        self.assertEqual(
            (override.kind, override.tier_id, override.state), ("floor", self.gold, "requested")
        )
        self.assertEqual(override.date_to, date(2026, 9, 9))
        with self.assertRaisesRegex(UserError, "his override waits for approval"):
            case.done()
        override.with_user(self.users["approver"]).action_approve()
        case.done()
        self.assertEqual(case.state, "watch")

    def test_tier_cannot_be_kept(self):
        """The override was refused: he accepted nothing, and is talked to again."""
        case = self._proposed("tier_hold", "p_tier", source="work_record", user="lead")
        case.action_accept()
        case.sudo().proposal_ids.override_id.with_user(self.users["approver"]).action_refuse()
        with self.assertRaisesRegex(UserError, "was not granted. Note that the promise cannot"):
            case.done()
        case.action_not_kept()
        self.assertEqual((case.state, case.accepted_at), ("proposed", False))
        self.assertEqual(case.proposal_ids.answer, "ended")
        self.assertEqual(f"{case.deadline + SHANGHAI:%d %H:%M}", "12 10:00")
        self.assertEqual(self._tasks_of(case), {("case", "manager_a")})
        self.assertEqual(self._log_of(case)[-1], ("not_kept", "lead"))
        with self.assertRaisesRegex(UserError, "is in the state “Offer made”"):
            case.action_not_kept()
        self.assertEqual(case.proposal_ids.answered_by, self.users["lead"])
        self.assertNotIn(self._ref("offer_tier_hold"), case.sudo()._resting())
        case.action_propose(self._ref("offer_explain").id)
        case.action_accept()
        self.assertEqual(case.state, "watch")

    def _tier_hold(self, approved=False):
        """A case in which he accepted that his tier is kept, and the override for it."""
        case = self._proposed("tier_hold", "p_tier", source="work_record", user="lead")
        case.action_accept()
        override = case.sudo().proposal_ids.override_id
        if approved:
            override.with_user(self.users["approver"]).action_approve()
        return case, override

    def _follow_overrides(self):
        self.env["vip.tier.override"]._cron_follow_dates()
        self.env.invalidate_all()

    def test_tier_is_not_kept_for_a_promise_given_up(self):
        """Nobody approves the override later; one that counts already ends."""
        case, requested = self._tier_hold()
        case.action_not_kept()
        self.assertEqual(requested.state, "refused")
        with self.assertRaisesRegex(UserError, "was decided already"):
            requested.with_user(self.users["approver"]).action_approve()
        case.action_withdraw()
        case, approved = self._tier_hold(approved=True)
        self._move(self.partner, self.silver)
        approved._take_effect()
        self.env.invalidate_all()
        self.assertEqual(self.partner.vip_tier_id, self.gold)
        case.action_not_kept()
        self.env.invalidate_all()
        self.assertEqual((approved.state, self.partner.vip_tier_id), ("ended", self.silver))

    def test_tier_is_not_kept_for_who_leaves(self):
        """What is only requested is refused with the final refusal; what counts already ends right after,
        because the refusal waits for nothing."""
        follows = [("cron_id", "=", self.env.ref("vip_customer.ir_cron_follow_dates").id)]
        self._ref("offer_tier_hold").cooldown_days = 0
        case, override = self._tier_hold()
        case.action_refuse()
        self.assertEqual(override.state, "refused")
        for is_done in (False, True):
            with self.subTest(is_done=is_done):
                case.sudo().departure_ids.action_withdraw()
                case, override = self._tier_hold(approved=True)
                if is_done:
                    case.done()
                before = self.env["ir.cron.trigger"].search_count(follows)
                case.action_refuse()
                self.assertGreater(self.env["ir.cron.trigger"].search_count(follows), before)
                self.assertEqual((case.outcome, override.state), ("refused", "approved"))
                self._follow_overrides()
                self.assertEqual(override.state, "ended")

    def test_tier_is_kept_for_who_stays(self):
        case, override = self._tier_hold(approved=True)
        self._follow_overrides()
        self.assertEqual(override.state, "approved")
        case.done()
        case.sudo()._end_watch("lost_after_watch")
        self._follow_overrides()
        self.assertEqual(override.state, "approved")

    def test_tier_is_not_kept_for_who_left_before_it_was_promised(self):
        case, override = self._tier_hold()
        with at("2026-03-30 10:00"):
            self.first.state = "closed"
        self.assertEqual((case.outcome, override.state), ("lost_after_watch", "refused"))

    def test_considering(self):
        """The account manager follows up within 16 working hours."""
        case = self._proposed()
        case.action_consider()
        self.assertEqual((case.state, case.user_id), ("considering", self.users["manager_a"]))
        self.assertEqual(f"{case.deadline + SHANGHAI:%d %H:%M}", "12 10:00")
        self.assertEqual(f"{case.warn_at + SHANGHAI:%d %H:%M}", "11 16:00")
        self.assertEqual(case.proposal_ids.answer, "considering")
        self._as("manager_a", case).action_accept()
        self.assertEqual(case.proposal_ids.answer, "accepted")

    def test_considered_again(self):
        """The last answer counts, with its day."""
        case = self._proposed()
        case.action_consider()
        with at("2026-03-11 10:00"):
            self._as("manager_a", case).action_consider()
        proposal = case.proposal_ids
        self.assertEqual(f"{proposal.answered_at + SHANGHAI:%d %H:%M}", "11 10:00")
        self.assertEqual(proposal.answered_by, self.users["manager_a"])

    def test_considered_then_replaced(self):
        case = self._proposed()
        case.action_consider()
        self._as("manager_a", case).action_propose(self._ref("offer_explain").id)
        self.assertEqual(
            case.sudo().proposal_ids.sorted("id").mapped("answer"), ["replaced", False]
        )

    def test_considered_then_ended(self):
        """Nobody goes on considering in a case that is over, or after the reason that ends all offers."""
        case = self._proposed()
        case.action_consider()
        self._as("manager_a", case).reason_id = self._ref("reason_o_gone")
        self.assertEqual(case.proposal_ids.answer, "ended")
        other = self._proposed(partner=self.plain)
        other.sudo().state = "considering"
        other.sudo().proposal_ids._answer("considering")
        other.action_withdraw()
        self.assertEqual(other.proposal_ids.answer, "ended")

    def test_nobody_considers_what_was_not_offered(self):
        """What waits for approval goes on waiting until another offer is made; then nobody waits for it."""
        case = self._proposed("credit_l")
        waiting = case.proposal_ids
        case.action_consider()
        self.assertEqual((waiting.answer, waiting.approval), (False, "waiting"))
        row = case.sudo().log_ids.filtered(lambda row: row.step == "considering")
        self.assertFalse(row.content)
        boss = self._as("boss", case)
        boss.action_propose(self._ref("offer_explain").id)
        boss.action_accept()
        self.assertEqual((waiting.answer, waiting.approval), ("replaced", "not_needed"))
        with at("2026-03-12 10:00"):
            self.assertEqual(self.Case._pass_on(10), 0)
        self.assertNotIn("approval", {kind for kind, _login in self._tasks_of(case)})

    def test_nobody_considers_what_was_not_approved(self):
        case = self._proposed("credit_l")
        rejected = case.proposal_ids
        self._as("lead", rejected).action_reject()
        case.action_consider()
        self.assertFalse(rejected.answer)
        self._as("manager_a", case).action_propose(self._ref("offer_explain").id)
        self.assertEqual((rejected.answer, rejected.approval), ("replaced", "rejected"))

    def test_nobody_considers_what_is_over(self):
        case = self._proposed(effective_on="2026-05-30")
        with at("2026-03-25 10:00"):
            case.action_consider()
        self.assertEqual((case.state, case.proposal_ids.answer), ("considering", False))

    def test_considering_is_cut_by_the_closing_date(self):
        case = self._proposed(effective_on="2026-03-11")
        case.action_consider()
        self.assertEqual(f"{case.deadline + SHANGHAI:%d %H:%M}", "10 18:30")

    def test_dispatched_is_not_the_desks(self):
        case = self._proposed()
        case.action_dispatch()
        for step in (
            case.action_accept,
            case.action_consider,
            case.action_take,
            case.action_withdraw,
        ):
            with (
                self.subTest(step=step.__name__),
                self.assertRaisesRegex(UserError, "was dispatched to .* who goes on with it"),
            ):
                step()
        with self.assertRaisesRegex(UserError, "was dispatched to"):
            self._as("manager_c", case).action_accept()
        self._as("lead", case).action_accept()

    def test_refused_offer(self):
        case = self._proposed()
        case.action_refuse_offer()
        row = case.sudo().log_ids[-1:]
        self.assertEqual((row.step, row.content), ("declined", "Better fitting plan"))
        with self.assertRaisesRegex(UserError, "was answered already"):
            case.action_accept()
        case.action_propose(self._ref("offer_explain").id)
        self.assertEqual(case.sudo().proposal_ids.sorted("id").mapped("answer"), ["refused", False])

    def test_another_offer_replaces(self):
        case = self._proposed()
        case.action_propose(self._ref("offer_explain").id)
        self.assertEqual(
            case.sudo().proposal_ids.sorted("id").mapped("answer"), ["replaced", False]
        )

    def test_replaced_while_it_waits(self):
        case = self._proposed("handset", "o_device")
        waiting = case.proposal_ids
        case.action_propose(self._ref("offer_explain").id)
        self.assertEqual(self._tasks_of(case), set())
        with self.assertRaisesRegex(UserError, "something else was offered instead"):
            self._as("boss", waiting).action_approve()

    def test_nothing_offered(self):
        case = self._leaves()
        with self.assertRaisesRegex(UserError, "Nothing was offered in"):
            case.action_accept()
        with self.assertRaisesRegex(UserError, "Nothing was accepted in"):
            case.action_done()

    def test_withdrawn(self):
        """Before anything was accepted: neither kept nor lost."""
        for step in ("action_withdraw", "departure"):
            with self.subTest(step=step):
                case = self._proposed()
                if step == "departure":
                    case.sudo().departure_id.action_withdraw()
                else:
                    case.action_withdraw()
                self.assertEqual((case.state, case.outcome), ("closed", "withdrawn"))
                self.assertEqual(case.sudo().departure_id.state, "withdrawn")
                self.assertEqual(case.proposal_ids.answer, "ended")

    def test_a_state_is_explained_by_the_step_that_led_to_it(self):
        """What happened since, without moving the case, is no explanation."""
        case = self._in_watch("explain")
        case.contact(
            self.env.ref("vip_customer.channel_hotline").id,
            self.env.ref("vip_customer.interaction_result_reached").id,
        )
        with self.assertRaisesRegex(UserError, "“In watch” since .*: Promise kept"):
            case.action_accept()

    def test_withdrawn_after_acceptance(self):
        case = self._proposed()
        case.action_accept()
        with self.assertRaisesRegex(UserError, "is in the state “To be done” since"):
            case.action_withdraw()

    def test_withdrawn_during_approval(self):
        case = self._proposed("handset", "o_device")
        self.assertEqual(case.proposal_ids.approval, "waiting")
        case.action_withdraw()
        with self.assertRaisesRegex(UserError, "was closed by .*Taken back by the customer"):
            self._as("boss", case.proposal_ids).action_approve()

    def test_offer_archived_while_proposed(self):
        """What was put to the customer stands as it was."""
        case = self._proposed()
        self._ref("offer_plan_fit").write({"active": False, "cost": 999})
        case.action_accept()
        self.assertEqual((case.proposal_ids.answer, case.proposal_ids.cost), ("accepted", 0))

    def test_offer_expires(self):
        case = self._proposed()
        with at("2026-03-25 10:00"), self.assertRaisesRegex(UserError, "was valid until"):
            case.action_accept()

    def test_tier_lost_meanwhile(self):
        """The ladder is that of the tier he had when he asked; only a benefit needs a tier today."""
        case = self._leaves()
        case.reason_id = self._ref("reason_p_benefit")
        benefit = self._ref("offer_benefit_plus")
        before = [rung["id"] for rung in case.ladder]
        self.assertIn(benefit.id, before)
        self._move(self.partner, self.silver)
        self.env.invalidate_all()
        self.assertEqual([rung["id"] for rung in case.ladder], before)
        self._move(self.partner, self.no_tier)
        self.env.invalidate_all()
        self.assertEqual(
            [rung["id"] for rung in case.ladder], [one for one in before if one != benefit.id]
        )
        with self.assertRaisesRegex(
            UserError, "gives a benefit, and benefits are given to .*: Wang has none today"
        ):
            case.action_propose(benefit.id)
        case.action_propose(self._ref("offer_credit_s").id)
        self.assertEqual(case.state, "proposed")

    def test_left_before_he_decided(self):
        case = self._proposed()
        with at("2026-03-30 10:00"):
            self.Departure._take_effect_due(self.company)
        self.assertEqual((case.state, case.outcome), ("closed", "no_answer"))
        self.assertEqual(self.first.state, "closed")
        self.assertEqual(
            self._log_of(case)[-2:], [("departure", "__system__"), ("no_answer", "__system__")]
        )

    def test_left_before_it_was_done(self):
        case = self._proposed()
        case.action_accept()
        with at("2026-03-30 10:00"):
            self.first.state = "closed"
        self.assertEqual((case.state, case.outcome), ("closed", "lost_after_watch"))

    def test_one_of_two_numbers_left(self):
        second = self._number(self.partner, SECOND)
        case = self._leaves(number_id=self.first.id, effective_on="2026-03-12")
        self._leaves(number_id=second.id)
        with at("2026-03-12 10:00"):
            self.Departure._take_effect_due(self.company)
        self.assertEqual(case.state, "new")

    def _two_numbers(self, index=0):
        """A case about two numbers of somebody, the first of which leaves on the 12th; and the request about
        the other."""
        partner = self._create_vip(f"Two {index}", self.gold)
        first, second = (self._number(partner, f"1390013{index}00{i}") for i in (1, 2))
        case = self._leaves(partner, number_id=first.id, effective_on="2026-03-12")
        self.assertEqual(self._leaves(partner, number_id=second.id), case)
        other = case.sudo().departure_ids.filtered(lambda one: one.number_id == second)
        return case, other

    def _first_leaves(self):
        with at("2026-03-12 10:00"):
            self.Departure._take_effect_due(self.company)

    def test_one_left_and_one_taken_back(self):
        """In either order, and by either button: what left is lost, and was never refused."""
        orders = ("leaves first", "taken back first", "taken back in the case")
        for index, order in enumerate(orders):
            with self.subTest(order=order):
                case, other = self._two_numbers(index)
                if order == "taken back first":
                    other.action_withdraw()
                    self.assertEqual(case.state, "new")
                self._first_leaves()
                if order == "leaves first":
                    other.action_withdraw()
                elif order == "taken back in the case":
                    case.action_withdraw()
                self.assertEqual((case.state, case.outcome), ("closed", "no_answer"))
                self.assertEqual(other.state, "withdrawn")
                steps = [step for step, _user in self._log_of(case)]
                last = "no_answer" if order == "taken back first" else "withdrawn"
                self.assertEqual(steps[-2:], ["departure", last])

    def test_who_came_back_has_lost_nothing(self):
        case, other = self._two_numbers()
        self._first_leaves()
        (case.sudo().number_ids - other.number_id).state = "active"
        self.assertTrue(case.sudo().departure_ids.filtered("reopened_on"))
        case.action_withdraw()
        self.assertEqual(case.outcome, "withdrawn")

    def test_what_is_suspended_is_talked_about(self):
        """One number left; the other one is suspended, and nothing is decided about it."""
        case, other = self._two_numbers()
        other.action_withdraw()
        self._leaves(
            case.partner_id,
            number_id=other.number_id.id,
            kind="suspension",
            effective_on="2026-03-11",
        )
        self._first_leaves()
        self.assertEqual((case.state, case.closing_date), ("new", False))

    def test_what_is_at_risk_is_talked_about(self):
        """Of several numbers at risk one leaves; nobody asked about the other."""
        self._number(self.partner, SECOND)
        numbers = self.partner.vip_number_ids.ids
        case = self.Case.create(
            {"partner_id": self.partner.id, "source": "risk", "number_ids": numbers}
        )
        self._leaves(number_id=self.first.id, effective_on="2026-03-12")
        self._first_leaves()
        self.assertEqual((case.state, len(case.number_ids)), ("new", 2))

    def test_what_he_keeps_left_before_it_was_done(self):
        """The number he let go, and wants to have after all, keeps nobody waiting for the other."""
        case, other = self._two_numbers()
        case.reason_id = self._ref("reason_t_fit")
        case.action_propose(self._ref("offer_plan_fit").id)
        case.action_accept((case.sudo().number_ids - other.number_id).ids)
        other.action_withdraw()
        self.assertEqual(case.state, "doing")
        self._first_leaves()
        self.assertEqual((case.state, case.outcome), ("closed", "lost_after_watch"))

    def test_what_he_lets_go_leaves_before_it_is_done(self):
        case, other = self._two_numbers()
        case.reason_id = self._ref("reason_t_fit")
        case.action_propose(self._ref("offer_plan_fit").id)
        case.action_accept(other.number_id.ids)
        self._first_leaves()
        self.assertEqual(case.state, "doing")

    def test_closed_stays_as_it_is(self):
        case = self._proposed()
        case.action_withdraw()
        with self.assertRaisesRegex(UserError, "was closed on .* and stays as it is"):
            case.detail = "Beta"
        case.analysis = "He only wanted to be heard."
        self.assertEqual(self._log_of(case)[-1], ("analysis", "desk"))
        with self.assertRaisesRegex(UserError, "was closed by .* Taken back by the customer"):
            case.action_propose(self._ref("offer_explain").id)

    def test_two_agents_answer(self):
        """Who comes second is told what happened, and by whom."""
        case = self._proposed()
        self._as("lead", case).action_accept()
        with self.assertRaisesRegex(
            UserError, "is in the state “To be done” since .*vip_test_lead.*Offer accepted"
        ):
            case.action_consider()

    def test_auditor_only_reads(self):
        case = self._as("auditor", self._proposed())
        self.assertTrue(case.name)
        for step in ("action_accept", "action_refuse", "action_take", "action_dispatch"):
            with self.subTest(step=step), self.assertRaises(AccessError):
                getattr(case, step)()


@tagged("post_install", "-at_install")
class TestCaseContacts(RetentionCase):
    """Few contacts, and none after the final refusal."""

    def _contact(self, case, channel="phone", result="no_answer"):
        return case.contact(
            self.env.ref(f"vip_customer.channel_{channel}").id,
            self.env.ref(f"vip_customer.interaction_result_{result}").id,
        )

    def test_caps(self):
        case = self._leaves(source="work_record", user="manager_a", effective_on="2026-05-30")
        day = date(2026, 3, 10)
        for channel in ("phone", "phone", "phone", "visit", "sms"):
            with freeze_time(f"{day} 02:00:00"):
                self._contact(case, channel)
            day += timedelta(days=1)
        with freeze_time(f"{day} 02:00:00"):
            for channel in ("phone", "visit", "sms", "email"):
                with (
                    self.subTest(channel=channel),
                    self.assertRaisesRegex(UserError, "is not pursued. There is still: nothing"),
                ):
                    self._contact(case, channel)
            case.action_no_answer()
        self.assertEqual((case.state, case.outcome), ("closed", "no_answer"))

    def test_once_a_day(self):
        case = self._leaves(source="work_record", user="manager_a")
        self._contact(case)
        with self.assertRaisesRegex(UserError, "today already. Once a day is enough"):
            self._contact(case, "sms")
        self._contact(case, "hotline", "reached")  # he calls himself

    def test_given_up_too_early(self):
        case = self._leaves(source="work_record", user="manager_a")
        with self.assertRaisesRegex(UserError, "There is still: calls: 3.{1,5}texts or letters: 1"):
            case.action_no_answer()

    def test_given_up_without_a_visit(self):
        """Only where a home visit is proposed it has to be made."""
        case = self._leaves(source="work_record", user="manager_a", effective_on="2026-05-30")
        for day, channel in enumerate(("phone", "phone", "phone", "sms"), start=10):
            with freeze_time(f"2026-03-{day} 02:00:00"):
                self._contact(case, channel)
        self.assertIn("home visits: 1", case.attempts_left)
        for values in ({"was_protected": True}, {"tier_id": self.diamond.id}, {"value": 12000}):
            before = case.sudo().read(list(values), load=None)[0]
            case.sudo().write(values)
            with (
                self.subTest(**values),
                self.assertRaisesRegex(UserError, "There is still: home visits: 1"),
            ):
                case.action_no_answer()
            case.sudo().write({name: before[name] for name in values})
        case.action_no_answer()
        self.assertEqual((case.state, case.outcome), ("closed", "no_answer"))

    def test_first_contact(self):
        case = self._leaves(source="work_record", user="manager_a")
        interaction = self.env["vip.interaction"].browse(self._contact(case, result="reached"))
        self.assertEqual((interaction.purpose, interaction.retention_case_id), ("retention", case))
        self.assertEqual(case.first_contact_at, interaction.date)
        self.assertEqual(self.partner.vip_membership_id.last_contact_on, interaction.date.date())

    def test_in_the_watch(self):
        """To ask how it is sets no deadline, and is no first contact."""
        case = self._in_watch(source="work_record", user="manager_a")
        with freeze_time("2026-03-11 02:00:00"):
            self._contact(case, result="reached")
        self.assertEqual((case.deadline, case.first_contact_at), (False, case.accepted_at))

    def test_while_the_promise_is_kept(self):
        """He is told how it goes as often as it takes, and asked for nothing."""
        case = self._proposed(source="work_record", user="manager_a")
        case.action_accept()
        with freeze_time("2026-03-11 02:00:00"):
            self._contact(case)
            self._contact(case, "sms", "delivered")
        self.assertEqual(case.state, "doing")
        self.assertNotIn(True, case.interaction_ids.sorted()[:2].mapped("is_attempt"))

    def test_none_after_the_final_refusal(self):
        case = self._leaves(source="work_record", user="manager_a")
        case.action_refuse()
        with self.assertRaisesRegex(UserError, "no offers and no contacts any more"):
            self._contact(case)

    def test_every_channel_is_counted(self):
        """A meeting is a visit, and what a company adds is a text; only where he comes himself is free."""
        wechat = self.env["vip.channel"].create({"name": "WeChat", "code": "wechat"})
        result = self.env.ref("vip_customer.interaction_result_reached")
        case = self._leaves(source="work_record", user="manager_a", effective_on="2026-05-30")
        case.contact(wechat.id, result.id)
        with freeze_time("2026-03-11 02:00:00"):
            with self.assertRaisesRegex(UserError, "No more by WeChat .* calls: 3.*home visits: 1"):
                case.contact(wechat.id, result.id)
            self._contact(case, "gathering", "met")
        with freeze_time("2026-03-12 02:00:00"):
            for channel in ("visit", "community", "sms"):
                with (
                    self.subTest(channel=channel),
                    self.assertRaisesRegex(UserError, "There is still: calls: 3"),
                ):
                    self._contact(case, channel)
            for channel in ("hall", "hotline"):
                self._contact(case, channel, "reached")
        self.assertEqual(case.attempts_left, "calls: 3")

    def test_counted_contacts_stay_as_they_are(self):
        case = self._leaves(source="work_record", user="manager_a")
        contact = self.env["vip.interaction"].browse(self._contact(case))
        mine = self._as("manager_a", contact)
        for values in (
            {"date": "2026-03-09 02:00:00"},
            {"channel_id": self.env.ref("vip_customer.channel_hotline").id},
            {"result_id": self.env.ref("vip_customer.interaction_result_reached").id},
            {"partner_id": self.plain.id},
            {"purpose": "inbound"},
        ):
            for user in ("manager_a", "boss"):
                with (
                    self.subTest(user=user, **values),
                    self.assertRaisesRegex(
                        UserError, f"is counted by {case.name}, so “.*” stays as"
                    ),
                ):
                    self._as(user, contact).write(values)
        mine.summary = "Let it ring ten times"
        with self.assertRaisesRegex(UserError, f"is counted by {case.name}: it is not deleted"):
            self._as("boss", contact).unlink()

    def test_not_past_the_case(self):
        values = {
            "partner_id": self.partner.id,
            "channel_id": self.env.ref("vip_customer.channel_phone").id,
            "result_id": self.env.ref("vip_customer.interaction_result_reached").id,
        }
        contacts = self.env["vip.interaction"].with_user(self.users["manager_a"])
        contacts.create({**values, "purpose": "retention"})  # nobody asked to leave
        case = self._leaves(source="work_record", user="manager_a")
        contacts.create({**values, "purpose": "courtesy"})
        for _state in ("new", "closed"):
            with self.assertRaisesRegex(
                UserError, f"are counted by {case.name}: note this one there"
            ):
                contacts.create({**values, "purpose": "retention"})
            case.action_refuse()

    def test_who_comes_second_fails(self):
        """What judges a state or a cap updates the case, also where it leaves no other trace in it."""
        case = self._leaves(source="work_record", user="manager_a")

        def version():
            self.env.flush_all()
            return self.env.execute_query(
                SQL("SELECT ctid::text FROM vip_retention_case WHERE id = %s", case.id)
            )

        before = version()
        self._contact(case)
        self.assertNotEqual(version(), before)


@tagged("post_install", "-at_install")
class TestQuickDialog(RetentionCase):
    """“Log contact” with the purpose of retention goes through the case."""

    def _log(self, partner=None, user="manager_a", **values):
        dialogs = self.env["vip.log.call"].with_user(self.users[user])
        dialogs.create(
            {
                "partner_id": (partner or self.partner).id,
                "channel_id": self.env.ref("vip_customer.channel_phone").id,
                "result_id": self.env.ref("vip_customer.interaction_result_no_answer").id,
                "purpose": "retention",
                **values,
            }
        ).action_confirm()
        return self.env["vip.interaction"].search([], limit=1, order="id desc")

    def test_counts(self):
        case = self._leaves(source="work_record", user="manager_a")
        contact = self._log(summary="Engaged", rating="3")
        self.assertEqual(
            (contact.retention_case_id, contact.is_attempt, contact.summary, contact.rating),
            (case, True, "Engaged", "3"),
        )
        self.assertEqual(self._log_of(case)[-1], ("contacted", "manager_a"))
        with self.assertRaisesRegex(UserError, "today already. Once a day is enough"):
            self._log()

    def test_of_another_day(self):
        with freeze_time("2026-03-08 02:00:00"):
            self._leaves(source="work_record", user="manager_a")
        self._log(date="2026-03-09 02:00:00")
        with self.assertRaisesRegex(
            UserError, "already. Once a day is enough: enter the day on which"
        ):
            self._log(date="2026-03-09 05:00:00")
        self._log()

    def test_before_he_asked(self):
        self._leaves(source="work_record", user="manager_a")
        self.assertFalse(self._log(date="2026-03-09 02:00:00").retention_case_id)

    def test_after_the_final_refusal(self):
        self._leaves(source="work_record", user="manager_a").action_refuse()
        for user in ("manager_a", "desk"):
            with self.assertRaisesRegex(UserError, "no offers and no contacts any more"):
                self._log(user=user)
        self.assertTrue(self._log(purpose="inbound"))

    def test_dispatched(self):
        self._leaves(source="work_record", user="manager_a")
        with self.assertRaisesRegex(UserError, "was dispatched to .* who goes on with it"):
            self._log(user="desk")

    def test_nobody_asked_to_leave(self):
        self.assertFalse(self._log().retention_case_id)


@tagged("post_install", "-at_install")
class TestDay(RetentionCase):
    """The day of a departure is the customer's; a case follows it and never moves it."""

    def _wizard(self, case, user, **values):
        departure = case.sudo().departure_id.with_user(self.users[user]).sudo(False)
        self.assertEqual(departure.action_day()["context"]["default_departure_id"], departure.id)
        return (
            self.env["vip.departure.day"]
            .with_user(self.users[user])
            .create({"departure_id": departure.id, **values})
        )

    def test_another_day(self):
        """An earlier day cuts the deadline, a later one does not move it back."""
        case = self._leaves(self.plain, source="work_record", user="boss")
        deadline = case.deadline
        wizard = self._wizard(case, "desk")
        self.assertEqual(wizard.day, date(2026, 3, 30))
        wizard.day = "2026-04-20"
        wizard.action_confirm()
        self.assertEqual((case.closing_date, case.deadline), (date(2026, 4, 20), deadline))
        self._wizard(case, "desk", day="2026-03-11").action_confirm()
        self.assertEqual(f"{case.deadline + SHANGHAI:%d %H:%M}", "10 12:00")

    def test_it_has_happened(self):
        case = self._leaves()
        wizard = self._wizard(case, "manager_a", mode="happened")
        self.assertEqual(wizard.day, date(2026, 3, 10))
        wizard.action_confirm()
        self.assertEqual((self.first.state, case.outcome), ("closed", "no_answer"))
        self.assertEqual(case.sudo().log_ids[-2:].mapped("step"), ["departure", "no_answer"])

    def test_the_list_moves_it(self):
        """The company's own system says another day: the case follows."""
        case = self._leaves(source="list", user="boss")
        departure = case.sudo().departure_id
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE vip_departure SET effective_on = '2026-03-12' WHERE id = %s", [departure.id]
        )
        departure.invalidate_recordset()
        departure._after_moved({departure: date(2026, 3, 30)})
        self.assertEqual(case.closing_date, date(2026, 3, 12))

    def test_he_says_so_after_the_list(self):
        """The list opens no case of somebody without a tier; when he says so himself, he is heard."""
        partner = self._create_vip("Nobody")
        self.assertFalse(self._leaves(partner, source="list", user="boss"))
        wizard = (
            self.env["vip.retention.open"]
            .with_user(self.users["desk"])
            .create({"partner_id": partner.id, "source": "hall"})
        )
        action = wizard.action_confirm()
        self.assertEqual(action["res_model"], "vip.retention.case")
        case = self.Case.browse(action["res_id"])
        self.assertEqual((case.source, case.user_id), ("hall", self.users["desk"]))
        self.assertEqual(case.departure_id.effective_on, date(2026, 3, 30))
