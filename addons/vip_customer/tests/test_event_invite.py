"""Whom an invitation goes to, how he hears of it, and what the report says of it."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .event_common import EventCase


@tagged("post_install", "-at_install", "vip_events")
class TestEventInvite(EventCase):
    def _dialog(self, user="boss", event=None, **values):
        return (
            self.env["vip.event.invite"]
            .with_user(self.users[user])
            .create({"event_id": (event or self.event).id, **values})
        )

    def _preview(self, user="boss", **values):
        """What the dialog shows: name -> medium, or why not."""
        dialog = self._dialog(user, **values)
        dialog.action_preview()
        return {line.partner_id.name: line.reason or line.medium for line in dialog.line_ids}

    # ------------------------------------------------------------
    # WHO
    # ------------------------------------------------------------

    def test_preview(self):
        self._create_member("Mail", email="mail@example.com")
        self._create_member("Text", number="13800138000")
        self._create_member("Call")
        self._create_member("Silver", tier=self.silver)
        quiet = self._create_member("Quiet", email="quiet@example.com")
        quiet.vip_membership_id.do_not_disturb = True
        back = self._create_member("Back", email="back@example.com")
        back.vip_membership_id.write({"do_not_disturb": True, "do_not_disturb_until": "2026-03-09"})
        self._create_member("Gone", email="gone@example.com").active = False
        self._guest("Invited")
        self._guest("Recent", event=self._create_event("Other evening"))
        self._create_member("Nobody", manager=False, team=self.county)
        self.env["mail.blacklist"]._add("opted@example.com")
        self._create_member("Opted", email="opted@example.com")
        expected = {
            "Mail": "email",
            "Text": "sms",
            "Call": "call",
            "Quiet": "do_not_disturb",
            "Back": "email",
            "Gone": "archived",
            "Invited": "invited",
            "Recent": "recent",
            "Nobody": "nobody",
            "Opted": "call",
        }
        self.assertEqual(self._preview(), expected)
        self.assertEqual(self._preview(quiet_days=0)["Recent"], "call")
        told = self._preview(medium="email")
        self.assertEqual(
            (told["Mail"], told["Text"], told["Opted"]), ("email", "no_email", "email_blocked")
        )
        self.env["phone.blacklist"]._add(["+8613800138000"])
        self.assertEqual(self._preview(medium="sms")["Text"], "number_blocked")
        self.assertEqual(self._preview(medium="sms")["Mail"], "no_number")
        self.assertEqual(self._preview()["Text"], "call")

    def test_summary(self):
        self._create_member("One", email="one@example.com")
        self._create_member("Two", tier=self.diamond)
        self._guest("Invited")
        dialog = self._dialog()
        dialog.action_preview()
        self.assertEqual((dialog.chosen_count, dialog.left_out_count), (2, 1))
        self.assertIn("Invited to this event already", dialog.summary)
        dialog.action_back()
        self.assertFalse(dialog.is_shown)

    def test_filters(self):
        other = self._create_member("Other", manager="manager_b", team=self.county)
        tea = self._create_member("Tea", tier=self.diamond)
        kind = self.env["vip.preference.type"].create(
            {
                "name": "Drink",
                "code": "test_drink",
                "kind": "choice",
                "option_ids": [Command.create({"name": "Tea"}), Command.create({"name": "Coffee"})],
            }
        )
        self.env["vip.preference"].create(
            {
                "partner_id": tea.id,
                "type_id": kind.id,
                "option_id": kind.option_ids[0].id,
                "value": "Pu'er",
            }
        )
        for values, names in (
            ({"team_ids": self.county.ids}, {"Other"}),
            ({"manager_ids": self.users["manager_b"].ids}, {"Other"}),
            ({"tier_ids": self.diamond.ids}, {"Tea"}),
            ({"preference_type_id": kind.id}, {"Tea"}),
            (
                {"preference_type_id": kind.id, "preference_option_ids": kind.option_ids[1].ids},
                set(),
            ),
            ({"preference_type_id": kind.id, "preference_text": "pu'"}, {"Tea"}),
            ({"partner_ids": other.ids}, {"Other"}),
        ):
            with self.subTest(values=values):
                self.assertEqual(set(self._preview(**values)), names)

    def test_tier_chosen_by_name_has_no_seats(self):
        silver = self._create_member("Silver", tier=self.silver)
        self.assertEqual(self._preview(partner_ids=silver.ids), {"Silver": "not_eligible"})

    def test_a_lead_invites_his_branches(self):
        self._create_member("Mine")
        far = self._create_member("Far", team=self.county)
        self.assertEqual(set(self._preview("lead")), {"Mine"})
        dialog = self._dialog("lead")
        dialog.action_preview()
        # a line written by hand is judged like all others
        self.env["vip.event.invite.line"].with_user(self.users["lead"]).create(
            {"wizard_id": dialog.id, "partner_id": far.id, "is_chosen": True}
        )
        dialog.action_invite()
        self.assertEqual(self.event.vip_invitation_ids.partner_id.mapped("name"), ["Mine"])
        with self.assertRaises(AccessError):
            self._dialog("manager_a")

    # ------------------------------------------------------------
    # INVITING
    # ------------------------------------------------------------

    def test_invite(self):
        self._create_member("Mail", email="mail@example.com", lang="zh_CN")
        self._create_member("Text", number="13800138000")
        self._create_member("Call")
        left_out = self._create_member("Not me", email="not@example.com")
        dialog = self._dialog()
        dialog.action_preview()
        dialog.line_ids.filtered(lambda line: line.partner_id == left_out).is_chosen = False
        said = dialog.action_invite()["params"]["message"]
        self.assertIn("3 customers are invited to “Tea evening”", said)
        invited = self.event.vip_invitation_ids.sorted(lambda i: i.partner_id.name)
        self.assertEqual(invited.mapped("medium"), ["call", "email", "sms"])
        self.assertEqual(invited.mapped("delivery"), ["task", "queued", "queued"])
        call, mail, text = invited
        self.assertEqual(call.activity_ids.user_id, self.users["manager_a"])
        self.assertEqual(mail.mail_id.email_to, "mail@example.com")
        self.assertIn(mail.answer_url, mail.mail_id.body_html)
        self.assertFalse(mail.mail_id.model, "no thread holds the link")
        self.assertEqual(text.sms_id.number, "+8613800138000")
        self.assertIn(text.answer_url, text.sms_id.body)
        self.assertEqual(len(set(invited.mapped("access_token"))), 3)
        with self.assertRaisesRegex(UserError, "Nobody is to be invited"):
            dialog.action_invite()

    def test_who_objects_meanwhile_is_left_out(self):
        partner = self._create_member("Wang", email="wang@example.com")
        dialog = self._dialog()
        dialog.action_preview()
        partner.vip_membership_id.do_not_disturb = True
        with self.assertRaisesRegex(UserError, "Nobody is to be invited"):
            dialog.action_invite()

    def test_events_nobody_is_invited_to(self):
        begins = self._at("2026-03-09 19:00")
        cases = {
            "is no club event": self.env["event.event"].create(
                {"name": "Fair", "company_id": self.company.id}
            ),
            "is cancelled": self._create_event(kanban_state="cancel"),
            "time for answers to .* is over": self._create_event(vip_answer_until=begins),
            "has no seats for any tier": self._create_event(vip_seat_ids=[]),
        }
        for sentence, event in cases.items():
            with self.subTest(sentence=sentence), self.assertRaisesRegex(UserError, sentence):
                self._dialog(event=event).action_preview()
        self.company.vip_greeting_gateway = "file"
        with self.assertRaisesRegex(UserError, "a gateway of its own"):
            self._dialog(medium="sms").action_preview()
        self._create_member("Text", number="13800138000")
        self.assertEqual(self._preview(), {"Text": "call"})

    # ------------------------------------------------------------
    # HOW THEY HEAR OF IT
    # ------------------------------------------------------------

    def _invite(self, **values):
        partner = self._create_member("Wang", **values)
        dialog = self._dialog(partner_ids=partner.ids)
        dialog.action_preview()
        dialog.action_invite()
        return self.event.vip_invitation_ids.filtered(lambda i: i.partner_id == partner)

    def test_at_a_decent_hour(self):
        with self._on("2026-03-10 22:00"):
            guest = self._invite(email="wang@example.com")
            self.assertEqual((guest.delivery, guest.mail_id.id), ("to_send", False))
        with self._on("2026-03-11 09:00"):
            self.Invitation._cron_follow()
            self.assertEqual(guest.delivery, "queued")
            mail = guest.mail_id
            self.Invitation._cron_follow()
            self.assertEqual(guest.mail_id, mail)

    def test_what_did_not_arrive_becomes_a_call(self):
        guest = self._invite(email="wang@example.com")
        guest.mail_id.write({"state": "exception", "failure_reason": "Mailbox full"})
        self.Invitation._cron_follow()
        self.assertEqual((guest.delivery, guest.delivery_note), ("task", "Mailbox full"))
        self.assertIn("Mailbox full", guest.activity_ids.note)

    def test_sent(self):
        guest = self._invite(number="13800138000")
        guest.sms_id.state = "sent"
        self.Invitation._cron_follow()
        self.assertEqual(guest.delivery, "sent")

    def test_a_broken_template_fails_nobody_else(self):
        template = self.env.ref("vip_customer.sms_template_club_invitation")
        template.body = "{{ 1 / (object.partner_id.color - 1) }}"
        guests = self.Invitation
        for number, color in enumerate((1, 2)):
            guests |= self._guest(f"Guest {number}", color=color)
        guests.write({"medium": "sms", "address": "+8613800138000"})
        guests._tell("invitation")
        self.assertEqual(guests.mapped("delivery"), ["task", "queued"])

    def test_send_again(self):
        guest = self._guest()
        mine = guest.with_user(self.users["manager_a"])
        mine.action_send_again()
        self.assertEqual(guest.delivery, "task")
        self.assertEqual(len(guest.activity_ids), 1)
        mine.action_send_again()
        self.assertEqual(len(guest.activity_ids), 1)
        guest._answer(True)
        self.assertFalse(guest.activity_ids, "nobody needs to be called any more")
        with self.assertRaisesRegex(UserError, "has answered the invitation to"):
            mine.action_send_again()

    def test_chinese_customer_reads_chinese(self):
        template = self.env.ref("vip_customer.mail_template_club_invitation")
        template.with_context(lang="zh_CN").subject = "诚邀您参加"
        guest = self._invite(email="wang@example.com", lang="zh_CN")
        self.assertEqual(guest.mail_id.subject, "诚邀您参加")

    # ------------------------------------------------------------
    # REPORT
    # ------------------------------------------------------------

    def test_report(self):
        came, absent = self._guest("Came", companions=1), self._guest("Late")
        gold_far = self._guest("Far", tier=self.diamond, team=self.county, companions=0)
        no = self._guest("No", tier=self.diamond, companions=0)
        no._answer(False)
        self.event.vip_actual_cost = 300
        with self._on("2026-03-20 19:30"):
            (came | gold_far).with_user(self.users["desk"]).action_check_in()
        absent_too = self._guest("Absent", tier=self.diamond, companions=0)
        absent_too._advance("accepted", {"state": "no_show"})
        self.env.flush_all()
        report = self.env["vip.event.report"].with_user(self.users["boss"])
        domain = [("event_id", "=", self.event.id)]
        [total] = report.formatted_read_group(
            domain,
            [],
            [
                f"{name}:sum"
                for name in ("invited", "accepted", "attended", "no_show", "heads", "cost")
            ]
            + ["attendance_rate:avg", "cost_per_head:avg", "acceptance_rate:avg"],
        )
        self.assertEqual(
            [
                total[f"{name}:sum"]
                for name in ("invited", "accepted", "attended", "no_show", "heads")
            ],
            [5, 3, 2, 1, 3],
        )
        self.assertEqual(total["cost:sum"], 300)
        self.assertAlmostEqual(total["attendance_rate:avg"], 2 / 3)
        self.assertAlmostEqual(total["acceptance_rate:avg"], 3 / 5)
        self.assertAlmostEqual(total["cost_per_head:avg"], 100)
        by_team = dict(report._read_group(domain, ["team_id"], ["cost_per_head:avg"]))
        self.assertAlmostEqual(by_team[self.county], 100)
        by_tier = dict(report._read_group(domain, ["tier_id"], ["attendance_rate:avg"]))
        self.assertAlmostEqual(by_tier[self.diamond], 1 / 2)
        self.assertEqual(absent.state, "invited")
        [(month, _count)] = report._read_group(domain, ["month:month"], ["__count"])
        self.assertEqual(str(month), "2026-03-01")

    def test_report_where_nobody_came(self):
        self._guest("One")
        self._guest("Two")
        self.event.vip_actual_cost = 50
        self.env.flush_all()
        rows = self.env["vip.event.report"].search([("event_id", "=", self.event.id)])
        self.assertEqual(rows.mapped("cost"), [25, 25])
        [(rate,)] = self.env["vip.event.report"]._read_group(
            [("event_id", "=", self.event.id)], [], ["attendance_rate:avg"]
        )
        self.assertFalse(rate)


@tagged("post_install", "-at_install", "vip_events", "vip_performance")
class TestEventOf300(EventCase):
    """An evening of three hundred guests, from the filter to the report, with queries counted."""

    GUESTS = 300

    def _queries(self, call):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        call()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_from_filter_to_report(self):
        partners = self.env["res.partner"].create(
            [
                {"name": f"Guest {number:03}", "email": f"guest{number}@example.com"}
                for number in range(self.GUESTS)
            ]
        )
        self.env["vip.membership"]._ensure(partners.ids, self.company)
        partners.vip_membership_id.write(
            {"tier_id": self.gold.id, "manager_id": self.users["manager_a"].id}
        )
        self.gold_seats.seats = 290
        boss = self.users["boss"]
        dialog = self.env["vip.event.invite"].with_user(boss).create({"event_id": self.event.id})
        self.assertLess(self._queries(dialog.action_preview), 60)
        self.assertEqual(dialog.chosen_count, self.GUESTS)
        self.assertLess(self._queries(dialog.action_invite), 120)
        guests = self.event.vip_invitation_ids
        self.assertEqual(set(guests.mapped("delivery")), {"queued"})
        answered = guests.with_user(boss)
        answering = self._queries(answered.action_accept)
        self.assertLess(answering, 20 * self.GUESTS)
        self._seats(self.gold_seats, 290, waiting=10)
        seated = guests.filtered(lambda guest: guest.state == "accepted")
        with self._on("2026-03-20 19:30"):
            checking = self._queries(seated[:250].with_user(boss).action_check_in)
        self.assertLess(checking, 55 * 250)
        with self._on("2026-03-20 22:30"):
            self.assertLess(self._queries(self.Invitation._end_of_events), 20)
        self.env.flush_all()
        [row] = self.env["vip.event.report"].formatted_read_group(
            [("event_id", "=", self.event.id)],
            [],
            ["invited:sum", "attended:sum", "no_show:sum", "attendance_rate:avg"],
        )
        self.assertEqual(
            (row["invited:sum"], row["attended:sum"], row["no_show:sum"]), (300, 250, 40)
        )
        self.assertAlmostEqual(row["attendance_rate:avg"], 250 / 290)
        listing = self.Invitation.with_user(boss)
        spec = {name: {} for name in ("state", "is_tier_lost", "companions", "answered_on")}
        spec |= {"partner_id": {"fields": {"display_name": {}}}, "manager_id": {"fields": {}}}
        queries = self._queries(lambda: listing.web_search_read([], spec, limit=80))
        self.assertLess(queries, 15)
        self.assertLess(fields.Datetime.now() - timedelta(1), self.event.date_begin)
