"""Contacts: who notes and corrects them, the last that counts, the dialog, and what is done of activities."""

from datetime import date, datetime, timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .care_common import CareCase


@tagged("vip_care")
class TestInteraction(CareCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.member = cls._member("Wei")
        cls.customer = cls.member.partner_id

    def _of(self, member=None):
        return self.env["vip.interaction"].search(
            [("partner_id", "=", (member or self.member).partner_id.id)]
        )

    def _mine(self, record, user="manager_a"):
        self.env.flush_all()
        self.env.invalidate_all()
        return record.with_user(self.users[user])

    # ------------------------------------------------------------
    # who notes and corrects
    # ------------------------------------------------------------

    def _noted_by(self, user):
        return self._contact(self.member, user_id=self.users[user].id)

    def test_own_entries_are_corrected(self):
        self._mine(self._noted_by("manager_a")).summary = "Corrected"
        for role in ("lead", "boss"):
            self._mine(self._noted_by("manager_a"), role).summary = "Corrected"

    def test_entry_of_a_colleague(self):
        with self.assertRaises(AccessError):
            self._mine(self._noted_by("manager_b")).summary = "Corrected"

    def test_entry_of_the_customer_himself(self):
        """What came in by e-mail has no author, and is not for an account manager to rewrite."""
        with self.assertRaises(AccessError):
            self._mine(self._contact(self.member, user_id=False)).summary = "Corrected"

    def test_what_odoo_noted_is_not_rewritten(self):
        message = self.member.message_post(body="Offer")
        meeting = self.env["calendar.event"].create(
            {"name": "Lunch", "start": "2026-03-09 03:00:00", "stop": "2026-03-09 04:00:00"}
        )
        for origin in ({"message_id": message.id}, {"event_id": meeting.id}):
            contact = self._contact(
                self.member, "email", "delivered", user_id=self.users["manager_a"].id, **origin
            )
            for name, value in {
                "channel_id": self.channels["visit"].id,
                "result_id": self.results["met"].id,
                "date": "2026-03-08 02:00:00",
                "partner_id": self._member("Li").partner_id.id,
            }.items():
                for role in ("manager_a", "boss"):
                    with (
                        self.subTest(origin=origin, field=name, role=role),
                        self.assertRaisesRegex(UserError, "Odoo noted “.*” with Wei by itself"),
                    ):
                        self._mine(contact, role).write({name: value})
            added = {"summary": "He read it", "rating": "5", "next_step": "Call"}
            self._mine(contact).write(added)
            self.assertRecordValues(contact, [added])

    def test_author_is_who_notes(self):
        values = {
            "partner_id": self.customer.id,
            "channel_id": self.channels["phone"].id,
            "result_id": self.results["reached"].id,
        }
        contacts = self._mine(self.env["vip.interaction"])
        self.assertEqual(contacts.create(values).user_id, self.users["manager_a"])
        with self.assertRaises(AccessError):
            contacts.create({**values, "user_id": self.users["manager_b"].id})

    def test_nobody_but_managers_deletes(self):
        contact = self._noted_by("manager_a")
        for role in ("manager_a", "lead"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self._mine(contact, role).unlink()
        self._mine(contact, "boss").unlink()
        self.assertFalse(contact.exists())

    def test_in_the_future(self):
        with self.assertRaisesRegex(ValidationError, "dated in the future"):
            self._contact(self.member, date=datetime(2026, 3, 10, 2, 0, 1))

    def test_membership_with_a_contact_stays(self):
        member = self.env["res.partner"].create({"name": "New"})
        self.env["vip.membership"]._ensure(member.ids, self.company)
        member = member.vip_membership_id
        self._contact(member)
        with self.assertRaisesRegex(UserError, "Contacts with “New” are noted"):
            member.unlink()

    def test_name(self):
        contact = self._contact(self.member, date=datetime(2026, 3, 9, 17, 0))
        self.assertEqual(contact.display_name, f"Phone call, {self._day(self.today)}")

    # ------------------------------------------------------------
    # the last contact
    # ------------------------------------------------------------

    def test_last_contact(self):
        self.assertFalse(self.member.last_contact_on)
        contact = self._contact(self.member, day="2026-03-01")
        self.assertEqual(self.member.last_contact_on, date(2026, 3, 1))
        attempt = self._contact(self.member, result="no_answer", day="2026-03-05")
        self._contact(self.member, "sms", "delivered", day="2026-03-06", is_automatic=True)
        self._contact(self._member("Li"), day="2026-03-07")
        self.assertEqual(self.member.last_contact_on, date(2026, 3, 1))
        attempt.result_id = self.results["reached"]
        self.assertEqual(self.member.last_contact_on, date(2026, 3, 5))
        attempt.unlink()
        self.assertEqual(self.member.last_contact_on, date(2026, 3, 1))
        contact.result_id = self.results["wrong"]
        self.assertFalse(self.member.last_contact_on)

    def test_last_contact_on_the_clock_of_the_company(self):
        self._contact(self.member, date=datetime(2026, 3, 8, 16, 30))
        self.assertEqual(self.member.last_contact_on, date(2026, 3, 9))

    def test_last_contact_of_another_customer(self):
        other = self._member("Li")
        contact = self._contact(self.member, day="2026-03-01")
        contact.partner_id = other.partner_id
        self.assertFalse(self.member.last_contact_on)
        self.assertEqual(other.last_contact_on, date(2026, 3, 1))

    def test_order_by_last_contact(self):
        self._contact(self.member, day="2026-03-01")
        both = self.member | self._member("Li")
        self.assertEqual(
            both.search([("id", "in", both.ids)], order="last_contact_on")[0], self.member
        )

    def test_neglected(self):
        """Longer without a contact than the plan of the tier allows; never contacted counts from the
        first day in the tier."""
        plans = self.env["vip.care.plan"].search([])
        for plan, days in zip(plans.sorted("tier_id"), (10, 20, 30), strict=False):
            plan.longest_interval = days
        longest = {plan.tier_id: plan.longest_interval for plan in plans}
        neglected, members = [], self.env["vip.membership"]
        for tier in (self.silver, self.gold, self.diamond):
            for contacted in (True, False):
                for beyond in (0, 1):
                    day = self.today - timedelta(days=longest[tier] + beyond)
                    member = self._member(f"{tier.code} {contacted} {beyond}")
                    self._set_tier(member, tier, date(2026, 1, 1) if contacted else day)
                    if contacted:
                        self._contact(member, day=day)
                    members |= member
                    if beyond:
                        neglected.append(member.id)
        members |= self._member("No tier")
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(members.filtered("is_neglected").ids, neglected)
        for operator, value, expected in (
            ("=", True, members.browse(neglected)),
            ("=", False, members - members.browse(neglected)),
            ("!=", True, members - members.browse(neglected)),
        ):
            found = members.search([("is_neglected", operator, value), ("id", "in", members.ids)])
            self.assertEqual(set(found), set(expected), (operator, value))
        plans.active = False
        self.assertFalse(members.search([("is_neglected", "=", True), ("id", "in", members.ids)]))
        self.env.invalidate_all()
        self.assertFalse(any(members.mapped("is_neglected")))

    def test_timeline(self):
        contacts = [self._contact(self.member, day=f"2026-02-{day:02}") for day in range(1, 26)]
        self.assertEqual(self.member.interaction_count, 25)
        self.assertEqual(self.member.interaction_ids.ids, [c.id for c in contacts[:-21:-1]])
        action = self._mine(self.member).action_view_interactions()
        found = self.env["vip.interaction"].search(action["domain"])
        self.assertEqual(len(found), 25)

    def test_timeline_loads_what_it_shows(self):
        """However long a customer's history is; of several customers each his own latest."""
        other = self._member("Li", manager="manager_b")
        for member in (self.member, other):
            for day in range(1, 26):
                self._contact(member, day=f"2026-02-{day:02}")
        both = self.member | other
        contacts = self._mine(both, "boss").interaction_ids
        contacts.mapped("summary")
        summary = contacts._fields["summary"]
        self.assertEqual(len(contacts.env.cache._get_field_cache(contacts, summary)), 40)
        for member in both:
            self.assertEqual(
                member.interaction_ids, self._of(member).sorted("date", reverse=True)[:20]
            )

    def test_queries_of_a_list(self):
        """As many for many customers as for few."""
        members = self.member
        for i in range(12):
            members |= self._member(f"Customer {i}", self.silver if i % 2 else None)
        for member in members:
            self._contact(member)

        def cost(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.read(["last_contact_on", "is_neglected", "completeness", "ask_next"])
            return self.env.cr.sql_log_count - before

        cost(members)
        self.assertEqual(cost(members), cost(members[:3]))

    # ------------------------------------------------------------
    # the dialog
    # ------------------------------------------------------------

    def _dialog(self, user="manager_a", member=None, **values):
        action = self._mine(member or self.member, user).action_log_contact()
        dialogs = self.env[action["res_model"]].with_user(self.users[user])
        form = Form(dialogs.with_context(**action["context"]))
        for name, value in values.items():
            setattr(form, name, value)
        return form.save()

    def test_log_contact(self):
        """Two clicks: opened and noted."""
        self._dialog().action_confirm()
        self.assertRecordValues(
            self._of(),
            [
                {
                    "channel_id": self.channels["phone"].id,
                    "result_id": self.results["reached"].id,
                    "purpose": "courtesy",
                    "user_id": self.users["manager_a"].id,
                    "date": datetime(2026, 3, 10, 2, 0),
                    "is_contact": True,
                }
            ],
        )
        self.assertEqual(self.member.last_contact_on, self.today)

    def test_log_everything(self):
        self._dialog(
            channel_id=self.channels["visit"],
            result_id=self.results["met"],
            purpose="new_service",
            summary="Liked the plan",
            rating="5",
            material="Brochure",
            date=datetime(2026, 3, 9, 3, 0),
            next_step="Send an offer",
            next_step_date=date(2026, 3, 12),
        ).action_confirm()
        self.assertRecordValues(
            self._of(),
            [
                {
                    "channel_id": self.channels["visit"].id,
                    "purpose": "new_service",
                    "summary": "Liked the plan",
                    "rating": "5",
                    "material": "Brochure",
                    "date": datetime(2026, 3, 9, 3, 0),
                    "next_step": "Send an offer",
                }
            ],
        )
        task = self.member.activity_ids.filtered(lambda a: a.summary == "Send an offer")
        self.assertEqual(
            (task.user_id, task.date_deadline), (self.users["manager_a"], date(2026, 3, 12))
        )

    def test_next_step_of_the_hotline(self):
        """The desk plans for the account manager, whose page it may not read."""
        self.env["vip.log.call"].with_user(self.users["desk"]).create(
            {
                "partner_id": self.customer.id,
                "next_step": "Call back",
                "next_step_date": "2026-03-11",
            }
        ).action_confirm()
        task = self.member.activity_ids.filtered(lambda a: a.summary == "Call back")
        self.assertEqual(task.user_id, self.users["manager_a"])

    def test_next_step_in_the_past(self):
        with self.assertRaisesRegex(UserError, "would have been due before today"):
            self._dialog(next_step="Call", next_step_date=date(2026, 3, 9)).action_confirm()
        self.assertFalse(self._of())

    def test_declined(self):
        self._dialog(result_id=self.results["declined"]).action_confirm()
        self.assertTrue(self.member.do_not_disturb)
        self.assertFalse(self.member.last_contact_on)

    def test_dialog_of_a_colleagues_customer(self):
        with self.assertRaises(AccessError):
            self._mine(self.member, "manager_b").action_log_contact()

    # ------------------------------------------------------------
    # asking while we talk
    # ------------------------------------------------------------

    def _ask_only(self, code, **values):
        """Let this be the one item that is asked."""
        kinds = self.env["vip.preference.type"].search([])
        kinds.filtered(lambda kind: kind.code != code).active = False
        kind = kinds.filtered(lambda kind: kind.code == code)
        kind.write(values)
        return kind

    def test_answer_in_words(self):
        self._ask_only("hobby")
        dialog = self._dialog(answer="Chess")
        self.assertEqual(dialog.ask, "Hobbies")
        dialog.action_confirm()
        self.assertRecordValues(
            self.member.preference_ids,
            [{"value": "Chess", "interaction_id": self._of().id, "date": self.today}],
        )
        self.assertEqual(self.member.completeness, 100)

    def test_answer_by_choosing(self):
        kind = self._ask_only("hours")
        self._dialog(answer_option_id=kind.option_ids[1]).action_confirm()
        self.assertEqual(self.member.preference_ids.option_id, kind.option_ids[1])

    def test_answer_again(self):
        kind = self._ask_only("hobby")
        old = self.env["vip.preference"].create(
            {
                "partner_id": self.customer.id,
                "type_id": kind.id,
                "value": "Chess",
                "date": "2020-01-01",
                "source_ref": "A form",
            }
        )
        self.env.invalidate_all()
        self._dialog(answer="Fishing").action_confirm()
        self.assertRecordValues(
            old,
            [
                {
                    "value": "Fishing",
                    "date": self.today,
                    "source_ref": False,
                    "interaction_id": self._of().id,
                }
            ],
        )

    def test_answer_needs_consent(self):
        self._ask_only("family", tier_ids=[(5,)])
        with (
            self.assertRaisesRegex(ValidationError, "only with the customer's consent"),
            self.env.cr.savepoint(),
        ):
            self._dialog(answer="Two children").action_confirm()
        self._dialog(answer="Two children", answer_consent=True).action_confirm()
        self.assertTrue(self.member.preference_ids.consent)

    def test_answer_stays_with_its_question(self):
        """A colleague wrote down what this dialog asks, so something else would be asked now."""
        hobby = self._ask_only("hobby")
        action = self._mine(self.member).action_log_contact()
        dialogs = self.env[action["res_model"]].with_user(self.users["manager_a"])
        form = Form(dialogs.with_context(**action["context"]))
        form.answer = "Chess"
        self.env["vip.preference.type"].with_context(active_test=False).search(
            [("code", "=", "gift")]
        ).write({"active": True, "tier_ids": [(5,)]})
        self.env["vip.preference"].create(
            {"partner_id": self.customer.id, "type_id": hobby.id, "value": "Fishing"}
        )
        self.env.invalidate_all()
        form.save().action_confirm()
        self.assertRecordValues(
            self.member.preference_ids, [{"type_id": hobby.id, "value": "Chess"}]
        )

    def test_consent_asked_of_a_choice(self):
        kind = self._ask_only("hours", consent_needed=True)
        form = Form(self.env["vip.log.call"].with_context(default_partner_id=self.customer.id))
        with self.assertRaises(AssertionError, msg="nothing is answered yet"):
            form.answer_consent = True
        form.answer_option_id = kind.option_ids[1]
        form.answer_consent = True
        form.save().action_confirm()
        self.assertTrue(self.member.preference_ids.consent)

    def test_birthday_asked(self):
        self._ask_only("birthday")
        self._dialog(answer_birthday=date(1964, 8, 15), answer_calendar="lunar").action_confirm()
        self.assertEqual(
            (self.member.birthday, self.member.birthday_calendar), (date(1964, 8, 15), "lunar")
        )

    def test_nothing_is_asked_by_who_may_not_know(self):
        self._ask_only("hobby")
        for role in ("desk", "manager_b", "manager_c"):
            dialog = (
                self.env["vip.log.call"]
                .with_user(self.users[role])
                .create({"partner_id": self.customer.id, "answer": "Chess"})
            )
            with self.subTest(role=role):
                self.assertFalse(dialog.ask_id or dialog.ask)
                dialog.action_confirm()
                self.assertFalse(self.member.sudo().preference_ids)

    # ------------------------------------------------------------
    # activities
    # ------------------------------------------------------------

    def _done(self, activity, feedback=False, user="manager_a"):
        self.env.flush_all()
        self.env.invalidate_all()
        activity.with_user(self.users[user]).action_feedback(feedback)

    def _plan(self, xml_id, **values):
        return self.member.activity_schedule(
            xml_id, self.today, user_id=self.users["manager_a"].id, **values
        )

    def _announced(self, channel="phone", due=None):
        """A touch that became a task."""
        due = due or self.today
        touch = self.Touch.create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "step_id": self._step(self.diamond).id,
                "tier_id": self.diamond.id,
                "channel_id": self.channels[channel].id,
                "purpose": "satisfaction",
                "slot": due,
                "planned_date": due,
                "due_date": due,
            }
        )
        touch.activity_id = self._plan("vip_customer.mail_activity_type_care")
        return touch

    def test_touch_done_by_its_activity(self):
        """With the result that the dialog proposes."""
        self.channels["wechat"] = self.env["vip.channel"].create(
            {"name": "WeChat", "code": "wechat"}
        )
        for channel, result in (
            ("phone", "reached"),
            ("wechat", "reached"),
            ("visit", "met"),
            ("gathering", "met"),
            ("community", "met"),
            ("sms", "delivered"),
            ("letter", "delivered"),
        ):
            with self.subTest(channel=channel):
                self._of().unlink()
                self._touches(self.member).unlink()
                other, touch = self._announced(channel), self._announced(channel)
                dialog = self.env["vip.care.touch.done"].create({"touch_id": touch.id})
                self.assertEqual(dialog.result_id.code, result)
                activity = touch.activity_id
                self._done(activity, "All is well")
                self.assertRecordValues(
                    self._of(),
                    [
                        {
                            "channel_id": self.channels[channel].id,
                            "result_id": self.results[result].id,
                            "purpose": "satisfaction",
                            "summary": "All is well",
                            "user_id": self.users["manager_a"].id,
                        }
                    ],
                )
                self.assertEqual((touch.state, other.state), ("done", "planned"))
                self.assertEqual(touch.interaction_id, self._of())
                self.assertTrue(activity.exists(), "what was done stays on the page")

    def test_touch_put_off_and_done_after_all(self):
        touch = self._announced(due=self.today + timedelta(days=20))
        self._done(touch.activity_id)
        self.assertEqual((touch.state, len(self._of())), ("done", 1))

    def test_corrected_and_still_a_contact(self):
        touch = self._announced(due=self.today + timedelta(days=20))
        self._done(touch.activity_id)
        contact = self._of()
        contact.result_id = self.results["met"]
        self.assertEqual((touch.state, touch.interaction_id), ("done", contact))
        contact.result_id = self.results["no_answer"]
        self.assertEqual((touch.state, touch.interaction_id.id), ("planned", False))

    def test_call_and_meeting(self):
        self._done(self._plan("mail.mail_activity_data_call", summary="Plan"), "He takes it")
        self._done(self._plan("mail.mail_activity_data_meeting", summary="Lunch"))
        self.assertRecordValues(
            self._of().sorted("id"),
            [
                {
                    "channel_id": self.channels["phone"].id,
                    "result_id": self.results["reached"].id,
                    "summary": "He takes it",
                },
                {
                    "channel_id": self.channels["visit"].id,
                    "result_id": self.results["met"].id,
                    "summary": "Lunch",
                },
            ],
        )

    def test_done_in_two_windows(self):
        activity = self._plan("mail.mail_activity_data_call")
        self._done(activity, "He takes it")
        self._done(activity, "He takes it")
        self.assertEqual(len(self._of()), 1)

    def test_activity_moved_to_another_customer(self):
        touch = self._announced()
        other = self._member("Somebody else", self.diamond)
        touch.activity_id.res_id = other.id
        self._done(touch.activity_id, "He takes it")
        self.assertNotEqual(touch.state, "done")
        self.assertEqual(len(self._of(other)), 1)

    def test_call_fulfils_the_touch_it_fits(self):
        touch = self._announced()
        self._done(self._plan("mail.mail_activity_data_call"), "He is well")
        self.assertEqual((touch.state, len(self._of())), ("done", 1))

    def test_call_of_which_nobody_says_what_came(self):
        touch = self._announced()
        for feedback in (False, "", "<p><br></p>"):
            self._done(self._plan("mail.mail_activity_data_call", summary="Plan"), feedback)
            with self.subTest(feedback=feedback):
                self.assertFalse(self._of())
        self.assertEqual(touch.state, "planned")
        self.assertFalse(self.member.last_contact_on)

    def test_what_is_no_contact(self):
        for xml_id in (
            "mail.mail_activity_data_todo",
            "vip_customer.mail_activity_type_gift",
            "vip_customer.mail_activity_type_tier_warning",
        ):
            self._done(self._plan(xml_id), "Done")
            with self.subTest(type=xml_id):
                self.assertFalse(self._of())

    def test_activity_of_another_page(self):
        activity = self.customer.activity_schedule(
            "mail.mail_activity_data_call", self.today, user_id=self.users["manager_a"].id
        )
        self._done(activity)
        self.assertFalse(self._of())
