from collections import Counter
from datetime import date

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged

from ..tools import portfolio
from .care_common import CareCase

MANY = 500
# one handover of MANY customers to two managers, whatever their number
QUERIES = 200


class HandoverCase(CareCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.a, cls.b, cls.c = (cls.users[f"manager_{name}"] for name in "abc")
        cls.env["crm.team.member"].create(
            [{"crm_team_id": cls.city.id, "user_id": user.id} for user in cls.a | cls.b]
        )
        cls.Assignment = cls.env["vip.manager.assignment"]

    def _handover(self, members=None, user="lead", **values):
        """The dialog as somebody fills it in: the chosen customers go to manager_b."""
        if "kind" not in values:
            values = {"manager_id": self.b.id, **values}
        if members:
            values["membership_ids"] = [Command.set(members.ids)]
        return self.env["vip.handover"].with_user(self.users[user]).create(values)

    def _coverage(self):
        """The rows of the coverage report by manager, branch and month, up to today."""
        self.env.flush_all()
        self.env.invalidate_all()
        names = ("due", "done_on_time", "done_late", "missed", "waiting", "skipped")
        return self.env["vip.care.coverage"]._read_group(
            [("company_id", "=", self.company.id)],
            ["manager_id", "team_id", "month:month"],
            [f"{name}:sum" for name in names],
        )

    def _past(self):
        """Everything that assignments said of the days up to yesterday."""
        rows = self.Assignment.search(
            [("company_id", "=", self.company.id), ("date_from", "<", self.today)], order="id"
        )
        return [(row.partner_id, row.manager_id, row.team_id, row.date_from) for row in rows]


@tagged("post_install", "-at_install", "vip_portfolio")
class TestHandover(HandoverCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2026-02-10 02:00:00"):
            cls.members = cls.env["vip.membership"].union(
                cls._member("Diamond", cls.diamond),
                cls._member("Gold", cls.gold),
                *(cls._member(f"Silver {i}", cls.silver) for i in range(3)),
            )
        cls.other = cls._member("Of manager B", cls.silver, "manager_b")

    # ------------------------------------------------------------
    # handing over
    # ------------------------------------------------------------

    def test_to_one(self):
        handover = self._handover(self.members[:2])
        self.assertEqual(handover.customer_count, 2)
        action = handover.action_confirm()
        self.assertEqual(action["res_id"], handover.id)
        self.assertIn("2 customers go to vip_test_manager_b", handover.result)
        self.assertEqual(self.members.mapped("manager_id"), self.b | self.a)
        self.assertEqual(self.members[:2].manager_id, self.b)
        self.assertEqual(self.members.team_id, self.city)

    def test_all_of_a_leaver(self):
        self._handover(from_manager_id=self.a.id).action_confirm()
        self.assertEqual(self.members.manager_id, self.b)

    def test_leaver_who_is_archived_already(self):
        self.a.active = False
        self._handover(from_manager_id=self.a.id).action_confirm()
        self.assertEqual(self.members.manager_id, self.b)

    def test_leaver_is_archived_after_the_handover(self):
        """Odoo deletes the open tasks of whom it archives."""
        with self.assertRaisesRegex(UserError, "still looks after 5 VIP customers"):
            self.a.action_archive()
        self._handover(from_manager_id=self.a.id).action_confirm()
        self.a.action_archive()
        self.assertFalse(self.a.active)

    def test_on_a_later_day(self):
        self._handover(from_manager_id=self.a.id, day="2026-04-01").action_confirm()
        self.assertEqual(self.members.manager_id, self.a)
        with freeze_time("2026-04-01 02:00:00"):
            self.Assignment._cron_project()
            self.assertEqual(self.members.manager_id, self.b)

    def test_spread(self):
        """By weight: B has a silver one already, C nothing."""
        self._handover(
            self.members, kind="spread", manager_ids=[Command.set((self.b | self.c).ids)]
        ).action_confirm()
        taken = {
            user: sorted(member.tier_id.code for member in group)
            for user, group in self.members.grouped("manager_id").items()
        }
        self.assertEqual(taken[self.c], ["diamond", "silver"])
        self.assertEqual(taken[self.b], ["gold", "silver", "silver"])

    def test_spread_over_the_branch(self):
        """The leaver gets nothing, who is of another branch neither."""
        self._handover(from_manager_id=self.a.id, kind="branch").action_confirm()
        self.assertEqual(self.members.manager_id, self.b)

    def test_to_another_branch(self):
        self._handover(
            self.members, "boss", manager_id=self.c.id, team_id=self.county.id
        ).action_confirm()
        self.assertEqual(self.members.team_id, self.county)
        self.assertEqual(self.members.manager_id, self.c)

    def test_line_by_line(self):
        dialog = Form(
            self.env["vip.handover"]
            .with_user(self.users["lead"])
            .with_context(active_model="vip.membership", active_ids=self.members.ids)
        )
        self.assertEqual(len(dialog.line_ids), 5)
        dialog.manager_id = self.b
        with dialog.line_ids.edit(0) as line:
            line.manager_id = self.c
            chosen = line.membership_id
        handover = dialog.save()
        self.assertIn("vip_test_manager_c", handover.summary)
        handover.action_confirm()
        self.assertEqual(chosen.manager_id, self.c)
        self.assertEqual((self.members - chosen.sudo(False)).manager_id, self.b)

    def test_summary(self):
        handover = self._handover(self.members)
        values = handover._summary_values()
        [row] = values["rows"]
        self.assertEqual(row["before"], (1, 1.0))
        self.assertEqual(row["given"], (5, 3.0 + 1.5 + 3 * 1.0))
        self.assertEqual(row["after"], (6, 8.5))
        self.assertFalse(values["warning"])
        self.assertIn("vip_test_manager_b", handover.summary)

    def test_summary_without_a_manager(self):
        summary = self._handover(self.members, manager_id=False).summary
        self.assertIn("5 of 5 customers have nobody to go to yet", summary)

    def test_load_counts_what_the_lead_does_not_see(self):
        self.other._assign(self.b, self.county)
        [row] = self._handover(self.members)._summary_values()["rows"]
        self.assertEqual(row["before"].customers, 1)

    # ------------------------------------------------------------
    # what moves along, and what does not
    # ------------------------------------------------------------

    def test_tasks_move(self):
        member = self.members[0]
        mine, elses = (
            member.activity_schedule("mail.mail_activity_data_todo", user_id=user.id)
            for user in (self.a, self.c)
        )
        benefit = self.env["vip.benefit"].create(
            {
                "name": "Lounge",
                "code": "TEST_LOUNGE",
                "category_id": self.env["vip.benefit.category"].create({"name": "Comfort"}).id,
                "tier_benefit_ids": [Command.create({"tier_id": self.diamond.id, "quantity": 10})],
            }
        )
        self.env["vip.entitlement"]._grant(self.company)
        redemption = self.env["vip.redemption"]._redeem(member, benefit, 1)
        to_fulfil = redemption.activity_schedule("mail.mail_activity_data_todo", user_id=self.a.id)
        contact = member.partner_id.activity_schedule(
            "mail.mail_activity_data_call", user_id=self.a.id
        )
        self._handover(member, day="2026-03-20").action_confirm()
        tasks = mine | to_fulfil | contact
        self.assertEqual(tasks.user_id, self.a, "nothing moves before the day")
        with freeze_time("2026-03-20 02:00:00"):
            self.Assignment._cron_project()
        self.assertEqual(tasks.user_id, self.b)
        self.assertEqual(elses.user_id, self.c)
        told = self._touches(member, ("occasion_id.code", "=", "manager_new"))
        self.assertEqual(told.slot, date(2026, 3, 20))

    def test_past_figures_stay(self):
        touch = self._touches(self.members[0], ("due_date", "<", self.today))[:1]
        self._contact(self.members[0], touch.channel_id.code, day=touch.due_date)
        coverage, past = self._coverage(), self._past()
        self.assertTrue(coverage)
        self._handover(from_manager_id=self.a.id).action_confirm()
        before = [row for row in coverage if row[2] < date(2026, 3, 1)]
        self.assertTrue(before)
        self.assertEqual([row for row in self._coverage() if row[2] < date(2026, 3, 1)], before)
        self.assertEqual(self._past(), past)

    def test_nobody_meanwhile(self):
        """Tasks and introduction find the next manager also where nobody was responsible in between."""
        member = self.members[0]
        task = member.activity_schedule("mail.mail_activity_data_todo", user_id=self.a.id)
        lead = member.with_user(self.users["lead"])
        lead.assign(False, self.city.id)
        lead.assign(self.b.id, self.city.id)
        self.assertEqual(task.user_id, self.b)
        self.assertTrue(self._touches(member, ("occasion_id.code", "=", "manager_new")))

    def test_own_past_figures_stay_readable(self):
        """Whoever handed customers over still sees what he did for them, and nothing of what follows."""

        def seen(user):
            self.env.flush_all()
            self.env.invalidate_all()
            rows = self.env["vip.care.coverage"].with_user(user)._read_group([], [], ["due:sum"])
            return rows[0][0] or 0

        with freeze_time("2026-04-30 02:00:00"):
            before = seen(self.a)
            self.assertTrue(before)
            self._handover(from_manager_id=self.a.id).action_confirm()
            self.assertEqual(seen(self.a), before)
            with freeze_time("2026-06-30 02:00:00"):
                self.assertEqual(seen(self.a), before)
                self.assertGreater(seen(self.b), before)

    # ------------------------------------------------------------
    # refusals
    # ------------------------------------------------------------

    def _refused(self, sentence, *args, error=UserError, **values):
        with self.assertRaisesRegex(error, sentence):
            self._handover(*args, **values).action_confirm()

    def test_nobody_chosen(self):
        self._refused("Choose the customers to hand over first")

    def test_leaver_without_customers(self):
        self._refused("vip_test_manager_c .* looks after nobody", from_manager_id=self.c.id)

    def test_no_manager_named(self):
        self._refused("Choose the account manager who gets", self.members, manager_id=False)

    def test_no_managers_named(self):
        self._refused("Choose the account managers over whom", self.members, kind="spread")

    def test_branch_without_account_managers(self):
        self.members._assign(self.a, self.county)
        self._refused("Nobody gets Diamond", self.members, user="boss", kind="branch")

    def test_to_himself(self):
        self._refused(
            "vip_test_manager_a .* looks after “Diamond” already",
            self.members,
            manager_id=self.a.id,
        )

    def test_leaver_to_himself(self):
        self._refused(
            "vip_test_manager_a .* hands the customers over",
            from_manager_id=self.a.id,
            manager_id=self.a.id,
        )

    def test_archived_user(self):
        self.b.active = False
        self._refused("vip_test_manager_b .* is archived", self.members)

    def test_foreign_user(self):
        company = self.env["res.company"].create({"name": "Other"})
        self.b.write({"company_id": company.id, "company_ids": [Command.set(company.ids)]})
        self._refused("not an internal user of Test Mobile", self.members)

    def test_past_day(self):
        self._refused("before today is settled", self.members, day="2026-03-09")

    def test_not_a_lead(self):
        handover = self._handover(self.members)
        for user in ("manager_a", "desk", "auditor"):
            with self.subTest(user=user), self.assertRaisesRegex(AccessError, "Only a lead"):
                handover.with_user(self.users[user]).action_confirm()

    def test_somebody_elses_customers(self):
        """Not even who may read them, as auditor."""
        self.members[0]._assign(self.c, self.county)
        self.users["lead"].group_ids |= self.env.ref("vip_customer.group_vip_auditor")
        self._refused("1 of these customers are not yours", self.members, error=AccessError)
        self.assertEqual(self.members[1:].manager_id, self.a, "nothing happened")

    def test_customers_out_of_sight(self):
        self.members[0]._assign(self.c, self.county)
        with self.assertRaises(AccessError):
            self._handover(self.members)

    def test_leaver_as_far_as_the_lead_sees(self):
        self.members[0]._assign(self.a, self.county)
        self._handover(from_manager_id=self.a.id).action_confirm()
        self.assertEqual(self.members[0].manager_id, self.a)
        self.assertEqual(self.members[1:].manager_id, self.b)

    # ------------------------------------------------------------
    # brief sheets
    # ------------------------------------------------------------

    def _brief(self, members, user):
        report = self.env["ir.actions.report"].with_user(self.users[user])
        html, _kind = report._render_qweb_html("vip_customer.membership_brief", members.ids)
        return html.decode()

    def test_brief_is_offered(self):
        """Of all who were handed over, who are the leaver's no more."""
        handover = self._handover(from_manager_id=self.a.id)
        handover.action_confirm()
        action = handover.action_print_briefs()
        self.assertEqual(action["report_name"], "vip_customer.membership_brief")
        self.assertEqual(set(action["context"]["active_ids"]), set(self.members.ids))

    def test_brief_of_nobody(self):
        with self.assertRaisesRegex(UserError, "Choose the customers to hand over first"):
            self._handover().action_print_briefs()

    def test_brief(self):
        member = self.members[0]
        self._create_bills(member.partner_id, self._year(2500))
        self.env["vip.service.number"].create(
            {
                "partner_id": member.partner_id.id,
                "number": "13900001111",
                "activated_on": "2020-01-01",
            }
        )
        self.env["vip.preference"].create(
            {
                "partner_id": member.partner_id.id,
                "type_id": self.env.ref("vip_customer.preference_type_gift").id,
                "value": "Green tea",
            }
        )
        self._contact(member, summary="Plans a journey", next_step="Send the tariffs")
        html = self._brief(member, "manager_a")
        for word in ("Diamond", "13900001111", "Green tea", "Plans a journey", "Send the tariffs"):
            self.assertIn(word, html)
        self.assertIn(self._day(member.since), html)

    def test_brief_of_several(self):
        html = self._brief(self.members, "lead")
        for member in self.members:
            self.assertIn(member.display_name, html)

    def test_brief_shows_the_latest_contacts(self):
        """The last five of each, and none of years ago."""
        first, second = self.members[:2]
        for day in range(1, 8):
            self._contact(first, day=f"2026-03-0{day}", summary=f"Talk {day}")
        self._contact(second, day="2024-03-01", summary="Long ago")
        html = self._brief(first | second, "lead")
        self.assertEqual([day for day in range(1, 8) if f"Talk {day}" in html], list(range(3, 8)))
        self.assertNotIn("Long ago", html)

    def test_brief_only_for_who_may_read(self):
        for user in ("manager_b", "manager_c", "desk", "employee", "importer"):
            with self.subTest(user=user), self.assertRaises(AccessError):
                self._brief(self.members[0], user)
        self.assertIn("Diamond", self._brief(self.members[0], "auditor"))

    # ------------------------------------------------------------
    # who has nobody
    # ------------------------------------------------------------

    def test_proposal_for_new_customers(self):
        new = [self._member(f"New {i}", self.silver, manager=None) for i in range(2)]
        new = self.env["vip.membership"].union(*new)
        self.assertTrue(all(new.mapped("has_no_manager")))
        action = self.env["vip.membership"].with_user(self.users["lead"]).action_propose_managers()
        dialog = Form(
            self.env["vip.handover"].with_user(self.users["lead"]).with_context(**action["context"])
        )
        self.assertEqual(dialog.customer_count, 2)
        self.assertEqual(dialog.kind, "branch")
        # B has one silver customer, A seven and a half of them
        self.assertIn("vip_test_manager_b", dialog.summary)
        dialog.save().action_confirm()
        self.assertEqual(new.manager_id, self.b)
        with self.assertRaisesRegex(UserError, "Every VIP customer has an account manager"):
            self.env["vip.membership"].with_user(self.users["lead"]).action_propose_managers()

    def test_archived_manager_is_nobody(self):
        self.b.active = False
        self.assertTrue(self.other.has_no_manager)
        members = self.env["vip.membership"].with_user(self.users["boss"])
        self.assertEqual(members.search([("has_no_manager", "=", True)]), self.other)

    def test_without_a_tier_nobody_is_missed(self):
        member = self._member("No tier", manager=None)
        self.assertFalse(member.has_no_manager)
        self.assertNotIn(member, member.search([("has_no_manager", "=", True)]))

    def test_proposal_is_for_leads(self):
        with self.assertRaisesRegex(AccessError, "Only a lead"):
            self.members.with_user(self.a).action_propose_managers()


@tagged("post_install", "-at_install", "vip_portfolio")
class TestHandoverOfMany(HandoverCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2026-02-10 02:00:00"):
            partners = cls.env["res.partner"].create(
                [{"name": f"Customer {i:03}", "phone": "13800138000"} for i in range(MANY)]
            )
            cls.env["vip.membership"]._ensure(partners.ids, cls.company)
            cls.members = partners.vip_membership_id
            cls.members._assign(cls.a, cls.city)
            for index, tier in enumerate((cls.diamond, cls.gold, cls.silver, cls.silver)):
                group = cls.members[index::4]
                group.write({"base_tier_id": tier.id, "base_valid_until": cls.policy.date_to})
                group._recount(dict.fromkeys(group, cls.company._vip_today()), "override", "Test")
            cls.Touch._look_after(cls.company)

    def test_five_hundred(self):
        coverage, past = self._coverage(), self._past()
        tasks = self.env["mail.activity"].search(
            [("res_model", "=", "vip.membership"), ("res_id", "in", self.members.ids)]
        )
        self.assertTrue(tasks)
        self.env.invalidate_all()
        with self.assertQueryCount(__system__=QUERIES, vip_test_lead=QUERIES):
            handover = self._handover(
                from_manager_id=self.a.id,
                kind="spread",
                manager_ids=[Command.set((self.b | self.c).ids)],
            )
            handover.action_confirm()
            self.env.flush_all()
        counts = Counter(member.manager_id for member in self.members)
        self.assertEqual(counts.keys(), {self.b, self.c})
        self.assertLessEqual(abs(counts[self.b] - counts[self.c]), 2)
        places = {self.diamond: 0, self.gold: 1, self.silver: 2}
        loads = {
            user: sum(
                portfolio.weight(places[m.tier_id]) for m in self.members if m.manager_id == user
            )
            for user in counts
        }
        self.assertLessEqual(abs(loads[self.b] - loads[self.c]), 1)
        moved = tasks.exists()
        self.assertTrue(all(t.user_id == self.members.browse(t.res_id).manager_id for t in moved))
        # what was due until yesterday stays with who was responsible
        month = date(2026, 3, 1)
        self.assertEqual(
            [row for row in self._coverage() if row[2] < month],
            [row for row in coverage if row[2] < month],
        )
        self.assertEqual(self._past(), past)

    def test_dialog_of_many(self):
        """The dialog carries no lines, and says in figures who gets how many."""
        with self.assertQueryCount(__system__=90, vip_test_lead=90):
            dialog = Form(
                self.env["vip.handover"]
                .with_user(self.users["lead"])
                .with_context(active_model="vip.membership", active_ids=self.members.ids)
            )
            dialog.kind = "branch"
        self.assertFalse(len(dialog.line_ids))
        self.assertEqual(dialog.customer_count, MANY)
        self.assertIn("vip_test_manager_b", dialog.summary)
