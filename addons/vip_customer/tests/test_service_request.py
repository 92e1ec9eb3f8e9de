"""Service requests from opening to closing, and what is refused."""

from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .service_common import ServiceCase, at, utc


@tagged("post_install", "-at_install")
class TestServiceRequestOpen(ServiceCase):
    def test_opening_freezes_tier_and_targets(self):
        request = self._open()
        self.assertRegex(request.name, r"^SR2026-\d{5}$")
        self.assertEqual(request.state, "new")
        self.assertEqual(request.tier_id, self.gold)
        self.assertEqual(request.company_id, self.company)
        self.assertEqual(request.opened_by, self.users["desk"])
        self.assertEqual((request.respond_hours, request.resolve_hours), (1, 8))
        # gold, hall: 1 h and 8 h from 10:00
        self.assertEqual(self._due(request), ["2026-03-10 11:00", "2026-03-10 18:00"])
        self._move(self.partner, self.diamond)
        self._type("ADVICE").target_ids.respond_hours = 0.25
        self.assertEqual(self._due(request), ["2026-03-10 11:00", "2026-03-10 18:00"])
        self.assertEqual(request.tier_id, self.gold)

    def test_numbers_count_up(self):
        first, second = self._open(), self._open()
        self.assertEqual(int(second.name[-5:]), int(first.name[-5:]) + 1)

    def test_every_shipped_service_has_its_targets(self):
        """The table of the standard, hour by hour."""
        expected = {
            "ADVICE": ("hall", (0.5, 4), (1, 8), (2, 8)),
            "HANDLING": ("hall", (1, 8), (2, 8), (4, 16)),
            "BILL": ("hall", (0.5, 4), (1, 8), (2, 16)),
            "COMPLAINT": ("hall", (0.5, 16), (1, 24), (2, 32)),
            "DEMO": ("office", (2, 24), (4, 40), (8, 56)),
            "BOARDING": ("travel", (0.5, 2), (1, 4), None),
            "CLUB": ("office", (4, 16), (8, 24), (8, 40)),
            "PERSONAL": ("office", (4, 40), (8, 56), (8, 80)),
        }
        for code, (calendar, *tiers) in expected.items():
            service = self._type(code)
            with self.subTest(code=code):
                self.assertEqual(service.code, code)
                self.assertEqual(
                    service.calendar_id, self.env.ref(f"vip_customer.calendar_{calendar}")
                )
                targets = {
                    target.tier_id: (target.respond_hours, target.resolve_hours)
                    for target in service.target_ids
                }
                own = (self.diamond, self.gold, self.silver)
                self.assertEqual([targets.get(tier) for tier in own], tiers)

    def test_it_goes_to_the_account_manager(self):
        self.assertEqual(self._open().user_id, self.users["manager_a"])

    def test_without_an_account_manager_it_goes_to_the_lead_of_the_branch(self):
        self.partner.vip_membership_id.manager_id = False
        self.assertEqual(self._open().user_id, self.users["lead"])

    def test_a_service_of_a_team_goes_to_its_lead(self):
        self.county.user_id = self.users["boss"]
        self._type("ADVICE").write({"assigned_to": "team", "team_id": self.county.id})
        self.assertEqual(self._open().user_id, self.users["boss"])

    def test_a_service_of_a_team_needs_the_team(self):
        with (
            mute_logger("odoo.sql_db"),
            self._violates(Exception, "vip_service_type_team_named"),
        ):
            self._type("ADVICE").assigned_to = "team"
            self.env.flush_all()

    def test_a_service_that_the_tier_has_not(self):
        silver = self._create_vip("Li", self.silver)
        with self.assertRaisesRegex(
            UserError,
            "“Airport boarding” is no service of Silver, so there is no request for “Li”. "
            "It is one of: Gold.+Diamond.",
        ):
            self._boarding(partner=silver)

    def test_no_vip_customer_today(self):
        former = self._create_vip("Zhao")
        with self.assertRaisesRegex(UserError, "“Zhao” is no VIP customer today."):
            self._open(partner=former)

    def test_a_contact_outside(self):
        outside = self.env["res.partner"].create({"name": "Sun"})
        with self.assertRaisesRegex(UserError, "no VIP customer today"):
            self._open(partner=outside)

    def test_an_archived_type_takes_no_new_requests_and_goes_on_with_open_ones(self):
        request = self._open()
        self._type("ADVICE").action_archive()
        with self.assertRaisesRegex(
            UserError, "“Business advice” is archived: no new requests. What is open goes on."
        ):
            self._open()
        request.action_respond()
        request.pause("customer")
        request.action_resume()
        request.answer = "Told"
        request.action_close()
        self.assertEqual(request.state, "closed")
        request.action_reopen()
        self.assertEqual(request.state, "doing")

    def test_a_type_with_requests_is_not_deleted(self):
        self._open()
        with self.assertRaisesRegex(
            UserError, "“Business advice” has requests and cannot be deleted. Archive it instead."
        ):
            self._type("ADVICE").unlink()

    def test_frozen_fields_are_refused(self):
        request = self._open()
        for name in ("resolve_by", "state", "tier_id", "name", "paused", "resolved_at"):
            with self.subTest(field=name), self.assertRaises(AccessError):
                request.write({name: False})
            with self.subTest(field=name, door="create"), self.assertRaises(AccessError):
                self._open(**{name: False})

    def test_customer_and_service_stay(self):
        request = self._open()
        other = self._create_vip("Li", self.gold)
        for values in ({"partner_id": other.id}, {"type_id": self._type("BILL").id}):
            with self.assertRaisesRegex(UserError, "Customer and service of SR2026-"):
                request.write(values)
        request.write({"partner_id": self.partner.id})  # a form sends what did not change, too

    def test_sub_types_belong_to_the_service(self):
        cause = self.env.ref("vip_customer.service_subtype_complaint_billing")
        with self.assertRaisesRegex(
            ValidationError, "“Billing” does not belong to “Business advice”"
        ):
            self._open(subtype_id=cause.id)

    def test_the_assignee_works_on_requests(self):
        with self.assertRaisesRegex(ValidationError, "does not work on service requests"):
            self._open().user_id = self.users["employee"]

    def test_a_membership_with_requests_is_not_deleted(self):
        self._open()
        with self.assertRaisesRegex(UserError, "“Wang” .*the membership cannot be deleted"):
            self.partner.vip_membership_id._unlink_except_asked()

    def test_taking_over(self):
        request = self._open()
        request.action_take()
        self.assertEqual(request.user_id, self.users["desk"])

    def test_companions_are_none_or_more(self):
        with self._violates(Exception, "vip_service_request_companions_positive"):
            self._boarding(companions=-1)


