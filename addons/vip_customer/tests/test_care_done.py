"""Which contact fulfils which touch, what postponing refuses, and the figures of coverage."""

from datetime import date, timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import format_date

from .care_common import CareCase

# Standard 4.1: channel of the contact -> touches it may fulfil.
MAY_FULFIL = {
    "phone": {"phone"},
    "sms": {"sms"},
    "letter": {"letter"},
    "visit": {"visit", "phone"},
    "email": {"email", "sms", "letter"},
    "gathering": {"gathering", "visit"},
    "community": {"gathering"},
    "hall": {"phone"},
    "hotline": set(),
}
WRITTEN = {"sms", "letter", "email"}


@tagged("vip_care")
class TestCareDone(CareCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.member = cls._member("Wei")
        cls.step = cls._step(cls.diamond)

    @classmethod
    def _touch(cls, channel="phone", due="2026-03-10", state="planned", member=None, **values):
        member = member or cls.member
        return cls.Touch.create(
            {
                "partner_id": member.partner_id.id,
                "company_id": cls.company.id,
                "step_id": cls.step.id,
                "tier_id": cls.diamond.id,
                "channel_id": cls.channels[channel].id,
                "slot": date(2020, 1, 1) + timedelta(days=cls.Touch.search_count([])),
                "planned_date": due,
                "due_date": due,
                "state": state,
                **values,
            }
        )

    # ------------------------------------------------------------
    # which contact fulfils which touch
    # ------------------------------------------------------------

    def test_every_channel_result_and_touch(self):
        for channel, fulfilled in MAY_FULFIL.items():
            for result in self.results.keys() - {"declined"}:
                for planned in MAY_FULFIL.keys() - {"hotline"}:
                    counts = result in ("reached", "met", "replied") or (
                        result == "delivered" and channel in WRITTEN
                    )
                    with self.subTest(channel=channel, result=result, touch=planned):
                        self.Touch.search([("partner_id", "=", self.member.partner_id.id)]).unlink()
                        touch = self._touch(planned)
                        contact = self._contact(self.member, channel, result)
                        is_done = counts and planned in fulfilled
                        self.assertEqual(touch.state, "done" if is_done else "planned")
                        self.assertEqual(touch.interaction_id, contact if is_done else contact[:0])

    def test_nothing_automatic_fulfils(self):
        touch = self._touch("sms")
        self._contact(self.member, "sms", "delivered", is_automatic=True)
        self.assertEqual(touch.state, "planned")

    def test_what_the_customer_wrote_fulfils_nothing(self):
        touch = self._touch("email")
        self._contact(self.member, "email", "replied", user_id=False)
        self.assertEqual(touch.state, "planned")
        self.assertEqual(self.member.last_contact_on, self.today, "a contact all the same")
        self._contact(self.member, "email", "delivered")
        self.assertEqual(touch.state, "done")

    def test_one_contact_fulfils_one_touch(self):
        later, first = self._touch(due="2026-03-12"), self._touch(due="2026-03-09")
        self._contact(self.member)
        self.assertEqual((first.state, later.state), ("done", "planned"))
        self.assertEqual(first.done_on, self.today)
        self._contact(self.member)
        self.assertEqual(later.state, "done")

    def test_far_ahead(self):
        touch = self._touch(due="2026-03-18")
        self._contact(self.member)
        self.assertEqual(touch.state, "planned")

    def test_due_comes_before_missed(self):
        missed = self._touch(due="2026-02-10", state="missed")
        due = self._touch(due="2026-03-10")
        self._contact(self.member)
        self.assertEqual((missed.state, due.state), ("missed", "done"))
        self._contact(self.member)
        self.assertEqual(missed.state, "done", "late, and done")

    def test_missed_long_ago(self):
        """Due on 6 February and 7 February: the one is a day too long ago."""
        long_ago = self._touch(due="2026-02-06", state="missed")
        self._contact(self.member)
        self.assertEqual(long_ago.state, "missed")
        missed = self._touch(due="2026-02-07", state="missed")
        self._contact(self.member)
        self.assertEqual((long_ago.state, missed.state), ("missed", "done"))

    def test_contact_of_another_customer(self):
        touch = self._touch()
        self._contact(self._member("Li"))
        self.assertEqual(touch.state, "planned")

    def test_contact_corrected(self):
        touch = self._touch()
        contact = self._contact(self.member)
        contact.result_id = self.results["no_answer"]
        self.assertEqual((touch.state, touch.done_on), ("planned", False))
        contact.result_id = self.results["reached"]
        self.assertEqual(touch.state, "done")
        contact.unlink()
        self.assertEqual(touch.state, "planned")

    def test_customer_does_not_wish_to_be_contacted(self):
        touch = self._touch()
        self.member.write(
            {"do_not_disturb_from": "2026-05-01", "do_not_disturb_until": "2026-05-05"}
        )
        self._contact(self.member, result="declined")
        self.assertTrue(self.member.do_not_disturb)
        self.assertFalse(self.member.do_not_disturb_from or self.member.do_not_disturb_until)
        self.assertEqual((touch.state, touch.reason), ("skipped", "do_not_disturb"))

    # ------------------------------------------------------------
    # dialogs
    # ------------------------------------------------------------

    def _dialog(self, touch, user="manager_a", **values):
        return (
            self.env["vip.care.touch.done"]
            .with_user(self.users[user])
            .create({"touch_id": touch.id, "result_id": self.results["reached"].id, **values})
        )

    def test_done_in_one_click(self):
        first, chosen = self._touch(due="2026-03-06"), self._touch(due="2026-03-09")
        self._dialog(chosen, summary="All is well").action_confirm()
        self.assertEqual((first.state, chosen.state), ("planned", "done"))
        contact = chosen.interaction_id
        self.assertEqual(
            (contact.user_id, contact.summary), (self.users["manager_a"], "All is well")
        )

    def test_done_far_ahead_and_long_ago(self):
        """Who says that it is this one need not wait until it is near, nor is it ever too late."""
        for values in ({"due": "2026-04-20"}, {"due": "2025-12-01", "state": "missed"}):
            with self.subTest(**values):
                touch = self._touch(**values)
                self._dialog(touch, result_id=self.results["no_answer"].id).action_confirm()
                self.assertNotEqual(touch.state, "done", "an attempt")
                self._dialog(touch).action_confirm()
                self.assertEqual((touch.state, touch.done_on), ("done", self.today))
                self.assertTrue(touch.interaction_id)

    def test_dialog_knows_the_usual_result(self):
        """One confirm is enough."""
        for channel, result in (("phone", "reached"), ("visit", "met"), ("letter", "delivered")):
            with self.subTest(channel=channel):
                touch = self._touch(channel)
                dialog = (
                    self.env["vip.care.touch.done"]
                    .with_user(self.users["manager_a"])
                    .create({"touch_id": touch.id})
                )
                self.assertEqual(dialog.result_id.code, result)
                dialog.action_confirm()
                self.assertEqual(touch.state, "done")

    def test_deputy_does_as_the_manager(self):
        touch = self._touch()
        self.env["vip.manager.deputy"].create(
            {
                "manager_id": self.users["manager_a"].id,
                "deputy_id": self.users["manager_b"].id,
                "date_from": self.today,
                "date_to": self.today + timedelta(days=3),
                "company_id": self.company.id,
            }
        )
        touch.with_user(self.users["manager_b"]).postpone("2026-03-11", "Busy")
        self._dialog(touch, "manager_b").action_confirm()
        self.assertEqual(touch.state, "done")
        self.assertEqual(touch.interaction_id.user_id, self.users["manager_b"])
        self.env.flush_all()
        rows = self._figures(by="manager_id")
        self.assertEqual(list(rows), [self.users["manager_a"]], "figures stay with the manager")

    def test_dialog_refuses_another_channel(self):
        touch = self._touch("visit")
        with self.assertRaisesRegex(UserError, "cannot stand for"):
            self._dialog(touch, channel_id=self.channels["phone"].id).action_confirm()

    def test_dialog_refuses_what_is_done(self):
        touch = self._touch(state="done")
        with self.assertRaisesRegex(UserError, "is done already"):
            self._dialog(touch).action_confirm()

    def test_dialog_refuses_what_was_skipped(self):
        touch = self._touch(state="skipped")
        with self.assertRaisesRegex(UserError, "was skipped"):
            self._dialog(touch).action_confirm()

    def test_dialog_of_somebody_else(self):
        touch = self._touch()
        with self.assertRaises(AccessError):
            self._dialog(touch, "manager_b")

    def test_postponing(self):
        touch = self._touch()
        own = touch.with_user(self.users["manager_a"])
        self.assertTrue(own.postpone("2026-03-20", " Abroad until then "))
        self.assertEqual(
            (touch.due_date, touch.planned_date), (date(2026, 3, 20), date(2026, 3, 10))
        )
        self.assertEqual(touch.postpone_reason, "Abroad until then")
        self.assertEqual(touch.postponed_by, self.users["manager_a"])

    def test_postponing_refuses(self):
        touch = self._touch().with_user(self.users["manager_a"])
        for day, reason, sentence in (
            ("2026-03-09", "Abroad", "is over"),
            ("2026-04-11", "Abroad", "cannot be put off beyond"),
            ("2026-03-20", " ", "needs a reason"),
            ("2026-03-20", None, "needs a reason"),
            ("soon", "Abroad", "is no date"),
        ):
            with self.subTest(sentence=sentence), self.assertRaisesRegex(UserError, sentence):
                touch.postpone(day, reason)
        touch.sudo().state = "missed"
        with self.assertRaisesRegex(UserError, "was missed and stays so"):
            touch.postpone("2026-03-20", "Abroad")

    def test_postponing_refuses_a_month_that_is_over(self):
        """What was due in January is due in January, whoever puts it off in February."""
        touch = self._touch(due_date="2026-03-31").with_user(self.users["manager_a"])
        with (
            freeze_time("2026-04-01 02:00:00"),
            self.assertRaisesRegex(UserError, "in a month that is over"),
        ):
            touch.postpone("2026-04-02", "Abroad")
        with freeze_time("2026-03-31 02:00:00"):
            self.assertTrue(touch.postpone("2026-04-02", "Abroad"))

    def test_postponed_touch_stays_where_it_was_put(self):
        touch = self._touch()
        touch.with_user(self.users["manager_a"]).postpone("2026-03-14", "On Saturday he has time")
        self.Touch._look_after(self.company)
        self.assertEqual(touch.due_date, date(2026, 3, 14))

    # ------------------------------------------------------------
    # coverage
    # ------------------------------------------------------------

    def _figures(self, *domain, by=None):
        names = ("due", "done_on_time", "done_late", "missed", "waiting", "skipped")
        rows = self.env["vip.care.coverage"]._read_group(
            [("company_id", "=", self.company.id), *domain],
            [by] if by else [],
            [f"{name}:sum" for name in names],
        )
        return {row[0]: row[1:] for row in rows} if by else tuple(rows[0])

    def test_coverage_of_a_small_book(self):
        done = {"state": "done"}
        self._touch(due="2026-02-10", done_on="2026-02-17", **done)  # a week: on time
        self._touch(due="2026-02-10", done_on="2026-02-18", **done)  # late
        self._touch(due="2026-02-20", state="missed")
        self._touch(due="2026-03-04")  # its week is not over
        self._touch(due="2026-03-10", channel="visit")
        self._touch(due="2026-03-02")  # a week is over, the nightly job has not come by
        self._touch(due="2026-03-12", done_on="2026-03-10", **done)  # ahead
        self._touch(due="2026-03-12")  # still to come
        self._touch(due="2026-03-05", state="skipped", reason="do_not_disturb")
        self.env.flush_all()
        self.assertEqual(self._figures(), (7, 2, 1, 2, 2, 1))
        self.assertEqual(
            self._figures(by="month:month"),
            {date(2026, 2, 1): (3, 1, 1, 1, 0, 0), date(2026, 3, 1): (4, 1, 0, 1, 2, 1)},
        )
        self.assertEqual(
            self._figures(by="channel_id"),
            {
                self.channels["phone"]: (6, 2, 1, 2, 1, 1),
                self.channels["visit"]: (1, 0, 0, 0, 1, 0),
            },
        )

    def test_coverage_leads_to_the_touch(self):
        touch = self._touch(due="2026-02-20", state="missed")
        self.env.flush_all()
        lines = self.env["vip.care.coverage"].with_user(self.users["auditor"])
        [line] = lines.search([("partner_id", "=", self.member.partner_id.id)])
        action = line.action_view_touch()
        self.assertEqual((action["res_model"], action["res_id"]), ("vip.care.touch", touch.id))

    def test_coverage_by_the_manager_of_the_day(self):
        self._touch(due="2026-03-10", state="done", done_on="2026-03-10")
        with freeze_time("2026-03-20 02:00:00"):
            self.member._assign(self.users["manager_c"], self.county)
            self._touch(due="2026-03-19", state="missed")
            self._touch(due="2026-03-20", state="missed")
            self.env.flush_all()
            self.assertEqual(
                {user.login[-1]: row[0] for user, row in self._figures(by="manager_id").items()},
                {"a": 2, "c": 1},
            )
            self.assertEqual(
                {team: row[0] for team, row in self._figures(by="team_id").items()},
                {self.city: 2, self.county: 1},
            )

    # ------------------------------------------------------------
    # rights
    # ------------------------------------------------------------

    def test_who_sees_touches_and_coverage(self):
        self._touch()
        self._touch(member=self._member("Li", manager="manager_b"))
        self.env.flush_all()
        for user, count in (
            ("manager_a", 1), ("manager_b", 1), ("manager_c", 0), ("lead", 2), ("boss", 2),
            ("auditor", 2),
        ):  # fmt: skip
            with self.subTest(user=user):
                domain = [("company_id", "=", self.company.id)]
                for model in ("vip.care.touch", "vip.care.coverage"):
                    found = self.env[model].with_user(self.users[user]).search(domain)
                    self.assertEqual(len(found), count)
        for user in ("desk", "employee", "importer"):
            with self.subTest(user=user), self.assertRaises(AccessError):
                self.Touch.with_user(self.users[user]).search([])

    def test_nobody_writes_touches(self):
        touch = self._touch()
        for user in ("manager_a", "lead", "boss", "auditor"):
            with self.subTest(user=user), self.assertRaises(AccessError):
                touch.with_user(self.users[user]).write({"state": "done"})

    def test_plans_are_the_managers(self):
        plan = self.env.ref("vip_customer.care_plan_gold")
        plan.with_user(self.users["boss"]).longest_interval = 60
        with self.assertRaises(AccessError):
            plan.with_user(self.users["lead"]).longest_interval = 70
        with self.assertRaisesRegex(UserError, "Archive it instead"):
            self._touch()
            self.step.with_user(self.users["boss"]).unlink()


@tagged("vip_care")
class TestMyDay(CareCase):
    def _load(self, user="manager_a", scope=None):
        self.env.flush_all()
        self.env.invalidate_all()
        day = self.env["vip.my.day"].with_user(self.users[user])
        return day.with_context(allowed_company_ids=self.company.ids).load_day(scope)

    def _blocks(self, *args):
        return {block["key"]: block for block in self._load(*args)["blocks"]}

    def test_blocks(self):
        member = self._member("Wei")
        member.birthday = "1970-03-15"
        self._set_tier(member, self.diamond)
        touches = self._touches(member)
        touches[0].write({"due_date": self.today})
        touches[1].write({"state": "missed", "due_date": "2026-03-01"})
        blocks = self._blocks()
        self.assertEqual([row["id"] for row in blocks["today"]["rows"]], touches[0].ids)
        self.assertEqual([row["id"] for row in blocks["overdue"]["rows"]], touches[1].ids)
        self.assertEqual(blocks["birthdays"]["rows"][0]["customer"], "Wei")
        buttons = [button["method"] for button in blocks["today"]["rows"][0]["buttons"]]
        self.assertEqual(buttons, ["action_done", "action_postpone"])

    def test_everything_can_go_over_the_wire(self):
        self._member("Wei", self.diamond)
        self.assertNotIn(None, self._values(self._load()))

    def _values(self, found):
        if isinstance(found, dict):
            found = found.values()
        if isinstance(found, (str, bytes)) or not hasattr(found, "__iter__"):
            return [found]
        return [value for part in found for value in self._values(part)]

    def test_lead_sees_the_branch(self):
        self._member("Wei", self.diamond)
        self._member("Li", self.diamond, "manager_b")
        self.assertEqual(self._load()["scope"], "mine")
        mine = self._blocks()["coming"]["count"]
        lead = self._load("lead")
        self.assertEqual(lead["scope"], "branch")
        coming = {block["key"]: block["count"] for block in lead["blocks"]}["coming"]
        self.assertGreater(coming, mine)
        self.assertEqual(self._load("manager_a", "branch")["scope"], "mine", "no lead")

    def test_deputy_sees_the_day_of_the_manager(self):
        self._member("Wei", self.diamond)
        self.assertFalse(self._blocks("manager_b")["coming"]["count"])
        self.env["vip.manager.deputy"].create(
            {
                "manager_id": self.users["manager_a"].id,
                "deputy_id": self.users["manager_b"].id,
                "date_from": self.today,
                "date_to": self.today,
                "company_id": self.company.id,
            }
        )
        coming = self._blocks("manager_b")["coming"]
        self.assertEqual(coming["count"], self._blocks("manager_a")["coming"]["count"])
        self.assertEqual(coming["rows"][0]["manager"], self.users["manager_a"].name)
        self.assertEqual(self._blocks("manager_a")["coming"]["rows"][0]["manager"], "")
        with freeze_time("2026-03-11 02:00:00"):
            self.assertFalse(self._blocks("manager_b")["coming"]["count"], "his time is over")

    def test_birthdays_of_a_whole_branch(self):
        """The first ones by their day, and how many there are; nobody reads the rest."""
        for i, day in enumerate([17, 16, 15, 14, 13, 12, 11, 10, 18] + [12] * 4):
            member = self._member(f"Customer {i}", self.silver)
            member.birthday = f"1970-03-{day}"
        Membership = type(self.env["vip.membership"])
        with patch.object(
            Membership, "search", autospec=True, side_effect=Membership.search
        ) as search:
            block = self._blocks()["birthdays"]
        self.assertEqual(block["count"], 12)
        found = [row["date"] for row in block["rows"]]
        days = [date(2026, 3, day) for day in (10, 11, *[12] * 5, 13, 14, 15)]
        self.assertEqual(found, [format_date(self.env, day) for day in days])
        self.assertEqual([row["is_late"] for row in block["rows"]], [True] + [False] * 9)
        self.assertTrue(all(call.kwargs.get("limit") for call in search.call_args_list))

    def test_who_cannot_be_reached_is_shown(self):
        member = self._member("Wei", self.diamond)
        member.partner_id.phone = False
        self.Touch._look_after(self.company)
        blocks = self._blocks()
        self.assertFalse(blocks["coming"]["count"])
        self.assertTrue(blocks["unreachable"]["count"])
        [button] = blocks["unreachable"]["rows"][0]["buttons"]
        self.assertEqual(button["method"], "action_view_customer")

    def test_every_row_has_a_way_to_be_done(self):
        lounge = self.env["vip.benefit"].create(
            {
                "name": "Lounge",
                "code": "TEST_LOUNGE",
                "category_id": self.env["vip.benefit.category"].create({"name": "Comfort"}).id,
                "needs_approval": True,
                "tier_benefit_ids": [(0, 0, {"tier_id": self.diamond.id, "quantity": 10})],
            }
        )
        member = self._member("Wei")
        member.birthday = "1970-03-15"
        self._set_tier(member, self.diamond)
        member.tier_warning = member.valid_until
        partner = member.partner_id
        waiting = self.env["vip.redemption"].browse(
            partner.with_user(self.users["manager_a"]).vip_redeem("TEST_LOUNGE")["redemption_id"]
        )

        def buttons(key, user):
            self.env.flush_all()
            [row] = self._blocks(user)[key]["rows"]
            return [button.get("method") or button["action"] for button in row["buttons"]]

        self.assertEqual(buttons("redemptions", "manager_a"), ["open"], "his own request")
        self.assertEqual(buttons("redemptions", "lead"), ["action_approve"])
        waiting.with_user(self.users["lead"]).action_approve()
        self.assertEqual(buttons("redemptions", "manager_a"), ["action_issue", "action_deliver"])
        waiting.with_user(self.users["manager_a"]).action_issue()
        self.assertEqual(buttons("redemptions", "manager_a"), ["action_deliver"])
        for key in ("birthdays", "warnings"):
            [action] = buttons(key, "manager_a")
            self.assertEqual(action["res_model"], "vip.log.call")
            dialog = (
                self.env["vip.log.call"]
                .with_user(self.users["manager_a"])
                .with_context(**action["context"])
                .create({})
            )
            self.assertEqual((dialog.partner_id, dialog.channel_id.code), (partner, "phone"))
        with freeze_time("2026-12-15 02:00:00"):
            rows = self._blocks("manager_a")["benefits"]["rows"]
            [action] = [
                row["buttons"][0]["action"] for row in rows if row["text"].startswith("Lounge")
            ]
            self.assertEqual(action["context"]["default_benefit_id"], lounge.id)

    def test_who_has_a_day(self):
        for user in ("desk", "auditor", "employee", "importer", "portal"):
            with self.subTest(user=user), self.assertRaisesRegex(AccessError, "account managers"):
                self._load(user)

    def test_queries_do_not_depend_on_how_much_there_is(self):
        calling = self.env.ref("vip_customer.care_step_diamond_phone")

        def count():
            self._load()  # what outlives a request
            before = self.env.cr.sql_log_count
            self._load()
            return self.env.cr.sql_log_count - before

        def add(number, start):
            for i in range(start, start + number):
                member = self._member(f"Customer {i}")
                member.birthday = "1970-03-12"
                self._set_tier(member, self.diamond)
            touches = self.Touch.search([("company_id", "=", self.company.id)])
            calls = touches.filtered(lambda touch: touch.step_id == calling)
            (touches - calls).unlink()  # each block shows the same kind of rows
            touches = calls
            touches[2::3].write({"due_date": "2026-03-12"})
            touches[::3].write({"due_date": self.today})
            touches[1::3].write({"due_date": "2026-03-05", "state": "missed"})

        add(15, 0)
        few = count()
        add(45, 15)
        # a block whose customers another one has read already saves a query or two
        self.assertLessEqual(count(), few)
        self.assertLess(few, 60)
