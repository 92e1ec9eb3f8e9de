"""The monthly report of a branch: written, handed up, received, sent back; who may what, and what refuses.

Today is Tuesday 2026-03-10. In January the city branch has four gold customers of ``manager_a``, one of whom
it loses, and a silver one of ``manager_b``; the county branch has one of ``manager_c``.
"""

import json
from io import BytesIO

import openpyxl
from lxml import html as lxml_html
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.http import Request
from odoo.tests import HttpCase, freeze_time, tagged
from odoo.tools import mute_logger

from .test_kpi_month import KpiCase


class MonthlyReportCase(KpiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.MonthlyReport = cls.env["vip.monthly.report"]
        cls.gold_ones = [cls._join(f"Gold {n}") for n in range(4)]
        cls.silver_one = cls._join("Silver", cls.silver, manager="manager_b")
        cls.county_one = cls._join("County", manager="manager_c", team=cls.county)
        cls.env["vip.departure"].create(
            {
                "partner_id": cls.gold_ones[0].id,
                "number_id": cls.gold_ones[0].vip_number_ids.id,
                "kind": "port_out",
                "reason_id": cls.env.ref("vip_retention.reason_t_high").id,
                "requested_on": "2026-01-05",
                "effective_on": "2026-01-20",
            }
        )
        cls.env.flush_all()
        cls.month = (
            cls.env["vip.kpi.month"].with_user(cls.users["boss"]).create({"month": "2026-01-01"})
        )
        cls.month.action_compute()
        cls.month.action_create_monthly_reports()
        cls.report = cls._report_of(cls.city)
        cls.env.flush_all()

    @classmethod
    def _report_of(cls, team, user="lead"):
        found = cls.env["vip.monthly.report"].search(
            [("month_id", "=", cls.month.id), ("team_id", "=", team.id)]
        )
        return found.with_user(cls.users[user])

    def _as(self, user, report=None):
        self.env.flush_all()
        self.env.invalidate_all()
        return (report or self.report).with_user(self.users[user])

    def _submitted(self):
        self.report.conclusions = "<p>Prices of a competitor</p>"
        self.report.action_submit()
        return self.report

    def _received(self):
        self._submitted()
        if self.month.state != "frozen":
            self.month.action_freeze()
        self._as("boss").action_receive("Well done")
        return self._as("lead")

    def _page(self, report, user="lead", name="monthly_report"):
        reports = self.env["ir.actions.report"].with_user(self.users[user])
        page, _kind = reports._render_qweb_html(f"vip_retention.{name}", report.ids)
        return lxml_html.fromstring(page)

    def _words(self, *args, **kwargs):
        return " ".join(self._page(*args, **kwargs).text_content().split())

    def _tasks(self, report):
        self.env.flush_all()
        return report.sudo().activity_ids.mapped(
            lambda task: (task.user_id.id, task.activity_type_id.name)
        )


@tagged("post_install", "-at_install", "vip_kpi")
class TestMonthlyReport(MonthlyReportCase):
    # ------------------------------------------------------------
    # from a draft to a received report
    # ------------------------------------------------------------

    def test_one_for_each_branch(self):
        reports = self.MonthlyReport.search([("month_id", "=", self.month.id)])
        self.assertEqual(reports.team_id, self.city | self.county)
        self.assertEqual(self.report.responsible_id, self.users["lead"])
        self.assertEqual(self.report.display_name, "City, 2026-01")
        self.month.action_create_monthly_reports()
        self.assertEqual(self.month.monthly_report_count, 2)

    def test_none_without_figures(self):
        month = self._month("2026-02-01", compute=False)
        self._refused("has no figures yet", month.action_create_monthly_reports)

    def test_managers_begin_the_reports(self):
        month = self.month.with_user(self.users["lead"])
        self._refused("", month.action_create_monthly_reports, error=AccessError)

    def test_handed_up_and_received(self):
        report = self._submitted()
        self.assertEqual((report.state, report.submitted_by), ("submitted", self.users["lead"]))
        name = self.env.ref("vip_retention.mail_activity_type_monthly_report").name
        self.assertIn((self.users["boss"].id, name), self._tasks(report))
        self.month.action_freeze()
        dialog = self._as("boss").action_answer()
        self.env[dialog["res_model"]].with_user(self.users["boss"]).with_context(
            **dialog["context"]
        ).create({"remark": "Well done"}).action_receive()
        report = self._as("lead")
        self.assertEqual((report.state, report.received_by), ("received", self.users["boss"]))
        self.assertEqual(report.remark, "Well done")
        self.assertFalse(self._tasks(report))

    def test_sent_back_and_handed_up_again(self):
        report = self._submitted()
        dialog = (
            self.env["vip.monthly.report.answer"]
            .with_user(self.users["boss"])
            .create({"report_id": report.id, "remark": "  Say what is done "})
        )
        dialog.action_send_back()
        report = self._as("lead")
        self.assertEqual((report.state, report.submitted_by.id), ("draft", False))
        self.assertEqual(report.remark, "Say what is done")
        self.assertEqual([user for user, _kind in self._tasks(report)], [self.users["lead"].id])
        self.assertIn("Say what is done", report.message_ids[0].body)
        report.measures = "<p>Call all of them</p>"
        report.action_submit()
        self.assertFalse(report.remark)

    def test_two_at_once(self):
        """The second is told what the first did."""
        self._received()
        boss = self.users["boss"].name
        self._refused(f"was received already, by {boss}", self._as("approver").action_receive)

    # ------------------------------------------------------------
    # what refuses
    # ------------------------------------------------------------

    def test_conclusions_are_needed(self):
        self.report.conclusions = "<p><br></p>"
        self._refused("“City, 2026-01” has no conclusions", self.report.action_submit)

    def test_figures_are_needed(self):
        month = self._month("2026-02-01", compute=False)
        report = self.MonthlyReport.with_user(self.users["lead"]).create(
            {"team_id": self.city.id, "month_id": month.id, "conclusions": "<p>None</p>"}
        )
        self._refused("has no figures: its month was not computed", report.action_submit)

    def test_handed_up_twice(self):
        self._refused("was handed up already", self._submitted().action_submit)

    def test_received_only_when_handed_up(self):
        self._refused("is still being written", self._as("boss").action_receive)
        self._refused("is still being written", self._as("boss").action_send_back, "No")

    def test_received_only_when_frozen(self):
        self._submitted()
        self._refused("is not frozen, and its figures may", self._as("boss").action_receive)

    def test_sent_back_with_a_reason(self):
        self._submitted()
        for reason in ("", "  ", False, 7):
            self._refused("Say why “City, 2026-01”", self._as("boss").action_send_back, reason)

    def test_only_managers_receive(self):
        report = self._submitted()
        for method, args in (("action_receive", ()), ("action_send_back", ("No",))):
            self._refused("Only a manager", getattr(report, method), *args, error=AccessError)
        self._refused("Only a manager", report.action_answer, error=AccessError)

    def test_handed_up_stays(self):
        report = self._submitted()
        self._refused("was handed up and stays", report.write, {"measures": "<p>More</p>"})
        self._refused("was handed up and stays", self._as("boss").write, {"learned": "<p>.</p>"})
        self._refused("was handed up and cannot be deleted", self._as("boss").unlink)

    def test_received_stays(self):
        report = self._received()
        boss = self.users["boss"].name
        self._refused(f"was received by {boss}", report.write, {"measures": "<p>More</p>"})
        self._refused("was received already", self._as("boss").action_send_back, "Changed my mind")
        self._refused("cannot be deleted", self._as("boss").unlink)

    def test_draft_may_be_deleted(self):
        self._as("boss").unlink()
        self.assertFalse(self.report.exists())

    def test_one_report_of_a_branch_and_month(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self._as("boss", self.MonthlyReport).create(
                {"team_id": self.city.id, "month_id": self.month.id}
            )

    # ------------------------------------------------------------
    # who reads what
    # ------------------------------------------------------------

    def test_lead_of_another_branch(self):
        county = self._report_of(self.county)
        self._refused("", county.read, ["state"], error=AccessError)
        self._refused("", county.action_submit, error=AccessError)
        values = {"team_id": self.county.id, "month_id": self.month.id}
        self._as("boss", county).unlink()
        self._refused("", self._as("lead", self.MonthlyReport).create, values, error=AccessError)

    def test_account_managers_read_received_ones_with_own_figures(self):
        received = self._received()
        for user, reads in {"manager_a": True, "manager_b": True, "manager_c": False}.items():
            with self.subTest(user=user):
                self.assertEqual(self._as(user, received).has_access("read"), reads)
                found = self.MonthlyReport.with_user(self.users[user]).search([])
                self.assertEqual(received.id in found.ids, reads)
        county = self._report_of(self.county, "manager_c")  # being written
        self.assertFalse(county.has_access("read"))

    def test_figures_of_colleagues(self):
        """Of the branch everybody sees all, of other account managers nobody but who leads them."""
        received = self._received()
        total = self._as("boss", received)._figures()["total"]
        for user, names in {
            "manager_b": {"manager_b"},
            "lead": {"manager_a", "manager_b"},
            "auditor": {"manager_a", "manager_b"},
        }.items():
            with self.subTest(user=user):
                figures = self._as(user, received)._figures()
                self.assertEqual(figures["total"], total)
                shown = {group["id"] for group in figures["managers"]}
                self.assertEqual(shown, {self.users[name].id for name in names})
        lost = [
            len(self._as(user, received)._lost()) for user in ("lead", "manager_a", "manager_b")
        ]
        self.assertEqual(lost, [1, 1, 0])

    def test_whoever_may_not_read_gets_no_page(self):
        for user in ("desk", "manager_a"):
            with self.subTest(user=user), self.assertRaises(AccessError):
                self._page(self.report, user)

    # ------------------------------------------------------------
    # what stands in it
    # ------------------------------------------------------------

    def test_figures(self):
        figures = self.report._figures()
        self.assertEqual([group["name"] for group in figures["tiers"]], ["Gold", "Silver"])
        gold, silver = figures["tiers"]
        self.assertEqual((gold["opening"], gold["churned"], gold["closing"]), (4, 1, 3))
        self.assertEqual((gold["churn_rate"], silver["churn_rate"]), (0.25, 0))
        self.assertEqual(figures["total"]["churn_rate"], 0.2)
        self.assertIs(figures["total"]["save_rate"], False)

    def test_branch_without_figures(self):
        empty = self.env["crm.team"].create(
            {"name": "Empty", "company_id": self.company.id, "user_id": self.users["lead"].id}
        )
        report = self.MonthlyReport.with_user(self.users["lead"]).create(
            {"team_id": empty.id, "month_id": self.month.id}
        )
        self.assertIs(report._figures()["total"]["opening"], False)
        self.assertIn("None", self._words(report))
        self.assertTrue(report._workbook())

    def test_counted(self):
        wang, li = self.gold_ones[1:3]
        self.env["vip.preference"].create(
            [
                {
                    "partner_id": partner.id,
                    "type_id": self.env.ref(f"vip_customer.preference_type_{code}").id,
                    "value": "Tea",
                    "date": day,
                }
                for partner, code, day in (
                    (wang, "gift", "2026-01-31"),
                    (li, "gift", "2026-01-01"),
                    (li, "hobby", "2026-02-01"),
                    (self.county_one, "gift", "2026-01-15"),
                )
            ]
        )
        self.env["vip.interaction"].create(
            [
                {
                    "partner_id": wang.id,
                    "date": moment,
                    "channel_id": self.env.ref("vip_customer.channel_phone").id,
                    "result_id": self.env.ref("vip_customer.interaction_result_reached").id,
                    "user_id": self.users["manager_a"].id,
                }
                # the last two minutes of January in Shanghai, and the first of February
                for moment in ("2026-01-31 15:58:00", "2026-01-31 15:59:00", "2026-01-31 16:00:00")
            ]
        )
        facts = self.report._figures()["facts"]
        gift = self.env.ref("vip_customer.preference_type_gift")
        self.assertEqual(facts["profile"], [[gift.id, 2]])
        self.assertEqual((facts["contacts"], facts["contacted"]), (2, 1))
        words = self._words(self.report)
        self.assertIn(f"2 ({gift.name} 2)", words)
        self.assertIn("2, with 1 customers", words)

    def test_customers_lost(self):
        [[fact, kind, reason]] = self.report._lost()
        self.assertEqual(fact.partner_id, self.gold_ones[0])
        self.assertEqual(
            kind, dict(self.env["vip.departure"]._fields["kind"].selection)["port_out"]
        )
        self.assertEqual(reason, self.env.ref("vip_retention.reason_t_high").complete_name)
        shown = self.Fact.search(self.report.action_view_lost()["domain"])
        self.assertEqual(shown, fact)
        rows = self.Report.search(self.report.action_view_report()["domain"])
        self.assertEqual(sum(rows.mapped("closing")), 4)

    def test_open_until_frozen(self):
        self.assertTrue(self.report.is_open)
        self.assertIn("The month is not frozen, and its figures", self._words(self.report))
        self.month.action_freeze()
        self.assertIn("Figures of the frozen month", self._words(self._as("lead")))
        self.assertIn("Figures as they were when", self._words(self._received()))
        self.assertFalse(self.report.is_open)

    def test_provisional_until_the_bills_are_in(self):
        """In the words of the month end, on paper and in the file, also of a received report."""
        sentence = "Provisional: bills of the month are still missing."
        self._received()
        for is_provisional in (True, False):
            report = self._as("lead")
            book = openpyxl.load_workbook(BytesIO(report._workbook()))
            headings = [[row[0].value for row in page.iter_rows(max_row=6)] for page in book]
            self.assertEqual(report.is_provisional, is_provisional)
            self.assertEqual(sentence in self._words(report), is_provisional)
            self.assertEqual([sentence in found for found in headings], [is_provisional] * 3)
            self.env["vip.billing.month"]._ensure(self.company, [self.month.month], complete=True)
        for model in ("vip.kpi.month", "vip.kpi.report", "vip.monthly.report"):
            arch = self.env[model].get_view(view_type="form")["arch"]
            self.assertIn(sentence, arch)

    def test_days_of_the_company(self):
        """Handed up and received after midnight in Shanghai, which is the day before in New York."""
        self.users["lead"].tz = "America/New_York"
        with freeze_time("2026-03-10 16:30:00"):
            report = self._received()
        words = self._words(report)
        self.assertEqual(words.count(f"Date: {self._day('2026-03-11')}"), 2)

    def test_month_that_was_reopened(self):
        """A received report says what it said, and can be sent back for the new figures."""
        report = self._received()
        self.assertFalse(report.has_changed)
        self._join("Forgotten", day="2026-01-15")
        month = self.month.with_user(self.users["approver"])
        month.action_reopen("One was forgotten")
        month.action_compute()
        month.action_freeze()
        report = self._as("lead")
        self.assertTrue(report.has_changed)
        self.assertEqual(report._figures()["total"]["closing"], 4)
        self._as("boss").action_send_back("One was forgotten")
        report = self._as("lead")
        self.assertEqual((report.state, report._figures()["total"]["closing"]), ("draft", 5))

    def test_what_is_noted_later(self):
        """A reason that is analysed later and another name of a manager are no other figures of the month,
        also where it was reopened: the received report stays."""
        case = self._leaves_in_january()
        self.month.action_compute()
        report = self._received()
        case.reason_id = self.env.ref("vip_retention.reason_t_high")
        self.users["manager_b"].name = "AAA"
        boss = self._as("boss")
        self.assertFalse(boss.has_changed)
        self._refused("was received already", boss.action_send_back, "Changed my mind")
        month = self.month.with_user(self.users["approver"])
        month.action_reopen("To look once more")
        month.action_compute()
        month.action_freeze()
        boss = self._as("boss")
        self.assertFalse(boss.has_changed)
        self._refused("was received already", boss.action_send_back, "Changed my mind")
        self.assertEqual(report._figures()["facts"]["reasons"], [[False, 1]])

    def _leaves_in_january(self):
        """The open case of who asked in January to leave, and did not say why."""
        departure = self.env["vip.departure"].create(
            {
                "partner_id": self.gold_ones[2].id,
                "number_id": self.gold_ones[2].vip_number_ids.id,
                "source": "hotline",
                "requested_on": "2026-01-05",
                "effective_on": "2026-05-31",
            }
        )
        departure.case_id.opened_at = "2026-01-06 02:00:00"
        return departure.case_id

    def test_printed_form(self):
        report = self._received()
        words = self._words(report)
        for text in (
            "Monthly report of the branch",
            "City",
            self.company.name,
            self.users["lead"].name,
            self.users["boss"].name,
            "Prices of a competitor",
            "Well done",
            "Churned ÷ opening.",
            "Signature",
        ):
            self.assertIn(text, words)
        self.assertIn("Monthly report", report._file_name())

    def test_both_languages(self):
        self.env["res.lang"]._activate_lang("en_US")
        self.env["res.lang"]._activate_lang("zh_CN")
        month_end = self.env.ref("vip_customer.tier_gold").with_context(lang="zh_CN").name
        for lang in ("en_US", "zh_CN"):
            self.users["lead"].lang = lang
            reports = self.env["ir.actions.report"].with_user(self.users["lead"])
            reports = reports.with_context(lang=lang)
            pages = [
                reports._render_qweb_html(f"vip_retention.{name}", self.report.ids)[0].decode()
                for name in ("monthly_report", "monthly_report_other")
            ]
            with self.subTest(lang=lang):
                is_chinese = [month_end in page for page in pages]
                self.assertEqual(is_chinese, [lang == "zh_CN", lang != "zh_CN"])

    def test_text_that_looks_like_a_formula(self):
        self.gold_ones[0].name = "=1+1"
        self.env.flush_all()
        book = openpyxl.load_workbook(BytesIO(self._as("lead")._workbook()))
        cell = next(c for row in book.worksheets[2].rows for c in row if c.value == "=1+1")
        self.assertEqual(cell.data_type, "s")


@tagged("post_install", "-at_install", "vip_kpi")
class TestSameFigure(MonthlyReportCase, HttpCase):
    """The same figure is equal wherever it is read, to the last digit shown."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        wang = cls.gold_ones[1]
        cls.env["vip.interaction"].create(
            [
                {
                    "partner_id": wang.id,
                    "date": f"2026-01-{day} 02:00:00",
                    "channel_id": cls.env.ref("vip_customer.channel_phone").id,
                    "result_id": cls.env.ref("vip_customer.interaction_result_reached").id,
                    "user_id": cls.users["manager_a"].id,
                    "rating": rating,
                }
                for day, rating in (("10", "5"), ("11", "4"), ("12", "2"))
            ]
        )
        # only these are due: what he was called for is settled already
        cls.env["vip.care.touch"].search([("partner_id", "=", wang.id)]).unlink()
        step = cls.env["vip.care.step"].search([], limit=1)
        cls.env["vip.care.touch"].create(
            [
                {
                    "partner_id": wang.id,
                    "company_id": cls.company.id,
                    "step_id": step.id,
                    "tier_id": cls.gold.id,
                    "channel_id": cls.env.ref("vip_customer.channel_phone").id,
                    "slot": day,
                    "planned_date": day,
                    "due_date": day,
                    "state": state,
                    "done_on": done_on,
                }
                for day, state, done_on in (
                    ("2026-01-05", "done", "2026-01-06"),
                    ("2026-01-06", "done", "2026-01-20"),
                    ("2026-01-07", "missed", None),
                )
            ]
        )
        cls._create_bills(wang, {"2026-01-01": 88.5}, wang.vip_number_ids)
        cls._lose(wang, "saved")
        for partner in cls.gold_ones[2:4]:
            cls._lose(partner, "refused")
        cls.env.flush_all()
        cls.month.action_compute()
        cls.month.action_freeze()
        cls.env.flush_all()

    @classmethod
    def _lose(cls, partner, outcome):
        departure = cls.env["vip.departure"].create(
            {
                "partner_id": partner.id,
                "number_id": partner.vip_number_ids.id,
                "source": "hotline",
                "requested_on": "2026-01-05",
                "effective_on": "2026-05-31",
            }
        )
        departure.case_id.write(
            {
                "state": "closed",
                "outcome": outcome,
                "opened_at": "2026-01-06 02:00:00",
                "closed_at": "2026-01-20 02:00:00",
            }
        )

    KNOWN = {
        "opening": "5",
        "churned": "1",
        "closing": "4",
        "average": "4.5",
        "churn_rate": "20.00%",
        "off_net_rate": "22.22%",
        "coverage_rate": "66.67%",
        "on_time_rate": "33.33%",
        "satisfaction": "66.67%",
        "save_rate": "33.33%",
        "acceptance_rate": "–",
        "cost_per_save": "0.00",
    }

    def _shown(self, name, value):
        if value is False or value is None:
            return "–"
        if name == "cost_per_save":
            return f"{value:.2f}"
        if name.endswith("_rate") or name == "satisfaction":
            return f"{value:.2%}"
        return f"{value:.1f}" if name == "average" else str(value)

    def _measures(self):
        return [
            f"{name}:{'avg' if name.endswith(('_rate', '_save', 'satisfaction')) else 'sum'}"
            for name in self.KNOWN
        ]

    def _domain(self):
        return [("month_id", "=", self.month.id), ("team_id", "=", self.city.id)]

    def test_equal_everywhere(self):
        lead = self.users["lead"]
        report = self._as("lead")
        rows = self.Report.with_user(lead)
        measures = self._measures()
        [values] = rows._read_group(self._domain(), [], measures)
        found = {
            "figures": report._figures()["total"],
            "sums": dict(zip(self.KNOWN, values, strict=True)),
        }
        [group] = rows.formatted_read_group(self._domain(), ["team_id"], measures)
        found["pivot"] = {m.partition(":")[0]: group[m] for m in measures}
        [group] = rows.web_read_group(self._domain(), ["month_id"], measures)["groups"]
        found["list"] = {m.partition(":")[0]: group[m] for m in measures}
        found["json"] = self._json2(measures)
        for where, figures in found.items():
            with self.subTest(where=where):
                shown = {name: self._shown(name, figures[name]) for name in self.KNOWN}
                self.assertEqual(shown, self.KNOWN)
        for where, cells in {
            "printed": self._cells(self._page(report)),
            "form": self._cells(lxml_html.fromstring(str(report.panel))),
        }.items():
            with self.subTest(where=where):
                # with the sign of the currency
                cells["cost_per_save"] = cells["cost_per_save"].strip("¥\xa0 ")
                self.assertEqual({name: cells[name] for name in self.KNOWN}, self.KNOWN)
        with self.subTest(where="workbook"):
            self.assertEqual(self._in_workbook(report._workbook(), report), self.KNOWN)

    def test_received(self):
        """What a received report keeps is the same."""
        before = self._as("lead")._figures()
        received = self._received()
        self.assertFalse(received.has_changed)
        self.assertEqual(received._figures(), before)

    def test_month_end_and_rows(self):
        """The company's month end, and a row of the list as it is exported."""
        self._report_of(self.county, "boss").unlink()
        boss = self.users["boss"]
        boss.group_ids += self.env.ref("base.group_allow_export")
        total = self.Report.with_user(boss)._read_group(
            [("month_id", "=", self.month.id)], [], ["churn_rate:avg", "off_net_rate:avg"]
        )[0]
        self.assertEqual((self.month.churn_rate, self.month.off_net_rate), total)
        row = self.Report.with_user(boss).search(
            [*self._domain(), ("manager_id", "=", self.users["manager_a"].id)]
        )
        [[exported, closing]] = row.export_data(["churn_rate", "closing"])["datas"]
        [group] = [
            group
            for group in self._as("boss")._figures()["managers"]
            if group["id"] == self.users["manager_a"].id
        ]
        self.assertEqual((exported, closing), (group["churn_rate"], group["closing"]))
        self.assertEqual(exported, 0.25)

    def _exported(self, model, names, domain, groupby):
        """The rows of a grouped list that a manager exports."""
        boss = self.users["boss"]
        boss.group_ids += self.env.ref("base.group_allow_export")
        self.env.flush_all()
        asked = {
            "model": model,
            "fields": [
                {
                    "name": name,
                    "label": name,
                    "type": self.env[model]._fields[name].type,
                    "store": True,
                }
                for name in names
            ],
            "ids": False,
            "domain": domain,
            "groupby": groupby,
            "context": {"allowed_company_ids": self.company.ids},
            "import_compat": False,
        }
        self.authenticate("vip_test_boss", "vip_test_boss")
        answer = self.url_open(
            "/web/export/xlsx",
            data={"data": json.dumps(asked), "csrf_token": Request.csrf_token(self)},
        )
        page = openpyxl.load_workbook(BytesIO(answer.content)).worksheets[0]
        rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=2)]
        # files have 16 digits
        return [
            [round(value, 12) if isinstance(value, float) else value for value in row]
            for row in rows
        ]

    def test_export_of_a_grouped_list(self):
        """By branch and tier: ratios of sums on every level, and empty cells where nothing is below."""
        rows = self._exported(
            "vip.kpi.report",
            ["tier_id", "churn_rate", "off_net_rate", "save_rate", "closing"],
            [("month_id", "=", self.month.id)],
            ["company_id", "team_id"],
        )
        by_name = {row[0].strip(): row[1:] for row in rows if "(" in row[0]}
        self.assertEqual(
            by_name,
            {
                "Test Mobile (3)": [round(1 / 6, 12), round(1 / 5.5, 12), round(1 / 3, 12), "5"],
                "City (2)": [0.2, round(1 / 4.5, 12), round(1 / 3, 12), "4"],
                "County (1)": [0, 0, None, "1"],
            },
        )
        name = self.silver.with_context(lang=self.users["boss"].lang).name
        [silver] = [row for row in rows if row[0] == name]
        self.assertEqual(silver[1:], [0, 0, None, 1])

    def test_export_of_months(self):
        """Of January 1 of 6 left, of February nobody of 5: 1 of 11, customer-months; of December, before
        anybody was counted, there is no rate."""
        december = self._month("2024-12-01", user="boss")
        self._month("2026-02-01", user="boss")
        names = ["display_name", "opening", "churned", "churn_rate", "off_net_rate"]
        rows = self._exported(
            "vip.kpi.month", names, [("company_id", "=", self.company.id)], ["company_id"]
        )
        self.assertEqual(
            rows,
            [
                ["Test Mobile (3)", "11", "1", round(1 / 11, 12), round(1 / 10.5, 12)],
                ["2026-02", 5, 0, 0, 0],
                ["2026-01", 6, 1, round(1 / 6, 12), round(1 / 5.5, 12)],
                ["2024-12", 0, 0, None, None],
            ],
        )
        months = december.with_user(self.users["boss"])
        [group] = months.formatted_read_group(
            [("company_id", "=", self.company.id)], ["state"], ["churn_rate:avg", "opening:sum"]
        )[:1]
        self.assertIn(group["opening:sum"], (5, 6))
        # of whom the caller may see
        [[rate]] = months.with_user(self.users["lead"])._read_group(
            [("month", "=", "2026-01-01"), ("company_id", "=", self.company.id)],
            [],
            ["churn_rate:avg"],
        )
        self.assertAlmostEqual(rate, 1 / 5)

    def test_export_of_cases(self):
        """One saved, two not: a third of all; what was never offered, and never contacted, is in no mean."""
        domain = [("partner_id", "in", [partner.id for partner in self.gold_ones[1:]])]
        cases = self.env["vip.retention.case"].search(domain)
        cases.first_contact_at = False
        cases[0].first_contact_at = "2026-01-06 04:00:00"
        self.env.flush_all()
        rows = self._exported(
            "vip.retention.report",
            ["case_id", "save_rate", "acceptance_rate", "cost_per_save", "first_contact_hours"],
            domain,
            ["company_id"],
        )
        self.assertEqual(rows[0][1:], [round(1 / 3, 12), None, 0, 2])
        hours = sorted((row[4] for row in rows[1:]), key=str)
        self.assertEqual(hours, [2, None, None])

    def test_export_of_assessments(self):
        """What has no score yet is in no mean."""
        assessments = self.env["vip.assessment"].create(
            [{"team_id": team.id, "quarter": "2026-01-01"} for team in (self.city, self.county)]
        )
        assessments[0].write({"score": 80, "is_scored": True})
        assessments[1].write({"score": False, "is_scored": False})
        rows = self._exported(
            "vip.assessment",
            ["team_id", "score", "previous_score", "change"],
            [("company_id", "=", self.company.id)],
            ["quarter:quarter"],
        )
        self.assertEqual([row[1:] for row in rows], [[80, None, None]] * 2 + [[None] * 3])

    def test_empty_figures(self):
        """Nothing below the line is no figure to whoever asks, and no comparison finds it."""
        self.users["boss"].group_ids += self.env.ref("base.group_allow_export")
        rates = ["churn_rate", "acceptance_rate", "cost_per_save", "service_rate"]
        rows = self.Report.with_user(self.users["boss"]).search([*self._domain()])
        [gold] = rows.filtered(lambda row: row.tier_id == self.gold)
        expected = {"churn_rate": 0.25, "acceptance_rate": False, "service_rate": False}
        for where, values in {
            "read": gold.read(rates)[0],
            "search_read": rows.search_read([("id", "=", gold.id)], rates)[0],
            "web_read": gold.web_read({name: {} for name in rates})[0],
            "record": gold,
        }.items():
            with self.subTest(where):
                self.assertEqual({name: values[name] for name in expected}, expected)
                for name in ("acceptance_rate", "service_rate"):
                    self.assertIs(values[name], False)
                self.assertEqual(values["cost_per_save"], 0)
                self.assertIsNot(values["cost_per_save"], False)
        [silver] = rows - gold
        self.assertIs(silver.read(["cost_per_save"])[0]["cost_per_save"], False)
        self.assertEqual(silver.export_data(["cost_per_save", "closing"])["datas"], [["", 1]])
        for domain in (("cost_per_save", "=", 0), ("cost_per_save", "<", 5)):
            self.assertEqual(rows.search([("id", "in", rows.ids), domain]), gold)
        month = self._month("2024-12-01", user="boss")
        for values in month.read(["churn_rate"]) + month.web_read({"churn_rate": {}}):
            self.assertIs(values["churn_rate"], False)

    def _cells(self, page):
        """name -> what stands in the column of the branch."""
        return {
            row.get("data-figure"): row.findall("td")[1].text_content().strip()
            for row in page.iter("tr")
            if row.get("data-figure")
        }

    def _in_workbook(self, content, report):
        """The branch's column as a reader sees it: values with the digits of their formats."""
        page = openpyxl.load_workbook(BytesIO(content)).worksheets[0]
        cells = {row[0].value: row[1] for row in page.iter_rows() if len(row) > 1}

        def shown(name, cell):
            if isinstance(cell.value, str):
                return cell.value
            digits = {"#,##0": 0, "#,##0.0": 1, "0.00%": 2, "#,##0.00": 2}[cell.number_format]
            if cell.number_format == "0.00%":
                return f"{cell.value:.2%}"
            return f"{cell.value:.{digits}f}"

        return {name: shown(name, cells[report._label(name)]) for name in self.KNOWN}

    def _json2(self, measures):
        self.env.ref("base.group_user").api_key_duration = 10_000
        key = self.env(user=self.users["lead"], su=True)["res.users.apikeys"]._generate(
            "rpc", "test", None
        )
        self.env.flush_all()
        [group] = self.url_open(
            "/json/2/vip.kpi.report/formatted_read_group",
            json={"domain": self._domain(), "groupby": ["team_id"], "aggregates": measures},
            headers={"Authorization": f"Bearer {key}"},
        ).json()
        return {m.partition(":")[0]: group[m] for m in measures}

    def test_download(self):
        """The file comes as a file, for who may read the report."""
        url = f"/vip_retention/monthly_report/{self.report.id}/workbook"
        self.authenticate("vip_test_lead", "vip_test_lead")
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, 200)
        self.assertIn(".xlsx", answer.headers["Content-Disposition"])
        self.assertEqual(len(openpyxl.load_workbook(BytesIO(answer.content)).worksheets), 3)
        self.assertEqual(self.report.action_export()["url"], url)
        self.authenticate("vip_test_manager_a", "vip_test_manager_a")
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(url).status_code, 403)
