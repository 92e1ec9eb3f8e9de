"""What somebody tried in order to get around the rules of a case, and does not get."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .case_common import SECOND, RetentionCase


@tagged("post_install", "-at_install")
class TestAfterTheRefusal(RetentionCase):
    def test_no_case_of_risk(self):
        """While he leaves, nobody begins again by another door."""
        for values in ({}, {"effective_on": False}):
            with self.subTest(**values):
                case = self._leaves(**values)
                case.action_refuse()
                for user in ("desk", "manager_a", "boss"):
                    with self.assertRaisesRegex(UserError, "no offers and no contacts any more"):
                        self.Case.with_user(self.users[user]).create(
                            {"partner_id": self.partner.id, "source": "risk"}
                        )
                case.sudo().departure_ids.action_withdraw()
        self.assertTrue(self.Case.create({"partner_id": self.partner.id, "source": "risk"}))

    def test_card_where_no_day_is_known(self):
        self._leaves(effective_on=False).action_refuse()
        card = self.env["res.partner"].with_user(self.users["desk"]).vip_lookup(self.first.number)
        self.assertIn("Has decided to leave", card["warnings"][0])

    def test_tasks_planned_by_hand_end(self):
        case = self._leaves()
        case.with_user(self.users["manager_a"]).activity_schedule(
            "mail.mail_activity_data_call", user_id=self.users["manager_a"].id
        )
        case.with_context(mail_activity_automation_skip=True).action_refuse()
        self.assertFalse(case.sudo().activity_ids)

    def test_no_message(self):
        """What is written to him from the case is a contact: one text in all, none after the refusal."""
        self.partner.email = "wang@example.com"
        case = self._leaves()

        def write(kind="comment"):
            # posting speaks the language of who posts
            self._as("manager_a", case).with_context(lang="en_US").message_post(
                body="Please stay",
                message_type=kind,
                partner_ids=self.partner.ids,
                subtype_xmlid="mail.mt_comment",
            )

        write()
        sent = case.sudo().interaction_ids.filtered("message_id")
        self.assertEqual(sent.mapped("is_attempt"), [True])
        with self.assertRaisesRegex(UserError, "Once a day is enough"):
            write()
        with freeze_time("2026-03-11 02:00:00"), self.assertRaisesRegex(UserError, "No more by"):
            write()
        case.action_refuse()
        for kind in ("comment", "notification"):
            with self.assertRaisesRegex(UserError, "no offers and no contacts any more"):
                write(kind)
        self._as("manager_a", case).message_post(body="Among ourselves")
        planned = case.sudo().message_post(
            body="Stay", partner_ids=self.partner.ids, message_type="comment"
        )
        self.assertFalse(planned.notification_ids)

    def test_whatever_ends_it_first(self):
        """Noted while somebody held the case: it is refused, not saved, and not unanswered."""
        case = self._in_watch()
        case.sudo()._log("refused")
        self._create_bills(self.partner, {case.watch_until.replace(day=1): 100}, self.first)
        other = self._leaves(self.plain)
        other.sudo()._log("refused")
        other.sudo().departure_ids.with_user(self.users["boss"]).take_effect("2026-03-10")
        with freeze_time("2026-07-01 02:00:00"):
            self.Case._judge(self.company, 100)
        self.assertEqual((case.outcome, other.outcome), ("refused", "refused"))

    def test_named_twice(self):
        case = self._leaves()
        case.browse([case.id, case.id]).action_refuse()
        self.assertEqual(self._log_of(case).count(("refused", "desk")), 1)

    def test_what_was_said_stays(self):
        case = self._leaves()
        case.description = "Too expensive"
        case.action_refuse()
        self._dialog(description="Once more").action_confirm()
        self.assertEqual(case.description, "Too expensive")
        self.assertIn("Once more", case.sudo().message_ids[0].body)

    def test_a_second_number(self):
        """It is another matter, with a case of its own."""
        second = self._number(self.partner, SECOND)
        case = self._leaves(number_id=self.first.id)
        case.action_refuse()
        new = self.Case.with_user(self.users["manager_a"]).create(
            {
                "partner_id": self.partner.id,
                "number_ids": [Command.set((self.first | second).ids)],
            }
        )
        self.assertEqual((new.state, new.number_ids), ("new", second))
        shown = self._dialog(all_numbers=True).action_confirm()
        self.assertEqual(shown["res_id"], new.id)

    def _dialog(self, **values):
        dialogs = self.env["vip.retention.open"].with_user(self.users["desk"])
        return dialogs.create({"partner_id": self.partner.id, **values})


@tagged("post_install", "-at_install")
class TestDialog(RetentionCase):
    def _confirm(self, partner=None, **values):
        dialogs = self.env["vip.retention.open"].with_user(self.users["desk"])
        return dialogs.create(
            {"partner_id": (partner or self.partner).id, **values}
        ).action_confirm()

    def test_another_day(self):
        """The day is the customer's, also where he asked before."""
        case = self._leaves()
        self._confirm(effective_on="2026-03-20")
        self.assertEqual(str(case.closing_date), "2026-03-20")
        self._confirm()
        self.assertEqual(str(case.closing_date), "2026-03-20")

    def test_more_than_before(self):
        """Nothing that he says is dropped in silence."""
        self._leaves(kind="suspension", effective_on="2026-04-01")
        for kind in ("scheduled", "port_out"):
            with self.assertRaisesRegex(UserError, "announced already: Suspension on request"):
                self._confirm(kind=kind)
        self._leaves(self.plain, kind="port_out")
        self.assertEqual(self._confirm(self.plain)["res_model"], "vip.retention.case")

    def test_today(self):
        """Who wants to leave today is asked why, and offered what there is, like anybody else."""
        shown = self._confirm(effective_on="2026-03-10", source="hall")
        case = self._as("desk", self.Case.browse(shown["res_id"]))
        self.assertEqual((case.state, str(case.closing_date)), ("new", "2026-03-10"))
        self.assertTrue(case.snapshot)
        case.reason_id = self._ref("reason_t_fit")
        case.action_propose(self._ref("offer_explain").id)
        case.action_accept()
        self.assertEqual((case.state, self.first.state), ("watch", "active"))
        self.assertEqual(case.sudo().departure_id.state, "withdrawn")

    def test_today_and_for_good(self):
        """His final refusal stands, and he leaves today."""
        case = self._as(
            "desk", self.Case.browse(self._confirm(effective_on="2026-03-10")["res_id"])
        )
        case.action_refuse()
        departure = case.sudo().departure_id
        self.assertEqual(
            (case.outcome, departure.state, str(departure.effective_on)),
            ("refused", "announced", "2026-03-10"),
        )
        with freeze_time("2026-03-10 03:10:00"):
            self.Departure._take_effect_due(self.company)
        self.assertEqual((case.outcome, departure.state), ("refused", "effective"))
        self.assertEqual(str(self.first.closed_on), "2026-03-10")

    def test_yesterday(self):
        with self.assertRaisesRegex(UserError, "cannot leave on .* before the request of"):
            self._confirm(effective_on="2026-03-09")

    def test_other_companies(self):
        """Dialogs tell nothing of customers that their user does not work for."""
        case = self._leaves()
        rival = self.env["res.company"].create({"name": "Rival"})
        desk = self.users["desk"]
        desk.write({"company_ids": [Command.set(rival.ids)], "company_id": rival.id})
        env = self.env(user=desk.id, context={"allowed_company_ids": rival.ids})
        dialog = env["vip.retention.open"].create({"partner_id": self.partner.id})
        self.assertEqual((dialog.number_count, dialog.manager_name), (0, False))
        with self.assertRaises(AccessError):
            env["vip.departure.day"].create({"departure_id": case.sudo().departure_id.id})
        with self.assertRaises(AccessError):
            env["vip.retention.contact"].create({"case_id": case.id}).read(["attempts_left"])
        with self.assertRaises(AccessError):
            env["vip.retention.accept"].create({"case_id": case.id}).read(["line_ids"])