@tagged("post_install", "-at_install")
class TestServiceRequestNumber(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.number = cls.env["vip.service.number"].create(
            {"partner_id": cls.partner.id, "number": "13812345678", "activated_on": "2020-01-01"}
        )

    def test_the_desk_names_a_number_as_the_customer_says_it(self):
        request = self._open(concerned="138 1234-5678")
        self.assertEqual(request.sudo().number_id, self.number)
        self.assertNotIn("12345678", request.concerned)
        with self.assertRaises(AccessError):
            request.read(["number_id"])
        request.concerned = request.concerned  # a form sends back what it showed
        self.assertEqual(request.sudo().number_id, self.number)
        request.concerned = "5678"
        self.assertEqual(request.sudo().number_id, self.number)
        request.concerned = False
        self.assertFalse(request.sudo().number_id)

    def test_a_number_of_somebody_else(self):
        other = self._create_vip("Li", self.gold, number="13912345678")
        with self.assertRaisesRegex(UserError, "“13912345678” is no open number of “Wang”"):
            self._open(concerned="13912345678")
        with self.assertRaisesRegex(ValidationError, "The number is none of “Wang”"):
            self._open(user="boss", number_id=other.vip_number_ids.id)

    def test_the_hotline_opens_it_for_the_number_that_calls(self):
        panel = self.partner.with_user(self.users["desk"]).with_context(
            vip_caller_panel=True, vip_caller_number="13812345678"
        )
        context = panel.action_vip_request()["context"]
        self.assertEqual(context["default_partner_id"], self.partner.id)
        self.assertEqual(context["default_concerned"], "13812345678")
        self.assertEqual(context["default_channel_id"], self.hotline.id)
        boss = panel.with_user(self.users["boss"]).action_vip_request()["context"]
        self.assertEqual(boss["default_number_id"], self.number.id)
        for nonsense in ("13899999999", 5, None, ["x"], ""):
            with self.subTest(number=nonsense):
                action = panel.with_context(vip_caller_number=nonsense).action_vip_request()
                self.assertNotIn("default_concerned", action["context"])


@tagged("post_install", "-at_install")
class TestServiceRequestSteps(ServiceCase):
    def test_from_opening_to_closing(self):
        request = self._open(description="Which plan is best?")
        with at("2026-03-10 10:30"):
            request.action_respond()
        self.assertEqual(request.state, "doing")
        self.assertEqual(request.responded_by, self.users["desk"])
        self.assertEqual(request.next_due, request.resolve_by)
        with at("2026-03-10 15:00"):
            request.answer = "The plan with 20 GB"
            request.with_user(self.users["manager_a"]).action_close()
        self.assertEqual(request.state, "closed")
        self.assertEqual(request.resolved_by, self.users["manager_a"])
        self.assertEqual(self._shanghai(request.resolved_at), "2026-03-10 15:00")
        self.assertFalse(request.next_due)

    def test_closing_notes_the_contact_once(self):
        request = self._closed(answer="The plan with 20 GB")
        contacts = self.env["vip.interaction"].search([("partner_id", "=", self.partner.id)])
        self.assertEqual(len(contacts), 1)
        self.assertEqual(request.sudo().interaction_id, contacts)
        self.assertEqual(contacts.channel_id, self.hotline)
        self.assertEqual(contacts.user_id, self.users["desk"])
        self.assertEqual(contacts.purpose, "inbound")
        self.assertTrue(contacts.is_contact)
        self.assertIn("The plan with 20 GB", contacts.summary)

    def test_closing_without_responding_counts_as_the_response(self):
        request = self._closed()
        self.assertEqual(request.responded_at, request.resolved_at)
        self.assertEqual(request.responded_by, self.users["desk"])

    def test_closing_without_an_answer(self):
        request = self._open()
        for answer in (False, "", "  \n "):
            request.answer = answer
            with self.assertRaisesRegex(UserError, f"The request {request.name} has no answer."):
                request.action_close()

    def test_the_dialog_closes(self):
        request = self._open("COMPLAINT")
        action = request.action_answer()
        dialog = (
            self.env[action["res_model"]]
            .with_user(self.users["desk"])
            .with_context(**action["context"])
            .create({"answer": "Refunded", "offered": "A month free"})
        )
        self.assertEqual(dialog.channel_id, self.hotline)
        dialog.action_confirm()
        self.assertEqual(
            (request.state, request.answer, request.offered), ("closed", "Refunded", "A month free")
        )

    def test_who_comes_second_is_told(self):
        request = self._open()
        second = request.with_user(self.users["manager_a"])
        request.action_respond()
        with self.assertRaisesRegex(UserError, r"vip_test_desk.* responded to the request SR"):
            second.action_respond()
        request.pause("customer")
        with self.assertRaisesRegex(UserError, "is paused already"):
            second.pause("documents")
        request.action_resume()
        with self.assertRaisesRegex(UserError, "is not paused, so there is nothing to resume"):
            second.action_resume()
        request.answer = "Told"
        request.action_close()
        for step in ("action_close", "action_respond", "action_resume", "action_cancel"):
            with (
                self.subTest(step=step),
                self.assertRaisesRegex(UserError, r"was closed by .*vip_test_desk"),
            ):
                getattr(second, step)()
        request.action_reopen()
        with self.assertRaisesRegex(UserError, "is open already"):
            second.action_reopen()
        request.action_cancel()
        with self.assertRaisesRegex(UserError, "is cancelled; there is nothing to do any more"):
            second.action_close()

    def test_what_is_closed_stays(self):
        request = self._closed()
        for values in ({"answer": "Else"}, {"severity": "serious"}, {"user_id": False}):
            with self.assertRaisesRegex(UserError, "is Resolved, so it stays as it is"):
                request.write(values)
        request.message_post(body="A note")

    def test_opening_again(self):
        request = self._open()
        with at("2026-03-10 12:00"):  # 2 of 8 hours are used
            request.answer = "Told"
            request.action_close()
        with at("2026-03-12 09:00"):
            request.action_reopen()
            self.assertEqual((request.state, request.reopened), ("doing", 1))
            self.assertFalse(request.resolved_at)
            self.assertEqual(self._shanghai(request.resolve_by), "2026-03-12 15:00")
            was = request.pause_ids.resolve_by
            self.assertEqual(self._shanghai(was), "2026-03-10 18:00", "until when it had been")
            self.assertFalse(request.paused_hours)
            request.action_close()
        contacts = self.env["vip.interaction"].search([("partner_id", "=", self.partner.id)])
        self.assertEqual(len(contacts), 2)

    def test_cancelling(self):
        request = self._open()
        request.pause("customer")
        request.action_cancel()
        self.assertEqual(request.state, "cancelled")
        self.assertFalse(request.paused)
        self.assertTrue(request.pause_ids.date_to)
        self.assertFalse(self.env["vip.interaction"].search([("partner_id", "=", self.partner.id)]))

    def test_a_mail_from_the_request_is_a_contact(self):
        self.partner.email = "wang@example.com"
        request = self._open(user="manager_a")
        request.message_post(
            body="Your number is ready",
            partner_ids=self.partner.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        contact = self.env["vip.interaction"].search([("partner_id", "=", self.partner.id)])
        self.assertEqual(contact.channel_id.code, "email")
        self.assertIn("Your number is ready", contact.summary)

    def test_handing_the_customer_over_moves_open_requests(self):
        stays = self._closed()
        other = self._open(user_id=self.users["desk"].id)
        moves = self._open()
        self.partner.vip_membership_id.with_user(self.users["lead"]).assign(
            self.users["manager_b"].id, self.city.id
        )
        self.assertEqual(moves.user_id, self.users["manager_b"])
        self.assertEqual(other.user_id, self.users["desk"])
        self.assertEqual(stays.user_id, self.users["manager_a"])


@tagged("post_install", "-at_install")
class TestServiceRequestClock(ServiceCase):
    def test_after_hours_the_clock_starts_in_the_morning(self):
        with at("2026-03-10 20:00"):
            request = self._open()
        self.assertEqual(self._due(request), ["2026-03-11 09:30", "2026-03-11 16:30"])

    def test_lunch_and_weekend_of_account_managers(self):
        with at("2026-03-13 11:00"):  # Friday
            request = self._open("CLUB")  # gold: 8 and 24 hours
        self.assertEqual(self._due(request), ["2026-03-16 11:00", "2026-03-18 11:00"])

    def test_make_up_working_days(self):
        self.env["vip.working.day"].create(
            {
                "name": "Spring Festival",
                "calendar_id": self.env.ref("vip_customer.calendar_office").id,
                "date": "2026-03-14",
                "hour_from": 9,
                "hour_to": 12,
            }
        )
        with at("2026-03-13 11:00"):
            request = self._open("CLUB")
        # 1 + 4.5 on Friday, 2.5 of the 3 on Saturday
        self.assertEqual(self._due(request)[0], "2026-03-14 11:30")

    def test_a_deadline_across_new_year_and_its_holiday(self):
        office = self.env.ref("vip_customer.calendar_office")
        self.env["resource.calendar.leaves"].create(
            {
                "name": "New Year",
                "calendar_id": office.id,
                "date_from": utc("2027-01-01 00:00"),
                "date_to": utc("2027-01-03 23:59"),
            }
        )
        self._create_policy(name="Standard 2027", date_from="2027-02-01", date_to="2028-01-31")
        with at("2026-12-31 17:30"):  # Thursday
            request = self._open("CLUB")
        self.assertEqual(self._due(request), ["2027-01-04 17:30", "2027-01-06 17:30"])

    def test_the_holiday_of_another_company_is_none(self):
        other = self.env["res.company"].create({"name": "Other"})
        leaves = self.env["resource.calendar.leaves"]
        values = {"date_from": utc("2026-03-10 00:00"), "date_to": utc("2026-03-11 00:00")}
        leave = leaves.create({**values, "name": "Theirs", "calendar_id": False})
        leave.company_id = other
        self.assertEqual(self._due(self._open())[0], "2026-03-10 11:00")
        leaves.create({**values, "name": "Ours", "calendar_id": False})
        self.assertEqual(self._due(self._open())[0], "2026-03-11 09:30")

    def test_a_pause_moves_what_is_to_come_by_the_working_time_paused(self):
        request = self._open()
        request.action_respond()
        with at("2026-03-10 16:00"):
            request.pause("documents", "Identity card")
            self.assertTrue(request.paused)
            self.assertFalse(request.next_due)
            self.assertIn("Identity card", request.waiting)
        with at("2026-03-11 09:30"):  # 2.5 and 1 hours
            request.action_resume()
        self.assertEqual(self._due(request), ["2026-03-10 11:00", "2026-03-11 11:30"])
        self.assertEqual(request.paused_hours, 3.5)
        self.assertEqual(request.pause_ids.working_hours, 3.5)
        self.assertEqual(request.pause_ids.user_id, self.users["desk"])

    def test_pauses_before_the_response_move_both(self):
        request = self._open()
        with at("2026-03-10 10:30"):
            request.pause("customer")
        with at("2026-03-10 11:30"):
            request.action_resume()
        self.assertEqual(self._due(request), ["2026-03-10 12:00", "2026-03-11 09:00"])

    def test_waiting_for_a_third_party_does_not_stop_the_clock(self):
        request = self._open()
        request.pause("third_party")
        self.assertFalse(request.paused)
        self.assertTrue(request.is_waiting)
        self.assertEqual(request.next_due, request.respond_by)
        with at("2026-03-10 10:30"):
            request.action_resume()
        self.assertEqual(self._due(request), ["2026-03-10 11:00", "2026-03-10 18:00"])
        self.assertFalse(request.paused_hours)

    def test_pausing_what_is_overdue(self):
        request = self._open()
        with at("2026-03-10 11:00"):
            with self.assertRaisesRegex(
                UserError, f"The request {request.name} was due on .*: a pause does not make up"
            ):
                request.pause("customer")
            request.pause("third_party")  # it stops nothing
            request.action_resume()
            request.action_respond()
            request.pause("customer")  # late answered, but not late resolved
        self.assertTrue(request.paused)

    def test_resuming_what_is_not_paused(self):
        request = self._open()
        with self.assertRaisesRegex(
            UserError, f"The request {request.name} is not paused, so there is nothing to resume."
        ):
            request.action_resume()

    def test_no_such_reason_to_pause(self):
        request = self._open()
        for reason in ("tired", "closed", None, 5, ["customer"]):
            with (
                self.subTest(reason=reason),
                self.assertRaisesRegex(
                    UserError, "is no reason to pause. Give one of these: customer, documents"
                ),
            ):
                request.pause(reason)

    def test_closing_ends_the_pause(self):
        request = self._open()
        request.pause("customer")
        with at("2026-03-10 12:00"):
            request.answer = "Told"
            request.action_close()
        self.assertFalse(request.paused)
        self.assertEqual(self._due(request), ["2026-03-10 13:00", "2026-03-11 10:00"])

    def test_severity_halves_the_time_and_gives_it_back(self):
        request = self._open("COMPLAINT")  # gold: 1 and 24 hours
        self.assertEqual(self._due(request), ["2026-03-10 11:00", "2026-03-12 14:00"])
        request.severity = "serious"
        self.assertEqual(self._due(request), ["2026-03-10 10:30", "2026-03-11 12:00"])
        request.severity = "normal"
        self.assertEqual(self._due(request), ["2026-03-10 11:00", "2026-03-12 14:00"])

    def test_severity_after_a_pause_and_the_response(self):
        request = self._open("COMPLAINT")
        request.pause("customer")
        with at("2026-03-10 11:00"):
            request.action_resume()
            request.action_respond()
            request.severity = "serious"
        # the response stays as it was promised; 12 hours and the hour paused
        self.assertEqual(self._due(request), ["2026-03-10 12:00", "2026-03-11 13:00"])

    def test_a_calendar_without_working_hours(self):
        empty = self.env["resource.calendar"].create({"name": "Never", "attendance_ids": []})
        empty.attendance_ids = [(5,)]
        sentence = "“Never” has no working hours, so nothing can be due by it."
        with self.assertRaisesRegex(UserError, sentence), self.env.cr.savepoint():
            self._type("ADVICE").calendar_id = empty
        hall = self._type("ADVICE").calendar_id
        request = self._open()
        request.pause("customer")
        hall.name = "Never"
        hall.attendance_ids = [(5,)]
        for step in (self._open, request.action_resume):
            with self.assertRaisesRegex(UserError, sentence):
                step()

    def test_a_calendar_that_is_closed_for_good(self):
        """Its hours are there, a leave without an end covers them: refused, not searched for ever."""
        hall = self._type("ADVICE").calendar_id
        hall.name = "Never"
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Closed",
                "calendar_id": hall.id,
                "date_from": utc("2026-01-01 00:00"),
                "date_to": utc("2036-01-01 00:00"),
            }
        )
        with self.assertRaisesRegex(UserError, "“Never” has no working hours"):
            self._open()

    def test_a_service_without_a_calendar_has_the_company_s(self):
        self._type("ADVICE").calendar_id = False
        self.company.resource_calendar_id.attendance_ids = [
            (5,),
            (0, 0, {"name": "Tuesday", "dayofweek": "1", "hour_from": 9, "hour_to": 21}),
        ]
        self.assertEqual(self._due(self._open()), ["2026-03-10 11:00", "2026-03-10 18:00"])
        self.company.resource_calendar_id = False
        with self.assertRaisesRegex(
            UserError, "Neither “Business advice” nor Test Mobile has working hours"
        ):
            self._open()

    def test_a_calendar_whose_weeks_differ(self):
        self._type("ADVICE").calendar_id.two_weeks_calendar = True
        with self.assertRaisesRegex(UserError, "changes every other week"):
            self._open()

    def test_make_up_days_that_overlap(self):
        values = {
            "name": "Spring Festival",
            "calendar_id": self.env.ref("vip_customer.calendar_office").id,
            "date": "2026-03-14",
        }
        self.env["vip.working.day"].create(values)
        with self.assertRaisesRegex(
            ValidationError, "“Late” and “Spring Festival” share hours of the same day."
        ):
            self.env["vip.working.day"].create({**values, "name": "Late", "hour_from": 18})

    def test_make_up_days_begin_before_they_end(self):
        with self._violates(Exception, "vip_working_day_hours_order"):
            self.env["vip.working.day"].create(
                {"name": "Odd", "date": date(2026, 3, 14), "hour_from": 12, "hour_to": 9}
            )

    def test_targets_are_above_zero_and_in_order(self):
        for hours in ((0, 1), (2, 1), (-1, 1)):
            with (
                self.subTest(hours=hours),
                self._violates(Exception, "vip_service_target_hours_order"),
                self.env.cr.savepoint(),
            ):
                target = self._type("ADVICE").target_ids[0]
                target.write({"respond_hours": hours[0], "resolve_hours": hours[1]})
                self.env.flush_all()


