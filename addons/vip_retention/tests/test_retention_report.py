from datetime import date, datetime

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged

from .report_common import ReportCase

COUNTS = (
    "requested",
    "at_risk",
    "working",
    "in_watch",
    "withdrawn",
    "saved",
    "lost",
    "refused",
    "no_answer",
    "decided",
    "offered",
    "accepted",
)
RATES = ("save_rate", "acceptance_rate", "cost_per_save")


@tagged("post_install", "-at_install", "vip_retention")
class TestRetentionReport(ReportCase):
    def _report(self, *groups, measures=COUNTS, function="sum", domain=()):
        self.env.flush_all()
        return self.env["vip.retention.report"]._read_group(
            [("company_id", "=", self.company.id), *domain],
            list(groups),
            [f"{name}:{function}" for name in measures],
        )

    def _counts(self, domain=()):
        """The counts that are not zero."""
        [row] = self._report(domain=domain)
        return {name: count for name, count in zip(COUNTS, row, strict=True) if count}

    def _rates(self, domain=()):
        """Save rate, acceptance and cost per save; False where nothing is there to divide by."""
        [row] = self._report(measures=RATES, function="avg", domain=domain)
        return row

    # ------------------------------------------------------------
    # EVERY CASE IS ONE OF THESE
    # ------------------------------------------------------------

    def test_opened(self):
        case = self._open()
        self.assertEqual(self._counts(), {"requested": 1, "working": 1})
        row = self.env["vip.retention.report"].search([("case_id", "=", case.id)])
        self.assertEqual(row.reason_kind_id, self._reason("tariff"))
        self.assertEqual(row.kind, "scheduled")
        self.assertEqual((row.month, row.opened_on), (date(2026, 3, 1), date(2026, 3, 10)))
        self.assertEqual(
            row.value_at_stake, 700 * 10, "March to December of 2025 are in the window"
        )
        self.assertEqual(row.first_contact_hours, 0, "who calls is spoken to at once")
        self.assertFalse(row.closed_month or row.answer_month or row.offer_id)

    def test_an_accepted_offer_is_no_save(self):
        case = self._open()
        self._propose(case, "plan_fit")
        self.assertEqual(self._counts(), {"requested": 1, "working": 1, "offered": 1})
        case.action_accept()
        self.assertEqual(
            self._counts(), {"requested": 1, "working": 1, "offered": 1, "accepted": 1}
        )
        case.done("B-1")
        watched = {"requested": 1, "in_watch": 1, "offered": 1, "accepted": 1}
        self.assertEqual(self._counts(), watched)
        self.assertEqual(self._rates(), (False, 1, False), "not yet a save")
        self._end_watches(saved=[case])
        saved = {"requested": 1, "saved": 1, "decided": 1, "offered": 1, "accepted": 1}
        self.assertEqual(self._counts(), saved)
        self.assertEqual(self._rates(), (1, 1, 0))

    def test_lost_after_the_watch(self):
        case = self._open()
        self._accept(case, "vas_trial")
        self._end_watches(lost=[case])
        self.assertEqual(
            self._counts(),
            {"requested": 1, "lost": 1, "decided": 1, "offered": 1, "accepted": 1},
        )
        self.assertEqual(self._rates(), (0, 1, False), "nobody was kept for this money")

    def test_refused(self):
        case = self._open()
        self._propose(case, "explain")
        case.action_refuse()
        self.assertEqual(self._counts(), {"requested": 1, "refused": 1, "decided": 1, "offered": 1})
        self.assertEqual(self._rates(), (0, 0, False))

    def test_considered_then_refused_later(self):
        """The month is that of the last answer."""
        case = self._open()
        self._propose(case, "explain")
        case.action_consider()
        row = self.env["vip.retention.report"].search([("case_id", "=", case.id)])
        self.env.flush_all()
        self.assertEqual(row.answer_month, date(2026, 3, 1))
        with freeze_time("2026-04-02 02:00:00"):
            case.action_refuse()
        self.env.flush_all()
        row.invalidate_recordset()
        self.assertEqual(row.answer_month, date(2026, 4, 1))

    def test_withdrawn_is_neither_saved_nor_lost(self):
        self._open().action_withdraw()
        self.assertEqual(self._counts(), {"requested": 1, "withdrawn": 1})
        self.assertEqual(self._rates(), (False, False, False))

    def test_no_answer(self):
        case = self._open()
        case.sudo()._close("no_answer", "no_answer")
        self.assertEqual(self._counts(), {"requested": 1, "no_answer": 1, "decided": 1})

    def test_risk_without_a_request_is_in_no_save_rate(self):
        case = self._open(user="manager_a", source="risk")
        self._accept(case, "explain")
        self.assertEqual(self._counts(), {"at_risk": 1, "offered": 1, "accepted": 1})
        self._end_watches(saved=[case])
        self.assertEqual(case.outcome, "saved")
        self.assertEqual(self._rates(), (False, 1, False))

    # ------------------------------------------------------------
    # FIGURES WORKED OUT BY HAND
    # ------------------------------------------------------------

    def test_rates_of_groups_are_ratios_of_sums(self):
        """Tariff: kept for 30, kept for 0, lost for 30, refused; personal: refused, kept for 50.

        Tariff 2 of 4 kept for 60, so 30 each; personal 1 of 2 for 50; together 3 of 6 for 110. A mean of
        the groups' costs, (30 + 50) / 2, would say 40 where it is 36.67.
        """
        first, second, lost = (self._open(f"T{i}") for i in range(3))
        self._accept(first, "vas_trial")
        self._accept(second, "plan_fit")
        self._accept(lost, "vas_trial")
        self._open("T3").action_refuse()
        gone, kept = (self._open(f"P{i}", reason="p_slow") for i in range(2))
        self._propose(gone, "explain")
        gone.action_refuse()
        self._accept(kept, "credit_s")
        self._end_watches(saved=[first, second, kept], lost=[lost])
        tariff, personal = self._reason("tariff"), self._reason("personal")
        rows = self._report("reason_kind_id", measures=RATES, function="avg")
        self.assertEqual({row[0]: row[1:] for row in rows}[tariff], (0.5, 1, 30))
        self.assertEqual({row[0]: row[1:] for row in rows}[personal], (0.5, 0.5, 50))
        save, acceptance, cost = self._rates()
        self.assertEqual((save, acceptance), (3 / 6, 4 / 5))
        self.assertAlmostEqual(cost, 110 / 3)
        by_offer = dict(self._report("offer_id", measures=["cost"]))
        self.assertEqual(by_offer[self._offer("vas_trial")], 60)
        [shown] = self.env["vip.retention.report"].formatted_read_group(
            [("company_id", "=", self.company.id)], [], ["save_rate:avg", "cost_per_save:avg"]
        )
        self.assertEqual(shown["save_rate:avg"], 0.5)
        self.assertAlmostEqual(shown["cost_per_save:avg"], 110 / 3)

    def test_cost_of_watches_is_in_no_cost_per_save(self):
        done, watched = self._open("Li"), self._open("Wang")
        self._accept(done, "vas_trial")
        self._end_watches(saved=[done])
        with freeze_time("2026-03-11 02:00:00"):
            self._accept(watched, "vas_trial")
        self.assertEqual(self._rates(), (1, 1, 30))
        self.assertEqual(self._report(measures=["cost"]), [(60,)])

    # ------------------------------------------------------------
    # WHEN, WHOSE
    # ------------------------------------------------------------

    def test_months(self):
        """Requested in February, answered on the last evening of March, closed a minute later: in April."""
        case = self._open()
        case.sudo().departure_id.requested_on = "2026-02-27"
        with freeze_time("2026-03-31 15:59:00"):
            self._propose(case, "explain")
            case.action_refuse_offer()
        with freeze_time("2026-03-31 16:00:00"):
            case.action_refuse()
        [row] = self._report(
            "month:month", "answer_month:month", "closed_month:month", measures=["decided"]
        )
        self.assertEqual(row[:3], (date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)))
        self.assertEqual(case.closed_at, datetime(2026, 3, 31, 16))

    def test_manager_and_branch_are_those_of_the_opening_day(self):
        self._open()
        partner = self.Case.search([], limit=1, order="id desc").partner_id
        with freeze_time("2026-03-12 02:00:00"):
            partner.vip_membership_id._assign(self.users["manager_b"], self.county)
            rows = self._report("manager_id", "team_id", measures=["requested"])
        self.assertEqual(rows, [(self.users["manager_a"], self.city, 1)])

    def test_tier_is_that_of_the_opening(self):
        case = self._open()
        self._move(case.partner_id, self.silver)
        self.assertEqual(self._report("tier_id", measures=["requested"]), [(self.gold, 1)])

    # ------------------------------------------------------------
    # WHO SEES IT
    # ------------------------------------------------------------

    def test_who_sees_which_rows(self):
        self._open("Li")
        other = self.Case.browse(self._open("Wang").id)
        other.partner_id.vip_membership_id._assign(self.users["manager_c"], self.county)
        self.env.flush_all()
        report = self.env["vip.retention.report"]
        for user, count in {
            "manager_a": 1,
            "manager_b": 0,
            "manager_c": 1,
            "lead": 1,
            "boss": 2,
            "auditor": 2,
        }.items():
            with self.subTest(user=user):
                rows = report.with_user(self.users[user]).search([])
                self.assertEqual(len(rows), count)
                for row in rows:
                    self.assertEqual(row.action_view_case()["res_id"], row.case_id.id)
                    self.assertEqual(row.value_at_stake, row.case_id.value_at_stake)
        for user in ("desk", "employee", "importer", "portal"):
            with self.subTest(user=user), self.assertRaises(AccessError):
                report.with_user(self.users[user]).search([])

    def test_no_drill_down_to_others(self):
        case = self._open()
        row = self.env["vip.retention.report"].browse(case.id)
        for user in ("desk", "manager_b"):
            with self.subTest(user=user), self.assertRaises(AccessError):
                row.with_user(self.users[user]).action_view_case()
