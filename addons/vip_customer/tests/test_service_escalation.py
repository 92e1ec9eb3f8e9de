"""Warnings and escalation of service requests, satisfaction, lookup, My day, report."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ..models.vip_service_request_escalation import BATCH
from .service_common import ServiceCase, at


@tagged("post_install", "-at_install")
class TestServiceEscalation(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.vip_escalation_id = cls.users["boss"]
        cls.company.vip_escalation_ids = cls.users["approver"]

    def _look(self, moment):
        with at(moment):
            return self.Request._escalate(BATCH)

    def test_the_response(self):
        request = self._open()
        self._look("2026-03-10 10:44")
        self.assertFalse(self._tasks(request))
        self._look("2026-03-10 10:45")
        self.assertEqual(self._tasks(request), {("warning", "manager_a")})
        self._look("2026-03-10 11:00")
        self.assertEqual(self._tasks(request), {("warning", "manager_a"), ("escalation", "lead")})
        self.assertFalse(self._look("2026-03-10 11:05"))

    def test_tasks_have_the_name_of_their_type(self):
        """In the language of who looks, in the chatter too, which Odoo leaves blank."""
        request = self._open()
        self.env["res.lang"]._activate_lang("zh_CN")
        kind = self.env.ref("vip_customer.mail_activity_type_request_escalation")
        kind.update_field_translations("name", {"en_US": "Late", "zh_CN": "超时"})
        request.sudo()._schedule_tasks(
            [("vip_customer.mail_activity_type_request_escalation", request.id, self.env.uid)]
        )
        task = request.sudo().activity_ids.filtered(lambda one: one.activity_type_id == kind)
        for lang, name in (("en_US", "Late"), ("zh_CN", "超时")):
            self.env.invalidate_all()  # another reader
            [sent] = task.with_context(lang=lang).activity_format()["mail.activity"]
            self.assertEqual((sent["summary"], sent["display_name"]), (False, name))

    def test_the_resolution(self):
        request = self._open()
        request.action_respond()
        self._look("2026-03-10 15:59")
        self.assertFalse(self._tasks(request))
        self._look("2026-03-10 16:00")
        self.assertEqual(self._tasks(request), {("warning", "manager_a")})
        self._look("2026-03-10 18:00")
        self.assertEqual(
            self._tasks(request),
            {("warning", "manager_a"), ("escalation", "lead"), ("escalation", "boss")},
        )
        self.assertFalse(self._look("2026-03-11 11:59"))
        self._look("2026-03-11 12:00")
        self.assertIn(("escalation", "approver"), self._tasks(request))

    def test_where_nobody_is_named_all_managers_are_told(self):
        self.company.write({"vip_escalation_id": False, "vip_escalation_ids": False})
        managers = self.company._vip_managers()
        self.assertLessEqual(self.users["boss"] | self.users["approver"], managers)
        self.assertNotIn(self.users["lead"], managers)
        request = self._open()
        self._look("2026-03-10 18:00")
        told = {user for _kind, user in self._tasks(request)}
        self.assertLessEqual({"lead", "boss", "approver"}, told)

    def test_who_looks_late_tells_once(self):
        """The server stood still for a day: each is told, nobody twice."""
        request = self._open()
        self.assertEqual(self._look("2026-03-12 12:00"), 1)
        self.assertEqual(
            self._tasks(request),
            {("escalation", "lead"), ("escalation", "approver")},
        )
        self.assertEqual(self._look("2026-03-12 12:05"), 0)

    def test_paused_and_closed_ones_are_left_alone(self):
        paused = self._open()
        paused.pause("customer")
        self._closed()
        self.assertEqual(self._look("2026-03-20 12:00"), 0)
        with at("2026-03-20 12:00"):
            paused.action_resume()
        self.assertEqual(self._look("2026-03-20 12:45"), 1)

    def test_answering_takes_the_warning_back_and_closing_everything(self):
        request = self._open()
        self._look("2026-03-10 10:50")
        with at("2026-03-10 10:55"):
            request.action_respond()
        self.assertFalse(self._tasks(request))
        self._look("2026-03-10 19:00")
        self.assertTrue(self._tasks(request))
        request.answer = "Told"
        request.action_close()
        self.assertFalse(self._tasks(request))

    def test_by_the_scheduled_action_in_batches(self):
        requests = [self._open() for _i in range(3)]
        path = "odoo.addons.vip_customer.models.vip_service_request_escalation.BATCH"
        with (
            patch(path, 2),
            at("2026-03-10 11:00"),
            self.enter_registry_test_mode(),
        ):
            self.env.ref("vip_customer.ir_cron_escalate").method_direct_trigger()
        for request in requests:
            self.assertEqual(self._tasks(request), {("escalation", "lead")})

    def test_queries_do_not_depend_on_how_many_are_late(self):
        counts = []
        for size in (3, 3, 30):  # the first one fills caches
            for _i in range(size):
                self._open()
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            self.assertEqual(self._look("2026-03-10 11:00"), size)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - start)
        self.assertEqual(counts[1], counts[2])


@tagged("post_install", "-at_install")
class TestServiceSatisfaction(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.email = "wang@example.com"

    def _mails(self):
        return self.env["mail.mail"].sudo().search([("recipient_ids", "in", self.partner.ids)])

    def _asked(self, request):
        return (
            self.env["rating.rating"]
            .sudo()
            .search([("res_model", "=", request._name), ("res_id", "=", request.id)])
        )

    def test_closing_asks_by_mail(self):
        request = self._closed()
        mail = self._mails()
        self.assertEqual(len(mail), 1)
        rating = self._asked(request)
        self.assertIn(f"/rate/{rating.access_token}/5", mail.body_html)
        self.assertIn(request.name, mail.body_html)
        self.assertEqual(rating.partner_id, self.partner)

    def test_who_does_not_wish_to_be_written_to_is_not_asked(self):
        self.env["mail.blacklist"]._add("wang@example.com")
        self._closed()
        self.assertFalse(self._mails())

    def test_who_does_not_wish_to_be_disturbed_is_not_asked(self):
        self.partner.vip_membership_id.do_not_disturb = True
        self._closed()
        self.assertFalse(self._mails())
        self.partner.vip_membership_id.do_not_disturb_until = "2026-03-09"
        self._closed()
        self.assertTrue(self._mails())

    def test_without_an_address_nobody_is_asked(self):
        self.partner.email = False
        self._closed()
        self.assertFalse(
            self.env["mail.mail"].sudo().search([("model", "=", "vip.service.request")])
        )

    def test_a_low_rating_becomes_a_call_back_for_the_lead(self):
        request = self._closed()
        rating = self._asked(request)
        request.sudo().rating_apply(1, token=rating.access_token, feedback="Slow")
        self.assertEqual(self._tasks(request), {("callback", "lead")})
        self.assertEqual(request.sudo().interaction_id.rating, "1")
        self.assertEqual(request.rating_last_value, 1)
        request.sudo().rating_apply(1, token=rating.access_token, feedback="Very slow")
        self.assertEqual(self._tasks(request), {("callback", "lead")})

    def test_a_good_rating_is_only_noted(self):
        request = self._closed()
        request.sudo().rating_apply(5, token=self._asked(request).access_token)
        self.assertFalse(self._tasks(request))
        self.assertEqual(request.sudo().interaction_id.rating, "5")

    def test_without_a_lead_the_manager_calls(self):
        self.city.user_id = False
        self.company.vip_escalation_id = self.users["boss"]
        request = self._closed()
        request.sudo().rating_apply(2, token=self._asked(request).access_token)
        self.assertEqual(self._tasks(request), {("callback", "boss")})


@tagged("post_install", "-at_install")
class TestServiceOverview(ServiceCase):
    def test_the_lookup_counts_open_requests_and_warns_of_late_ones(self):
        desk = self.partner.with_user(self.users["desk"])
        self.assertEqual(desk.vip_card()["requests"], 0)
        self._open()
        self._closed()
        card = desk.vip_card()
        self.assertEqual(card["requests"], 1)
        self.assertNotIn("overdue", str(card["warnings"]))
        with at("2026-03-10 11:00"):
            self.assertIn("A service request is overdue.", desk.vip_card()["warnings"])
            self._open()
        with at("2026-03-10 13:00"):
            self.assertIn("2 service requests are overdue.", desk.vip_card()["warnings"])

    def test_the_page_counts_them(self):
        self._open()
        self._closed()
        member = self.partner.vip_membership_id.with_user(self.users["manager_a"])
        self.assertEqual(member.request_count, 1)
        action = member.action_view_requests()
        self.assertEqual(self.Request.search_count(action["domain"]), 2)
        self.assertEqual(
            member.action_new_request()["context"], {"default_partner_id": self.partner.id}
        )

    def test_my_day_shows_what_is_due(self):
        own = self._open()
        other = self._create_vip("Li", self.gold)
        other.vip_membership_id.manager_id = self.users["manager_c"]
        mine = self._open(partner=other, user_id=self.users["manager_a"].id)
        self._open(partner=other)
        self._open().pause("customer")
        day = self.env["vip.my.day"].with_user(self.users["manager_a"])
        with at("2026-03-10 11:30"):
            [block] = [b for b in day.load_day("mine")["blocks"] if b["key"] == "requests"]
        self.assertEqual(block["count"], 2)
        self.assertEqual([row["id"] for row in block["rows"]], (own | mine).ids)
        self.assertTrue(block["rows"][0]["is_late"])
        self.assertIn(f"{own.name}, overdue since", block["rows"][0]["text"])

    def test_search_overdue(self):
        request = self._open()
        domain = [("is_overdue", "=", True), ("partner_id", "=", self.partner.id)]
        self.assertFalse(self.Request.search(domain))
        with at("2026-03-10 11:00"):
            self.assertEqual(self.Request.search(domain), request)
            self.env.invalidate_all()
            self.assertTrue(request.is_overdue)
            self.assertFalse(
                self.Request.search([("is_overdue", "=", False), ("id", "=", request.id)])
            )

    def test_lists_are_sorted_by_urgency(self):
        late = self._open("PERSONAL")
        soon = self._open()
        paused = self._open()
        paused.pause("customer")
        found = self.Request.search([("partner_id", "=", self.partner.id)])
        self.assertEqual(found, soon | late | paused)
        self.assertEqual(found.ids, [soon.id, late.id, paused.id])


@tagged("post_install", "-at_install")
class TestServiceReport(ServiceCase):
    def _report(self, *groups, domain=()):
        return self.env["vip.service.report"]._read_group(
            [("company_id", "=", self.company.id), *domain],
            list(groups),
            [
                "__count",
                "response_on_time:avg",
                "resolution_on_time:avg",
                "was_paused:avg",
                "was_reopened:avg",
                "satisfied:avg",
                "rated:sum",
            ],
        )

    def test_figures(self):
        good, late, waiting, gone = (self._open() for _i in range(4))
        gone.action_cancel()
        for request in (good, late, waiting):
            request.answer = "Told"
        with at("2026-03-10 10:30"):
            good.action_respond()
            late.action_respond()
            late.pause("customer")
        with at("2026-03-10 12:30"):
            late.action_resume()
            good.action_close()
        with at("2026-03-13 09:00"):
            late.action_close()
            late.action_reopen()
            late.action_close()
            self.env.flush_all()
            # waiting: neither answered nor resolved on time; cancelled: judged by nothing
            [row] = self._report()
        self.assertEqual(row[0], 4)
        self.assertAlmostEqual(row[1], 2 / 3)
        self.assertAlmostEqual(row[2], 1 / 3)
        self.assertAlmostEqual(row[3], 1 / 4)
        self.assertAlmostEqual(row[4], 1 / 4)
        self.assertEqual(row[6], 0)

    def test_satisfaction_is_of_those_who_rated(self):
        self.partner.email = "wang@example.com"
        requests = [self._closed() for _i in range(3)]
        for request, value in zip(requests, (5, 1), strict=False):
            request.sudo().rating_apply(value, token=request.sudo()._rating_get_access_token())
        self.env.flush_all()
        [row] = self._report()
        self.assertEqual(row[5:], (0.5, 2))

    def test_manager_and_branch_are_those_of_the_day(self):
        self._open()
        with at("2026-03-12 10:00"):
            self.partner.vip_membership_id.with_user(self.users["lead"]).assign(
                self.users["manager_b"].id, self.city.id
            )
            self._open()
            self.env.flush_all()
            rows = self._report("manager_id", "team_id")
        self.assertEqual(
            {(row[0], row[1], row[2]) for row in rows},
            {
                (self.users["manager_a"], self.city, 1),
                (self.users["manager_b"], self.city, 1),
            },
        )
        report = self.env["vip.service.report"]
        for user, count in (("manager_a", 1), ("manager_b", 2), ("lead", 2), ("manager_c", 0)):
            with self.subTest(user=user), at("2026-03-12 10:00"):
                mine = report.with_user(self.users[user])
                self.assertEqual(mine.search_count([]), count)

    def test_months_are_those_of_the_company(self):
        with at("2026-04-01 00:30"):
            self._open()
            self.env.flush_all()
            rows = self._report("month:month", "due_month:month")
        self.assertEqual([fields.Date.to_string(row[0]) for row in rows], ["2026-04-01"])

    def test_a_row_is_a_request(self):
        request = self._open()
        self.env.flush_all()
        row = self.env["vip.service.report"].browse(request.id)
        self.assertEqual(row.request_id, request)
        self.assertEqual(row.opened_on, request.opened_at.date() + timedelta(0))