@tagged("post_install", "-at_install")
class TestServiceRequestComplaint(ServiceCase):
    def _complain(self, cause="billing", **values):
        subtype = self.env.ref(f"vip_customer.service_subtype_complaint_{cause}")
        return self._open("COMPLAINT", subtype_id=subtype.id, **values)

    def _settle(self, request):
        request.answer = "Settled"
        request.action_close()

    def test_a_repeated_complaint_names_the_last_one(self):
        first = self._complain()
        self.assertFalse(first.repeats_id)
        self._settle(first)
        self.assertFalse(self._complain("network").repeats_id)
        with at("2026-06-08 10:00"):  # 90 days
            again = self._complain()
            self.assertEqual(again.repeats_id, first)
            again.action_view_repeated()
        with at("2026-06-08 10:01"):
            self.assertFalse(self._complain().repeats_id)

    def test_advice_repeats_nothing(self):
        self._closed()
        request = self._open()
        self.assertFalse(request.repeats_id)
        with self.assertRaisesRegex(UserError, "repeats no other"):
            request.action_view_repeated()

    def test_the_third_in_ninety_days_is_serious(self):
        self.assertEqual(self._complain().severity, "normal")
        self.assertEqual(self._complain("network").severity, "normal")
        third = self._complain("other")
        self.assertEqual(third.severity, "serious")
        self.assertEqual(self._due(third)[0], "2026-03-10 10:30")

    def test_cancelled_ones_do_not_count(self):
        self._complain().action_cancel()
        self._complain()
        self.assertEqual(self._complain().severity, "normal")

    def test_more_than_a_hundred_wrongly_charged_is_serious(self):
        self.assertEqual(self._complain(overcharged=100).severity, "normal")
        request = self._complain(overcharged=100.01)
        self.assertEqual(request.severity, "serious")

    def test_media_or_authority_is_serious_also_later(self):
        request = self._complain()
        request.is_public = True
        self.assertEqual(request.severity, "serious")
        self.assertEqual(self._due(request)[0], "2026-03-10 10:30")


