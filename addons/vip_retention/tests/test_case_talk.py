from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .case_common import SECOND, RetentionCase


@tagged("post_install", "-at_install")
class TestCaseTalk(RetentionCase):
    """Every talk is one contact on the customer's timeline."""

    def _timeline(self, partner=None):
        """His contacts as (channel, purpose, login, attempt), oldest first."""
        contacts = self.env["vip.interaction"].search(
            [("partner_id", "=", (partner or self.partner).id)], order="date, id"
        )
        return [
            (
                one.channel_id.code,
                one.purpose,
                one.user_id.login.removeprefix("vip_test_"),
                one.is_attempt,
            )
            for one in contacts
        ]

    def _contact(self, case, channel="phone", result="no_answer", **values):
        return case.contact(
            self.env.ref(f"vip_customer.channel_{channel}").id,
            self.env.ref(f"vip_customer.interaction_result_{result}").id,
            **values,
        )

    def test_opening(self):
        """Where he comes himself; what was before is what is frozen."""
        for source in ("hotline", "hall"):
            with self.subTest(source=source):
                partner = self._create_vip(f"By {source}")
                case = self._leaves(partner, source=source)
                self.assertEqual(self._timeline(partner), [(source, "inbound", "desk", False)])
                self.assertFalse(case.snapshot["contacts"])
                self.assertEqual(case.sudo().interaction_ids.retention_case_id, case)
                self.assertTrue(partner.vip_membership_id.last_contact_on)
        for source, user in (("list", "boss"), ("work_record", "manager_a")):
            with self.subTest(source=source):
                partner = self._create_vip(f"By {source}", self.gold)
                self._leaves(partner, source=source, user=user)
                self.assertFalse(self._timeline(partner))

    def test_one_talk_many_clicks(self):
        case = self._proposed()
        case.action_refuse_offer()
        case.action_propose(self._ref("offer_explain").id)
        case.action_accept()
        self.assertEqual(self._timeline(), [("hotline", "inbound", "desk", False)])

    def test_the_account_manager_hears_the_answer(self):
        """He called: that is the first contact, and an attempt."""
        case = self._proposed(source="work_record", user="manager_a")
        self.assertFalse(case.first_contact_at)
        case.action_consider()
        self.assertEqual(self._timeline(), [("phone", "retention", "manager_a", True)])
        self.assertEqual(case.first_contact_at, case.interaction_ids.date)
        self.assertIn("calls: 2", case.attempts_left)
        with freeze_time("2026-03-11 02:00:00"):
            case.action_accept()
        self.assertEqual(len(self._timeline()), 2)

    def test_an_offer_is_refused(self):
        """The talk goes on: his first contact was kept, and his answer is due."""
        case = self._proposed(source="work_record", user="manager_a")
        deadline = case.deadline
        case.action_refuse_offer()
        self.assertTrue(case.first_contact_at)
        self.assertGreater(case.deadline, deadline)

    def test_taken_back(self):
        case = self._leaves(source="work_record", user="manager_a")
        case.action_withdraw()
        self.assertEqual(self._timeline(), [("phone", "retention", "manager_a", True)])

    def test_noted_by_hand_before(self):
        case = self._proposed(source="work_record", user="manager_a")
        self._contact(case, "visit", "met")
        case.action_consider()
        self.assertEqual(self._timeline(), [("visit", "retention", "manager_a", True)])

    def test_described_by_hand_afterwards(self):
        """It was a visit, says who made it: the same contact, counted as what it was."""
        case = self._proposed(source="work_record", user="manager_a")
        case.action_consider()
        noted = case.interaction_ids
        self.assertEqual(self._contact(case, "visit", "met", summary="At his shop"), noted.id)
        self.assertEqual(self._timeline(), [("visit", "retention", "manager_a", True)])
        self.assertEqual(noted.summary, "At his shop")
        self.assertNotIn("home visits", case.attempts_left)
        self.assertIn("calls: 3", case.attempts_left)

    def test_noted_by_hand_stays(self):
        """Only what the case noted itself is described afterwards."""
        case = self._leaves(source="work_record", user="manager_a")
        self._contact(case, "phone", "reached")
        with self.assertRaisesRegex(UserError, "today already. Once a day is enough"):
            self._contact(case, "visit", "met")
        case.action_withdraw()
        self.assertEqual(self._timeline(), [("phone", "retention", "manager_a", True)])

    def test_a_call_is_not_the_talk_at_the_hotline(self):
        case = self._leaves()
        self._contact(case, "phone", "reached")
        self.assertEqual(
            self._timeline(),
            [("hotline", "inbound", "desk", False), ("phone", "retention", "desk", True)],
        )

    def test_he_calls_back(self):
        """Tried in vain today, so the talk is none of our attempts."""
        case = self._proposed(source="work_record", user="manager_a")
        self._contact(case)
        case.action_consider()
        self.assertEqual(
            self._timeline(),
            [("phone", "retention", "manager_a", True), ("phone", "inbound", "manager_a", False)],
        )
        self.assertIn("calls: 2", case.attempts_left)
        # what he said can still be told
        self._contact(case, result="reached", summary="He compares two offers")
        self.assertEqual(len(self._timeline()), 2)
        self.assertIn("calls: 2", case.attempts_left)

    def test_told_after_he_accepted(self):
        """The call in which he accepted stays the attempt that it was."""
        case = self._proposed(source="work_record", user="manager_a")
        case.action_accept()
        self._contact(case, result="reached", summary="Takes the smaller plan")
        self.assertEqual(self._timeline(), [("phone", "retention", "manager_a", True)])

    def test_a_contact_becomes_none_of_retention(self):
        """Not by rewriting what was noted about something else."""
        self._leaves(source="work_record", user="manager_a")
        contact = (
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
        with self.assertRaisesRegex(UserError, "note this one there"):
            contact.purpose = "retention"

    def test_he_asks_for_more_at_the_hotline(self):
        """Of a case that his account manager has: still the account manager's to contact."""
        second = self._number(self.partner, SECOND)
        case = self._leaves(source="work_record", user="manager_a", number_id=self.first.id)
        self._leaves(number_id=second.id)
        self.assertEqual(self._timeline(), [("hotline", "inbound", "desk", False)])
        self.assertFalse(case.first_contact_at)

    def test_he_says_it_again(self):
        self._leaves(source="work_record", user="manager_a")
        for _click in range(2):
            self.env["vip.retention.open"].with_user(self.users["desk"]).create(
                {"partner_id": self.partner.id, "source": "hall"}
            ).action_confirm()
        self.assertEqual(self._timeline(), [("hall", "inbound", "desk", False)])

    def test_the_programme_talks_to_nobody(self):
        self.Departure.create({"partner_id": self.partner.id, "source": "hotline"})
        self.assertFalse(self._timeline())

    def test_a_channel_that_is_gone(self):
        """Nobody's request waits for master data."""
        hotline = self.env.ref("vip_customer.channel_hotline")
        self.env["ir.model.data"].search(
            [("model", "=", "vip.channel"), ("res_id", "=", hotline.id)]
        ).unlink()
        self.assertEqual(self._leaves().state, "new")
        self.assertFalse(self._timeline())

    # the final refusal

    def test_refused(self):
        """The click writes nothing that somebody may hold; the scheduled action notes the talk, once."""
        case = self._leaves(source="work_record", user="manager_a")
        case.action_refuse()
        self.assertFalse(self._timeline())
        self.assertEqual(case.first_contact_at, case.closed_at)
        with freeze_time("2026-03-10 02:15:00"):
            for _run in range(2):
                self._finish_refusals()
        self.assertEqual(self._timeline(), [("phone", "retention", "manager_a", False)])
        self.assertEqual(case.interaction_ids.date, case.closed_at)

    def test_refused_to_the_desk(self):
        """He came to say so, whoever the case belongs to."""
        self._as("desk", self._leaves(source="work_record", user="manager_a")).action_refuse()
        self._finish_refusals()
        self.assertEqual(self._timeline(), [("hotline", "inbound", "desk", False)])

    def test_refused_in_the_talk_in_which_he_asked(self):
        self._leaves().action_refuse()
        self._finish_refusals()
        self.assertEqual(self._timeline(), [("hotline", "inbound", "desk", False)])

    def test_refused_while_somebody_holds_an_activity(self):
        """What somebody holds goes by itself later; what was planned since stays."""
        case = self._leaves(source="work_record", user="manager_a")
        held = case.sudo().activity_ids
        self.assertTrue(held)
        activities = self.registry["mail.activity"]
        with patch.object(
            activities, "try_lock_for_update", lambda self, **_options: self.browse()
        ):
            case.action_refuse()
        self.assertEqual((case.outcome, case.sudo().activity_ids), ("refused", held))
        later = case.sudo().activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.users["lead"].id, summary="Analysis"
        )
        self.env.flush_all()
        for activity, moment in ((held, "2026-03-10 01:00:00"), (later, "2026-03-10 03:00:00")):
            self.env.cr.execute(
                "UPDATE mail_activity SET create_date = %s WHERE id = ANY(%s)",
                [moment, activity.ids],
            )
        self.env.invalidate_all()
        self._finish_refusals()
        self.assertEqual(case.sudo().activity_ids, later)

    def test_refused_without_the_scheduled_action(self):
        self.env.ref("vip_retention.ir_cron_refusals").unlink()
        case = self._leaves()
        case.action_refuse()
        self.assertEqual(case.outcome, "refused")
