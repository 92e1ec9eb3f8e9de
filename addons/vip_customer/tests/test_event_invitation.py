from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .event_common import EventCase


@tagged("post_install", "-at_install", "vip_events")
class TestEventInvitation(EventCase):
    # ------------------------------------------------------------
    # ANSWERS
    # ------------------------------------------------------------

    def test_accept_with_a_companion(self):
        guest = self._guest("Wang", email="wang@example.com")
        self.assertEqual(guest.with_user(self.users["manager_a"]).answer("accept", 1), "accepted")
        self.assertEqual((guest.state, guest.companions, guest.tier_id), ("accepted", 1, self.gold))
        self.assertEqual(guest.answered_by, self.users["manager_a"])
        seats = guest.registration_ids.sorted("id")
        self.assertEqual(seats.mapped("state"), ["open", "open"])
        self.assertEqual(seats.mapped("vip_is_companion"), [False, True])
        self.assertEqual(seats[0].partner_id, guest.partner_id)
        self.assertEqual(seats.mapped("email"), ["wang@example.com", False])
        self._seats(self.gold_seats, 2)

    def test_decline_returns_the_seats(self):
        guest = self._guest(companions=1)
        barcode = guest.registration_ids.filtered(lambda s: not s.vip_is_companion).barcode
        self.assertEqual(guest._answer(False), "declined")
        self.assertEqual(set(guest.registration_ids.mapped("state")), {"cancel"})
        self._seats(self.gold_seats, 0)
        # he changes his mind, and the ticket he has holds again
        self.assertEqual(guest._answer(True, 0), "accepted")
        [seat] = guest.registration_ids.filtered(lambda seat: seat.state == "open")
        self.assertEqual(seat.barcode, barcode)
        self._seats(self.gold_seats, 1)

    def test_same_answer_twice(self):
        guest = self._guest(companions=1)
        self.assertEqual(guest._answer(True, 1), "same")
        self._seats(self.gold_seats, 2)
        guest._answer(False)
        self.assertEqual(guest._answer(False), "same")
        action = guest.with_user(self.users["manager_a"]).action_decline()
        self.assertIn("answered so before", action["params"]["message"])

    def test_more_and_fewer_companions(self):
        guest = self._guest(companions=0)
        self.assertEqual(guest._answer(True, 1), "accepted")
        self._seats(self.gold_seats, 2)
        guest._answer(True, 0)
        self._seats(self.gold_seats, 1)
        self._guest("Other", companions=0)
        with self.assertRaisesRegex(UserError, "no seats left for 1 more.*Your 1 stay"):
            guest._answer(True, 1)
        self._seats(self.gold_seats, 2)

    def test_too_many_companions(self):
        guest = self._guest()
        for companions in (2, -1, "1", 1.5, True, None):
            with (
                self.subTest(companions=companions),
                self.assertRaisesRegex(UserError, "at most 1 companions of each guest"),
            ):
                guest.with_user(self.users["manager_a"]).answer("accept", companions)
        self.assertEqual(guest.state, "invited")

    def test_unknown_answer(self):
        with self.assertRaisesRegex(UserError, "“maybe” is no answer"):
            self._guest().answer("maybe")

    def test_too_late(self):
        guest, seated = self._guest(), self._guest("Seated", companions=0)
        with self._on("2026-03-18 12:01"):
            for accepts in (True, False):
                with self.assertRaisesRegex(UserError, "could be answered until .*Please ask"):
                    guest._answer(accepts)
            with self.assertRaisesRegex(UserError, "could be answered until"):
                seated._answer(False)
            self.assertEqual(seated._answer(True, 0), "same")

    def test_without_a_deadline_until_it_begins(self):
        self.event.vip_answer_until = False
        guest = self._guest()
        with self._on("2026-03-20 18:59"):
            self.assertEqual(guest._answer(True), "accepted")
        with self._on("2026-03-20 19:01"), self.assertRaisesRegex(UserError, "could be answered"):
            guest._answer(False)

    def test_nobody_answers_after_he_came(self):
        guest = self._guest(companions=0)
        with self._on("2026-03-20 19:30"):
            guest.with_user(self.users["desk"]).action_check_in()
            with self.assertRaisesRegex(UserError, "is over, so there is nothing to answer"):
                guest._answer(False)

    def test_tier_lost_before_answering(self):
        guest = self._guest()
        guest.partner_id.vip_membership_id.tier_id = self.silver
        self.assertTrue(guest.is_tier_lost)
        self.assertIn(guest, self.Invitation.search([("is_tier_lost", "=", True)]))
        with self.assertRaisesRegex(UserError, "was for “Gold”, a tier that Guest does not have"):
            guest._answer(True)
        self.assertEqual(guest._answer(False), "declined")

    def test_tier_lost_after_accepting(self):
        guest = self._guest(companions=0)
        guest.partner_id.vip_membership_id.tier_id = False
        self.assertEqual((guest.state, guest.is_tier_lost), ("accepted", True))
        self._seats(self.gold_seats, 1)
        with self.assertRaisesRegex(UserError, "a tier that Guest does not have"):
            guest._answer(True, 1)

    def test_risen_to_another_tier_of_the_event(self):
        guest = self._guest()
        guest.partner_id.vip_membership_id.tier_id = self.diamond
        self.assertFalse(guest.is_tier_lost)
        guest._answer(True)
        self.assertEqual(guest.tier_id, self.diamond)
        self._seats(self.diamond_seats, 1)
        self._seats(self.gold_seats, 0)

    def test_tier_never_eligible(self):
        guest = self._guest(tier=self.silver)
        with self.assertRaisesRegex(UserError, "has no seats for the tier of Guest"):
            guest._answer(True)

    # ------------------------------------------------------------
    # WAITING LIST
    # ------------------------------------------------------------

    def test_waiting_list_moves_up(self):
        first, second = self._guest("First", companions=0), self._guest("Second", companions=0)
        third, fourth = self._guest("Third"), self._guest("Fourth")
        self.assertEqual(third._answer(True, 1), "waiting")
        self.assertEqual(fourth._answer(True, 0), "waiting")
        self.assertFalse(third.registration_ids)
        self._seats(self.gold_seats, 2, waiting=2)
        # one seat is not enough for the first in the list, and nobody overtakes him
        first._answer(False)
        self._seats(self.gold_seats, 1, waiting=2)
        self.assertEqual(self._guest("Fifth")._answer(True), "waiting")
        second._answer(False)
        self.assertEqual((third.state, third.news), ("accepted", "seat"))
        self._seats(self.gold_seats, 2, waiting=2)
        third._answer(True, 0)
        self.assertEqual(fourth.state, "accepted")
        self._seats(self.gold_seats, 2, waiting=1)

    def test_waiting_with_fewer_companions(self):
        self._guest("First", companions=0)
        guest = self._guest(companions=1)
        self.assertEqual(guest.state, "waiting")
        self.assertEqual(guest._answer(True, 1), "same")
        self.assertEqual(guest._answer(True, 0), "accepted")
        self._seats(self.gold_seats, 2)

    def test_leaving_the_waiting_list(self):
        self._guest("First", companions=1)
        guest = self._guest(companions=0)
        guest._answer(False)
        self._seats(self.gold_seats, 2)

    def test_more_seats(self):
        self._guest("First", companions=1)
        guest = self._guest(companions=1)
        self.gold_seats.with_user(self.users["boss"]).seats = 4
        self.assertEqual(guest.state, "accepted")
        self._seats(self.gold_seats, 4)

    def test_who_lost_his_tier_holds_nobody_up(self):
        first = self._guest("First", companions=1)
        lost, other = self._guest("Lost", companions=0), self._guest("Other", companions=0)
        lost.partner_id.vip_membership_id.tier_id = False
        first._answer(False)
        self.assertEqual((lost.state, other.state), ("waiting", "accepted"))

    def test_nobody_moves_up_once_it_has_begun(self):
        first, guest = self._guest("First", companions=1), self._guest(companions=0)
        with self._on("2026-03-20 19:01"):
            first._step_back()
            self.assertEqual(guest.state, "waiting")

    # ------------------------------------------------------------
    # SEATS
    # ------------------------------------------------------------

    def test_seats_cannot_be_fewer_than_taken(self):
        self._guest(companions=1)
        with self.assertRaisesRegex(UserError, "2 seats of “Gold” at “Tea evening” are taken"):
            self.gold_seats.with_user(self.users["boss"]).seats = 1
        with self.assertRaisesRegex(UserError, "cannot have -1 seats"):
            self.diamond_seats.seats = -1

    def test_lines_in_use_stay(self):
        self._guest(companions=1)
        boss = self.gold_seats.with_user(self.users["boss"])
        with self.assertRaisesRegex(UserError, "so the line stays"):
            boss.unlink()
        with self.assertRaisesRegex(ValidationError, "Add a line for “Silver” instead"):
            boss.tier_id = self.silver
        self.diamond_seats.with_user(self.users["boss"]).unlink()

    @mute_logger("odoo.sql_db")
    def test_the_database_never_oversells(self):
        self.assertTrue(self.gold_seats._take_now(2))
        self.assertFalse(self.gold_seats._take_now(1))
        with self._violates(Exception, "vip_event_seat_within"), self.env.cr.savepoint():
            self.env.cr.execute("UPDATE vip_event_seat SET taken = seats + 1")

    # ------------------------------------------------------------
    # THE EVENT CHANGES
    # ------------------------------------------------------------

    def test_cancelled(self):
        invited, accepted = self._guest("Invited"), self._guest("Accepted", companions=0)
        declined = self._guest("Declined")
        declined._answer(False)
        self.event.with_user(self.users["boss"]).kanban_state = "cancel"
        self.assertEqual((invited | accepted).mapped("news"), ["cancelled"] * 2)
        self.assertFalse(declined.news)
        self.assertIn("Cancelled: Tea evening", accepted.activity_ids.summary)
        for guest in (invited, accepted):
            with self.assertRaisesRegex(UserError, "“Tea evening” is cancelled"):
                guest._answer(False)
        with self._on("2026-03-20 19:30"), self.assertRaisesRegex(UserError, "is cancelled"):
            accepted.with_user(self.users["desk"]).action_check_in()

    def test_archived_is_cancelled(self):
        guest = self._guest(companions=0)
        self.event.action_archive()
        self.assertEqual(guest.news, "cancelled")
        with self.assertRaisesRegex(UserError, "is cancelled"):
            guest._answer(False)

    def test_moved(self):
        guest, invited = self._guest(companions=0), self._guest("Invited")
        self.event.date_begin += timedelta(days=-1)
        self.assertEqual((guest.state, guest.is_moved, guest.news), ("accepted", True, "moved"))
        self.assertFalse(invited.is_moved)
        self.assertEqual(guest.activity_ids.user_id, self.users["manager_a"])
        # the same answer is news now
        self.assertEqual(guest._answer(True, 0), "accepted")
        self.assertFalse(guest.is_moved)
        self.assertFalse(guest.activity_ids)
        self._seats(self.gold_seats, 1)

    def test_an_event_with_guests_stays(self):
        self._guest()
        with self.assertRaisesRegex(UserError, "cannot be deleted. Cancel or archive it"):
            self.event.unlink()
        with self.assertRaisesRegex(ValidationError, "so it stays a club event"):
            self.event.vip_is_club = False

    def test_what_a_club_event_needs(self):
        with self.assertRaisesRegex(ValidationError, "“Tea evening” needs a company"):
            self._create_event(company_id=False)
        with self.assertRaisesRegex(ValidationError, "cannot have several slots"):
            self._create_event(is_multi_slots=True)

    def test_who_plans_events_without_a_vip_role(self):
        planner = new_test_user(
            self.env,
            "vip_test_planner",
            groups="base.group_user,event.group_event_manager",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        fair = self.env["event.event"].with_user(planner).create({"name": "Fair"})
        fair.name = "Spring fair"
        fair.date_begin += timedelta(days=-1)
        self.event.with_user(planner).date_begin += timedelta(days=-1)
        with self.assertRaises(AccessError):
            fair.vip_budget = 5

    def test_copy(self):
        self._guest(companions=1)
        copy = self.event.copy()
        self.assertEqual(copy.vip_seat_ids.mapped("taken"), [0, 0])
        self.assertFalse(copy.vip_invitation_ids)

    # ------------------------------------------------------------
    # ODOO'S REGISTRATIONS
    # ------------------------------------------------------------

    def test_cancelled_in_odoo(self):
        guest = self._guest(companions=1)
        companion = guest.registration_ids.filtered("vip_is_companion")
        companion.action_cancel()
        self.assertEqual((guest.state, guest.companions), ("accepted", 0))
        self._seats(self.gold_seats, 1)
        guest.registration_ids.action_cancel()
        self.assertEqual(guest.state, "declined")
        self._seats(self.gold_seats, 0)

    def test_scanned_in_odoo(self):
        guest = self._guest(companions=1)
        seat = guest.registration_ids.filtered(lambda s: not s.vip_is_companion)
        with self._on("2026-03-20 19:30"):
            scanned = self.env["event.registration"].with_user(self.users["boss"])
            answer = scanned.register_attendee(seat.barcode, self.event.id)
        self.assertEqual(answer["status"], "confirmed_registration")
        self.assertEqual((guest.state, guest.companions_came), ("attended", 1))
        self.assertEqual(guest.checked_in_by, self.users["boss"])

    def test_registrations_are_not_forged(self):
        guest = self._guest(companions=0)
        with self.assertRaises(AccessError):
            self.env["event.registration"].with_user(self.users["boss"]).create(
                {"event_id": self.event.id, "vip_invitation_id": guest.id, "name": "Forged"}
            )

    # ------------------------------------------------------------
    # AT THE DOOR
    # ------------------------------------------------------------

    def _check_in(self, guest, method="action_check_in", user="desk"):
        return getattr(guest.with_user(self.users[user]), method)()

    def test_check_in(self):
        guest = self._guest(companions=1)
        with self._on("2026-03-20 18:30"):
            self._check_in(guest)
            self.assertEqual((guest.state, guest.companions_came), ("attended", 1))
            self.assertEqual(guest.registration_ids.mapped("state"), ["done", "done"])
            contact = guest.interaction_id
            self.assertEqual(contact.channel_id.code, "gathering")
            self.assertTrue(contact.is_contact)
            with self.assertRaisesRegex(UserError, "Guest is checked in already, since"):
                self._check_in(guest)
        contacts = self.env["vip.interaction"].search([("partner_id", "=", guest.partner_id.id)])
        self.assertEqual(contacts, contact)

    def test_check_in_alone_and_companions_after_all(self):
        guest = self._guest(companions=1)
        with self._on("2026-03-20 19:30"):
            self._check_in(guest, "action_check_in_alone")
            self.assertEqual(guest.companions_came, 0)
            self._check_in(guest, "action_came_more")
            self.assertEqual(guest.companions_came, 1)
            with self.assertRaisesRegex(UserError, "at most 1 companions"):
                self._check_in(guest, "action_came_more")
            self._check_in(guest, "action_came_less")
            with self.assertRaisesRegex(UserError, "at most 1 companions"):
                self._check_in(guest, "action_came_less")
        self._seats(self.gold_seats, 2)

    def test_one_companion_more_takes_a_seat(self):
        guest, other = self._guest(companions=0), self._guest("Other", companions=0)
        with self._on("2026-03-20 19:30"):
            self._check_in(guest)
            with self.assertRaisesRegex(UserError, "All seats of “Gold” are taken"):
                self._check_in(guest, "action_came_more")
            other._step_back()
            self._check_in(guest, "action_came_more")
        self._seats(self.gold_seats, 2)

    def test_not_before_the_day(self):
        guest = self._guest(companions=0)
        with (
            self._on("2026-03-19 23:30"),
            self.assertRaisesRegex(UserError, "guests are checked in on that day"),
        ):
            self._check_in(guest)

    def test_who_comes_without_a_seat(self):
        late, waiting = self._guest("Late"), None
        self._guest("First", companions=0)
        waiting = self._guest("Waiting", companions=1)
        self.assertEqual(waiting.state, "waiting")
        with self._on("2026-03-20 19:30"):
            self._check_in(waiting, "action_check_in_alone")
            self._seats(self.gold_seats, 2)
            with self.assertRaisesRegex(UserError, "0 seats left for “Gold”, and Late needs 1"):
                self._check_in(late)
        self.assertEqual(waiting.state, "attended")

    def test_undo(self):
        guest = self._guest(companions=1)
        with self._on("2026-03-20 19:30"):
            with self.assertRaisesRegex(UserError, "Guest is not checked in yet"):
                self._check_in(guest, "action_undo_check_in")
            self._check_in(guest)
            self._check_in(guest, "action_undo_check_in")
        self.assertEqual((guest.state, guest.companions_came), ("accepted", 0))
        self.assertFalse(guest.interaction_id)
        self._seats(self.gold_seats, 2)

    def test_no_show(self):
        guest, waiting = self._guest(companions=1), self._guest("Waiting", companions=0)
        with self._on("2026-03-20 18:59"), self.assertRaisesRegex(UserError, "has not begun"):
            self._check_in(guest, "action_no_show")
        with self._on("2026-03-20 21:00"):
            with self.assertRaisesRegex(UserError, "Waiting had not accepted"):
                self._check_in(waiting, "action_no_show")
            self._check_in(guest, "action_no_show")
            self.assertEqual(guest.state, "no_show")
            self._check_in(guest)  # he came after all
            self.assertEqual(guest.state, "attended")

    def test_found_by_name_number_and_barcode(self):
        guest = self._guest("Wang Jianguo", number="13800138000", companions=0, ref="C-77")
        self._guest("Other")
        barcode = guest.registration_ids.barcode
        desk = self.Invitation.with_user(self.users["desk"])
        with self._on("2026-03-20 19:30"):
            for text in ("jianguo", "138 0013 8000", "+8613800138000", "c-77", barcode):
                with self.subTest(text=text):
                    self.assertEqual(desk.search([("guest", "ilike", text)]), guest)
            self.assertFalse(desk.search([("guest", "ilike", barcode[:-1])]))

    def test_the_desk_sees_the_guests_of_the_day(self):
        guest = self._guest(companions=0)
        desk = self.Invitation.with_user(self.users["desk"])
        self.assertFalse(desk.search([]))
        with self.assertRaises(AccessError):
            self._check_in(guest)
        with self._on("2026-03-20 12:00"):
            self.assertEqual(desk.search([]), guest)
            with self.assertRaises(AccessError):
                guest.with_user(self.users["desk"]).answer("decline")

    # ------------------------------------------------------------
    # THE BENEFIT
    # ------------------------------------------------------------

    def _promise(self, quantity=2, **values):
        self._create_policy()
        benefit = self.env.ref("vip_customer.benefit_club")
        benefit.tier_benefit_ids.filtered(lambda p: p.tier_id == self.gold).quantity = quantity
        benefit.write(values)
        return benefit

    def _line(self, guest, benefit):
        return self.env["vip.entitlement"].search(
            [("partner_id", "=", guest.partner_id.id), ("benefit_id", "=", benefit.id)]
        )

    def test_the_benefit_is_used_once(self):
        benefit = self._promise()
        guest = self._guest(companions=1)
        with self._on("2026-03-20 19:30"):
            self._check_in(guest)
            line = self._line(guest, benefit)
            self.assertEqual((line.granted, line.used), (2, 2))
            self._check_in(guest, "action_came_less")
            self.assertEqual(line.used, 1)
            self._check_in(guest, "action_came_more")
            self.assertEqual(line.used, 2)
            self._check_in(guest, "action_undo_check_in")
            self.assertEqual(line.used, 0)
            self._check_in(guest, "action_check_in_alone")
            self.assertEqual(line.used, 1)
        with self._on("2026-03-21 00:30"):
            self.Invitation._cron_follow()
            self.assertEqual(guest.redemption_id.state, "delivered")
            with self.assertRaisesRegex(UserError, "settled as used"):
                self._check_in(guest, "action_undo_check_in")

    def test_a_used_up_benefit_keeps_nobody_out(self):
        benefit = self._promise(quantity=1, when_exhausted="block")
        guest = self._guest(companions=1)
        with self._on("2026-03-20 19:30"):
            self._check_in(guest)
        self.assertEqual(guest.state, "attended")
        self.assertIn("has 1 left of “Club activities”, not 2", guest.benefit_note)
        self.assertEqual(self._line(guest, benefit).used, 0)

    def test_beyond_what_was_granted(self):
        self._promise(quantity=1)
        guest = self._guest(companions=1)
        with self._on("2026-03-20 19:30"):
            self._check_in(guest)
        self.assertIn("Given beyond what was granted: 2 of 1", guest.benefit_note)

    def test_an_event_that_is_not_counted(self):
        benefit = self._promise()
        self.event.vip_benefit_id = False
        guest = self._guest(companions=0)
        with self._on("2026-03-20 19:30"):
            self._check_in(guest)
        self.assertFalse(self._line(guest, benefit).used)

    # ------------------------------------------------------------
    # WHEN TIME GOES BY
    # ------------------------------------------------------------

    def test_no_answer(self):
        guest, accepted = self._guest(), self._guest("Accepted", companions=0)
        self.Invitation._cron_follow()
        self.assertEqual(guest.state, "invited")
        with self._on("2026-03-18 12:30"):
            self.Invitation._cron_follow()
            self.assertEqual((guest.state, accepted.state), ("no_answer", "accepted"))
            # with a new deadline he may answer
            self.event.vip_answer_until = self._at("2026-03-19 12:00")
            self.Invitation._cron_follow()
            self.assertEqual(guest.state, "invited")
            self.assertEqual(guest._answer(True), "accepted")

    def test_after_the_event(self):
        absent, came = self._guest("Absent", companions=0), self._guest("Came", companions=0)
        with self._on("2026-03-20 19:30"):
            self._check_in(came)
        with self._on("2026-03-20 22:30"):
            self.Invitation._cron_follow()
            self.Invitation._cron_follow()
        self.assertEqual((absent.state, came.state), ("no_show", "attended"))

    def test_deleting(self):
        guest, answered = self._guest(), self._guest("Answered", companions=0)
        boss = self.users["boss"]
        guest.with_user(boss).unlink()
        with self.assertRaisesRegex(UserError, "was answered, so the invitation stays"):
            answered.with_user(boss).unlink()

    # ------------------------------------------------------------
    # THE MANAGER'S SCREEN
    # ------------------------------------------------------------

    def test_two_clicks(self):
        guest = self._guest()
        mine = guest.with_user(self.users["manager_a"])
        action = mine.action_accept()
        self.assertEqual(action["res_model"], "vip.event.answer")
        dialog = self.env["vip.event.answer"].with_user(self.users["manager_a"])
        dialog = dialog.with_context(**action["context"]).create({"companions": 1})
        said = dialog.action_confirm()["params"]
        self.assertIn("2 seats are taken", said["message"])
        self.assertEqual((guest.state, guest.companions), ("accepted", 1))

    def test_bulk_answers(self):
        guests = self._guest("One") | self._guest("Two") | self._guest("Three")
        said = guests.with_user(self.users["boss"]).action_accept()["params"]["message"]
        self.assertIn("Accepted: 2, on the waiting list: 1", said)
        guests.with_user(self.users["boss"]).action_decline()
        self.assertEqual(set(guests.mapped("state")), {"declined"})
        self._seats(self.gold_seats, 0)

    def test_note_is_everybodys_who_looks_after_him(self):
        guest = self._guest()
        guest.with_user(self.users["manager_a"]).note = "Vegetarian"
        with self.assertRaises(AccessError):
            guest.with_user(self.users["manager_b"]).note = "Other"
        with self.assertRaises(AccessError):
            guest.with_user(self.users["manager_a"]).state = "attended"

    def test_the_link_is_read_by_nobody(self):
        guest = self._guest()
        boss = guest.with_user(self.users["boss"])
        self.users["boss"].group_ids |= self.env.ref("base.group_allow_export")
        for name in ("access_token", "answer_url"):
            self.assertNotIn(name, boss.fields_get())
            with self.assertRaises(AccessError):
                boss.read([name])
            with self.assertRaises(AccessError):
                boss.search([(name, "like", "a")])
            with self.assertRaises(AccessError):
                boss.export_data([name])

    def test_counts(self):
        self._guest("One")
        self._guest("Two", companions=0)
        event = self.event.with_user(self.users["boss"])
        self.assertEqual((event.vip_invited_count, event.vip_accepted_count), (2, 1))
        self.assertEqual(self._guest().membership_id.invitation_count, 1)
        self.assertIn(event, event.search([("vip_tier_ids", "in", self.gold.ids)]))
        self.assertLess(fields.Datetime.now(), event.date_begin)