@tagged("post_install", "-at_install")
class TestServiceRequestBoarding(ServiceCase):
    def test_closing_takes_a_unit_for_each_person_once(self):
        request = self._boarding(companions=1)
        self._has("BOARDING", 6, 0, 6)
        request.answer = "Accompanied"
        request.action_close()
        self._has("BOARDING", 6, 2, 4)
        redemption = request.redemption_id
        self.assertEqual((redemption.origin, redemption.quantity), (request.name, 2))
        self.assertEqual(redemption.state, "delivered")
        self.assertEqual(redemption.requested_by, self.users["desk"])
        request.action_reopen()
        request.action_close()
        self.assertEqual(request.redemption_id, redemption)
        self._has("BOARDING", 6, 2, 4)

    def test_cancelling_before_gives_nothing(self):
        request = self._boarding()
        request.action_cancel()
        self._has("BOARDING", 6, 0, 6)
        self.assertFalse(request.redemption_id)

    def test_above_the_limit_it_waits_for_approval_and_cancelling_returns_it(self):
        request = self._boarding(companions=2)  # 3 × 80 is above 200
        request.answer = "Accompanied"
        request.action_close()
        self.assertEqual(request.redemption_id.state, "requested")
        self._has("BOARDING", 6, 3, 3)
        request.action_reopen()
        request.action_cancel()
        self._has("BOARDING", 6, 0, 6)

    def test_used_up(self):
        self._redeem("BOARDING", 5)
        with self.assertRaisesRegex(UserError, "“Wang” has 1 left of “.*”, not 2."):
            self._boarding(companions=1)
        request = self._boarding()
        self._redeem("BOARDING", 1)
        request.answer = "Accompanied"
        with self.assertRaisesRegex(UserError, "is used up: “Wang” had 6, and none is left."):
            request.action_close()
        self.assertEqual(request.state, "new")
        with self.assertRaisesRegex(UserError, "is used up"):
            self._boarding()
        request.action_cancel()

    def test_it_needs_its_flight(self):
        for name in ("flight", "flight_date", "airport"):
            with (
                self.subTest(field=name),
                self.assertRaisesRegex(
                    UserError, "A boarding needs its flight, the date and the airport."
                ),
            ):
                self._boarding(**{name: False})

    def test_the_dialog_says_what_closing_takes(self):
        request = self._boarding(companions=1)
        dialog = self.env["vip.service.close"].with_user(self.users["desk"])
        self.assertRegex(dialog.new({"request_id": request.id}).units, "^Takes 2 of “.*”.$")
        self.assertFalse(dialog.new({"request_id": self._open().id}).units)