@tagged("post_install", "-at_install")
class TestDoorsOfTheCase(RetentionCase):
    def test_kept_numbers(self):
        """What the watch is judged by is not changed afterwards, and never empty."""
        second = self._number(self.partner, SECOND)
        case = self._as("manager_a", self._leaves(number_id=self.first.id))
        for numbers in (second, self.first.browse()):
            with self.assertRaisesRegex(ValidationError, "keeps one or more of the numbers"):
                case.kept_number_ids = [Command.set(numbers.ids)]
        case.reason_id = self._ref("reason_t_fit")
        case.action_propose(self._ref("offer_plan_fit").id)
        with self.assertRaisesRegex(UserError, "are not all numbers of"):
            case.action_accept([[6, 0, self.first.ids]])
        case.action_accept()
        for _state in ("doing", "watch"):
            with self.assertRaisesRegex(UserError, "was agreed when he accepted"):
                case.write({"kept_number_ids": [Command.clear()]})
            if case.state == "doing":
                case.done("ORDER-1")

    def test_dispatched_is_not_written_by_the_desk(self):
        """Whoever follows up finds the case as it was told him."""
        second = self._number(self.partner, SECOND)
        self._leaves(number_id=second.id)
        case = self._proposed(number_id=self.first.id)
        case.action_dispatch()
        self.assertFalse(case.takes_words)
        for values in (
            {"reason_id": self._ref("reason_o_gone").id},
            {"description": "Else"},
            {"likelihood": "1"},
            {"analysis": "Else"},
        ):
            for user in ("desk", "manager_c"):
                with (
                    self.subTest(user=user, **values),
                    self.assertRaisesRegex(UserError, "was dispatched to .* who goes on with it"),
                ):
                    self._as(user, case).write(values)
        with self.assertRaisesRegex(UserError, "was dispatched to"):
            self._as("manager_c", case).kept_number_ids = [Command.set(self.first.ids)]
        self.assertFalse(case.sudo().proposal_ids.answer)
        self.assertEqual(case.sudo().kept_number_ids, self.first | second)
        for user in ("manager_a", "lead", "boss"):
            self._as(user, case).description = f"Told to {user}"
            self.assertTrue(self._as(user, case).takes_words)

    def test_words_of_who_leaves_a_dispatched_case(self):
        """Asked in the talk in which he leaves, whoever he says it to; also while somebody holds the case."""
        self._assign(self.plain, self.users["manager_c"], self.county)
        held, free = self._leaves(), self._leaves(self.plain)
        (held | free).action_dispatch()
        held.sudo()._log("refused")
        free.action_refuse()
        for case in (held, free):
            with self.subTest(state=case.state):
                self.assertTrue(case.takes_words)
                case.write({"likelihood": "2", "survey": "A better plan", "detail": "Beta"})
                self.assertFalse(self._as("manager_b", case).takes_words)
        with self.assertRaisesRegex(UserError, "was dispatched to"):
            self._as("manager_b", held).survey = "Else"
        with self.assertRaisesRegex(UserError, "was dispatched to"):
            held.analysis = "Else"

    def test_condolence_ends_what_was_offered(self):
        case = self._proposed("handset", "o_device")
        case.reason_id = self._ref("reason_o_gone")
        proposal = case.sudo().proposal_ids
        self.assertEqual((proposal.answer, proposal.approval), ("ended", "not_needed"))
        self.assertNotIn("approval", {kind for kind, _login in self._tasks_of(case)})
        with self.assertRaisesRegex(UserError, "was answered already"):
            case.action_accept()

    def test_no_tier_to_keep(self):
        case = self._as("boss", self._leaves(self._create_vip("Qian")))
        case.reason_id = self._ref("reason_p_tier")
        offer = self._ref("offer_tier_hold")
        self.assertNotIn(offer.id, [rung["id"] for rung in case.ladder])
        with self.assertRaisesRegex(UserError, "is not for customers of no tier"):
            case.action_propose(offer.id)

    def test_who_left_is_not_asked(self):
        # the list opens no case for somebody without a tier
        self._move(self.plain, self.no_tier)
        plain = self.Departure.sudo().create(
            {"partner_id": self.plain.id, "source": "list", "effective_on": "2026-03-30"}
        )
        plain.action_withdraw()
        with self.assertRaisesRegex(UserError, "was withdrawn on"):
            self._open(partner_id=self.plain.id, departure_id=plain.id)
        self.first.write({"state": "closed", "closed_on": "2026-03-01"})
        gone = self.Departure.search([("number_id", "=", self.first.id)])
        with self.assertRaisesRegex(UserError, "is effective since"):
            self._open(partner_id=self.partner.id, departure_id=gone.id)
        with self.assertRaisesRegex(UserError, "no open number any more"):
            self._open(partner_id=self.partner.id, source="risk")
        with self.assertRaisesRegex(UserError, "is closed since"):
            self._open(
                "manager_a",
                partner_id=self.partner.id,
                source="risk",
                number_ids=[Command.set(self.first.ids)],
            )

    def _open(self, user="desk", **values):
        return self.Case.with_user(self.users[user]).create(values)

    def test_nothing_from_the_context(self):
        """No caller says that a case is being opened already, or that the list brought it."""
        departures = self.Departure.with_user(self.users["desk"])
        with self.assertRaisesRegex(UserError, "The daily list brings"):
            departures.with_context(default_source="list").create({"partner_id": self.partner.id})
        found = departures.with_context(vip_retention_opening=True).create(
            {"partner_id": self.partner.id, "effective_on": "2026-03-30"}
        )
        self.assertEqual(found.case_id.state, "new")

    def test_missing_arguments(self):
        case = self._leaves()
        channel = self.env.ref("vip_customer.channel_phone").id
        for missing in (None, False, 0):
            with self.assertRaisesRegex(UserError, "Something is missing: Offer"):
                case.action_propose(missing)
            with self.assertRaisesRegex(UserError, "Something is missing"):
                case.contact(missing, missing)
            with self.assertRaisesRegex(UserError, "Something is missing"):
                case.contact(channel, missing)
