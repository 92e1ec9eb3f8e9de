"""E-mails, texts and meetings of Odoo land in the timeline by themselves, once, and nothing else does."""

from datetime import datetime, timedelta

from markupsafe import Markup

from odoo import fields
from odoo.tests import tagged

from odoo.addons.mail.tests.common import MailCase
from odoo.addons.sms.tests.common import SMSCase

from .care_common import CareCase


@tagged("post_install", "-at_install", "vip_care")
class TestInteractionMail(CareCase, MailCase, SMSCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.member = cls._member("Wei", email="wei@example.com")
        cls.customer = cls.member.partner_id
        cls.users["manager_a"].email = "a@example.com"
        # who may write to contacts at all
        for role in ("manager_a", "boss", "employee"):
            cls.users[role].group_ids |= cls.env.ref("base.group_partner_manager")

    def _of(self):
        return self.env["vip.interaction"].search([("partner_id", "=", self.customer.id)])

    def _pages(self):
        """The pages from which somebody writes to the customer."""
        return (self.customer, self.member)

    def _post(self, page, user="manager_a", **values):
        self.env.flush_all()
        with self.mock_mail_gateway(), self.mockSMSGateway():
            return page.with_user(self.users[user]).message_post(
                **{
                    "body": "Your new plan",
                    "message_type": "comment",
                    "subtype_xmlid": "mail.mt_comment",
                    "partner_ids": self.customer.ids,
                    **values,
                }
            )

    # ------------------------------------------------------------
    # e-mails
    # ------------------------------------------------------------

    def test_sent(self):
        for page in self._pages():
            with self.subTest(page=page._name):
                self._of().unlink()
                message = self._post(page, subject="Offer")
                self.assertRecordValues(
                    self._of(),
                    [
                        {
                            "channel_id": self.channels["email"].id,
                            "result_id": self.results["delivered"].id,
                            "user_id": self.users["manager_a"].id,
                            "summary": "Offer\nYour new plan",
                            "message_id": message.id,
                            "is_contact": True,
                            "is_automatic": False,
                        }
                    ],
                )

    def test_follower(self):
        """He follows his page, so he gets what is written to followers."""
        self.member.message_subscribe(self.customer.ids)
        self._post(self.member, partner_ids=[])
        self.assertEqual(len(self._of()), 1)

    def test_to_somebody_else(self):
        self._post(self.member, partner_ids=self.users["lead"].partner_id.ids)
        self.assertFalse(self._of())

    def test_internal_note(self):
        for page in self._pages():
            self._post(page, subtype_xmlid="mail.mt_note")
        self.assertFalse(self._of())

    def test_written_by_the_system(self):
        bot = self.env.ref("base.partner_root")
        for values in (
            {"message_type": "auto_comment"},
            {"message_type": "email_outgoing"},
            {"message_type": "notification"},
            {"author_id": bot.id},
        ):
            with self.subTest(values=values):
                self._post(self.member, **values)
                self.assertFalse(self._of())

    def test_greeting_is_no_contact(self):
        template = self.env.ref("vip_customer.mail_template_birthday")
        with self.mock_mail_gateway():
            template.send_mail_batch(self.member.ids)
        self.assertFalse(self._of())

    def test_customer_without_an_address(self):
        self.customer.email = False
        self._post(self.member)
        self.assertFalse(self._of())

    def test_contact_outside_the_programme(self):
        other = self.env["res.partner"].create({"name": "Other", "email": "other@example.com"})
        self._post(other, user="boss", partner_ids=other.ids)
        self.assertFalse(self.env["vip.interaction"].search([("partner_id", "=", other.id)]))

    def test_put_off(self):
        """What is sent later is noted when it is sent."""
        self._post(self.member, scheduled_date="2099-01-01 00:00:00")
        self.assertFalse(self._of())
        with self.mock_mail_gateway():
            self.env["mail.message.schedule"].search(
                [("mail_message_id.model", "=", "vip.membership")]
            ).force_send()
        self.assertEqual(len(self._of()), 1)

    def test_colleague_without_a_role(self):
        """Who writes to a customer was in contact with him, whatever he may read."""
        self._post(self.customer, user="employee")
        self.assertEqual(self._of().user_id, self.users["employee"])

    def test_received(self):
        for page in self._pages():
            with self.subTest(page=page._name):
                self._of().unlink()
                self._post(
                    page,
                    user="boss",
                    message_type="email",
                    author_id=self.customer.id,
                    partner_ids=[],
                    subject="Re: Offer",
                    body=Markup("<p>I take it</p>"),
                )
                self.assertRecordValues(
                    self._of(),
                    [
                        {
                            "channel_id": self.channels["email"].id,
                            "result_id": self.results["replied"].id,
                            "purpose": "inbound",
                            "user_id": False,
                            "summary": "Re: Offer\nI take it",
                            "is_contact": True,
                        }
                    ],
                )

    def test_received_from_a_fast_clock(self):
        self._post(
            self.member,
            user="boss",
            message_type="email",
            author_id=self.customer.id,
            partner_ids=[],
            date=fields.Datetime.now() + timedelta(days=1),
        )
        self.assertEqual(self._of().date, fields.Datetime.now())

    # ------------------------------------------------------------
    # texts
    # ------------------------------------------------------------

    def _text(self, page, **values):
        self.env.flush_all()
        with self.mockSMSGateway():
            page.with_user(self.users["manager_a"])._message_sms("Your plan ends soon", **values)

    def test_text(self):
        for page in self._pages():
            for values in ({}, {"sms_numbers": ["+86 138-0013-8000"]}):
                with self.subTest(page=page._name, values=values):
                    self._of().unlink()
                    self._text(page, **values)
                    self.assertRecordValues(
                        self._of(),
                        [
                            {
                                "channel_id": self.channels["sms"].id,
                                "result_id": self.results["delivered"].id,
                                "user_id": self.users["manager_a"].id,
                                "summary": "Your plan ends soon",
                                "is_contact": True,
                            }
                        ],
                    )

    def test_text_to_another_number(self):
        self._text(self.member, sms_numbers=["13900139000"])
        self.assertFalse(self._of(), "it did not go to the customer")
        self.env["vip.service.number"].create(
            {"partner_id": self.customer.id, "number": "13900139000"}
        )
        self._text(self.member, sms_numbers=["139 0013 9000"])
        self.assertEqual(self._of().channel_id, self.channels["sms"])

    def test_text_to_no_number(self):
        self.customer.phone = False
        self._text(self.customer)
        self.assertFalse(self._of())

    def test_text_by_the_system(self):
        with self.mockSMSGateway():
            self.member._message_sms("Happy birthday")
        self.assertFalse(self._of())

    # ------------------------------------------------------------
    # meetings
    # ------------------------------------------------------------

    def _meet(self, hours=-2, user="manager_a", **values):
        start = fields.Datetime.now() + timedelta(hours=hours)
        organiser = self.users[user]
        return self.env["calendar.event"].create(
            {
                "name": "Lunch",
                "start": start,
                "stop": start + timedelta(hours=1),
                "user_id": organiser.id,
                "partner_ids": [(6, 0, (self.customer | organiser.partner_id).ids)],
                **values,
            }
        )

    def _run(self):
        self.env.ref("vip_customer.ir_cron_note_meetings").method_direct_trigger()
        self.env.invalidate_all()

    def test_meeting(self):
        event = self._meet()
        for _time in range(2):
            self._run()
            self.assertRecordValues(
                self._of(),
                [
                    {
                        "channel_id": self.channels["visit"].id,
                        "result_id": self.results["met"].id,
                        "user_id": self.users["manager_a"].id,
                        "date": datetime(2026, 3, 10, 0, 0),
                        "summary": "Lunch",
                        "event_id": event.id,
                    }
                ],
            )

    def test_meeting_deleted_from_the_timeline(self):
        self._meet()
        self._run()
        self._of().unlink()
        self._run()
        self.assertFalse(self._of())

    def test_meeting_on_screen(self):
        self._meet(videocall_location="https://example.com/room")
        self._run()
        self.assertEqual(self._of().channel_id, self.channels["phone"])

    def test_private_meeting(self):
        self._meet(privacy="private")
        self._run()
        self.assertEqual(len(self._of()), 1)
        self.assertFalse(self._of().summary)

    def test_meetings_that_are_none(self):
        declined = self._meet()
        declined.attendee_ids.filtered(lambda a: a.partner_id == self.customer).state = "declined"
        self._meet(hours=-1 / 2)  # not over
        self._meet(hours=-24 * 8)  # too long ago
        self._meet(active=False)
        self._meet(partner_ids=[(6, 0, self.users["manager_a"].partner_id.ids)])
        self._run()
        self.assertFalse(self._of())

    def test_meeting_planned_as_an_activity(self):
        """Marked done and over: one contact, with the words of who was there."""
        activity = self.member.activity_schedule(
            "mail.mail_activity_data_meeting",
            self.today,
            user_id=self.users["manager_a"].id,
        )
        event = self._meet()
        activity.calendar_event_id = event
        for before in (False, True):
            with self.subTest(noted_before=before):
                if before:
                    self._of().unlink()
                    event.vip_is_noted = False
                    activity.action_unarchive()
                    self._run()
                self.env.flush_all()
                activity.with_user(self.users["manager_a"]).action_feedback("He takes it")
                self._run()
                self.assertRecordValues(
                    self._of(), [{"event_id": event.id, "summary": "He takes it"}]
                )