@tagged("post_install", "-at_install")
class TestServiceRequestDemonstration(ServiceCase):
    def setUp(self):
        super().setUp()
        self.data, self.secretary = (
            self.env.ref(f"vip_customer.vas_{code}") for code in ("data", "secretary")
        )

    def _uses(self):
        uses = self.env["vip.vas.use"].search([("partner_id", "=", self.partner.id)])
        return {use.vas_id: (use.state, use.source, use.number_id) for use in uses}

    def test_closing_notes_what_was_shown_and_taken_up(self):
        number = self.env["vip.service.number"].create(
            {"partner_id": self.partner.id, "number": "13800138000"}
        )
        request = self._open("DEMO")
        dialog = self.env["vip.service.close"].with_user(self.users["manager_a"])
        dialog = dialog.create(
            {
                "request_id": request.id,
                "answer": "Shown in the hall",
                "shown_vas_ids": [(6, 0, (self.data | self.secretary).ids)],
                "taken_vas_ids": [(6, 0, self.data.ids)],
            }
        )
        self.assertFalse(self._uses())
        dialog.action_confirm()
        noted = {
            self.data: ("taken_up", "demonstration", number),
            self.secretary: ("shown", "demonstration", number),
        }
        self.assertEqual(self._uses(), noted)
        request.action_reopen()
        request.action_close()
        self.assertEqual(self._uses(), noted)

    def test_taken_up_without_having_been_shown(self):
        request = self._open("DEMO")
        with self.assertRaisesRegex(ValidationError, "without having been shown"):
            request.taken_vas_ids = self.data

    def test_cancelling_notes_nothing(self):
        request = self._open("DEMO", shown_vas_ids=[(6, 0, self.data.ids)])
        request.action_cancel()
        self.assertFalse(self._uses())


@tagged("post_install", "-at_install")
class TestServiceRequestBills(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bills = cls._create_bills(cls.partner, {"2026-01-01": 123.45, "2026-02-01": (67.89, 1)})

    def test_who_works_on_the_query_sees_the_bills(self):
        request = self._open("BILL")
        self.assertFalse(request.bills)
        request.action_take()
        self.assertIn("123.45", request.bills)
        self.assertIn("67.89", request.bills)
        request.answer = "Explained"
        request.action_close()
        self.env.invalidate_all()
        self.assertFalse(request.bills)

    def test_the_account_manager_sees_those_of_his_customers(self):
        request = self._closed("BILL")
        self.assertIn("123.45", request.with_user(self.users["manager_a"]).bills)
        self.assertFalse(request.with_user(self.users["manager_c"]).bills)
        self.assertIn("123.45", request.with_user(self.users["auditor"]).bills)

    def test_other_services_show_none(self):
        request = self._open("ADVICE")
        request.action_take()
        self.assertFalse(request.bills)

    def test_only_those_of_the_number(self):
        number = self.env["vip.service.number"].create(
            {"partner_id": self.partner.id, "number": "13812345678", "activated_on": "2020-01-01"}
        )
        self._create_bills(self.partner, {"2026-02-01": 55.5}, number)
        request = self._open("BILL", concerned="13812345678")
        request.action_take()
        self.assertIn("55.5", request.bills)
        self.assertNotIn("123.45", request.bills)
