"""Assessments by real doors: a quarter worked by hand, self-assessment, review, and what refuses."""

from base64 import b64encode
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged

from .assessment_common import QUARTER, AssessmentCase


@tagged("post_install", "-at_install", "vip_kpi", "vip_assessment")
class TestAssessment(AssessmentCase):
    # ------------------------------------------------------------
    # the result
    # ------------------------------------------------------------

    def _by_hand(self):
        """Three months of the city branch; every month has 100 diamond, 200 gold and 400 silver customers,
        the silver ones with manager_b, who leaves in December."""
        for day in QUARTER:
            is_last = day == QUARTER[-1]
            diamond = {"opening": 100, "closing": 100, "churned": 0, "vas_users": 60}
            gold = {"opening": 200, "closing": 200, "churned": 1, "vas_users": 20}
            silver = {"opening": 400, "closing": 400, "churned": 7, "vas_users": 120}
            if is_last:
                diamond |= {"churned": 2, "contacts_due": 100, "contacts_done": 98}
                diamond |= {"requests_due": 10, "requests_on_time": 9}
                gold |= {"contacts_due": 100, "contacts_done": 90, "cases_decided": 4}
                gold |= {"requests_due": 10, "requests_on_time": 10, "cases_saved": 1}
                silver |= {"contacts_due": 200, "contacts_done": 150}
                silver |= {"contacts_judged": 100, "contacts_on_time": 85}
                silver |= {"profile_asked": 100, "profile_known": 55}
            self._write_month(
                day,
                (self.city, self.diamond, "manager_a", diamond),
                (self.city, self.gold, "manager_a", gold),
                (self.city, self.silver, "manager_a" if is_last else "manager_b", silver),
                (self.city, self.silver, "manager_b", {"opening": 0}),
                (self.county, self.silver, "manager_c", {"opening": 10, "churned": 9}),
            )

    def test_a_quarter_by_hand(self):
        self._by_hand()
        assessment = self._submitted(
            path="no", **dict.fromkeys(("enough", "deputies", "training"), "partly")
        )
        assessment.with_user(self.users["boss"]).action_review()
        expected = {
            # 2/300 earns 83.3, 3/600 100, 21/1200 50: (83.3 x 300 + 100 x 600 + 50 x 1200) / 2100
            "churn_rate": 69.0,
            # 98 % earns 100, 90 % 80, 75 % 25: (100 x 100 + 80 x 100 + 25 x 200) / 400
            "coverage_rate": 57.5,
            "on_time_rate": 100.0,
            # 9/10 earns 55.6, 10/10 100
            "service_rate": 77.8,
            "satisfaction": None,
            # 55 %
            "completeness": 50.0,
            # 60 % earns 100, 10 % nothing, 30 % 50: (100 x 300 + 0 + 50 x 1200) / 2100
            "penetration": 42.9,
            # 1/4
            "save_rate": 28.6,
            "organisation": 80.0,
            "staff": 70.0,
            "equipment": 100.0,
            # (300 x 3 + 600 x 1.5 + 1200) / (2 + 2 + 1 managers) = 600
            "load_per_manager": 66.7,
        }
        self.assertEqual(
            {
                line.figure or line.part: line.score if line.is_scored else None
                for line in assessment.line_ids
            },
            expected,
        )
        # 20 x 69.0 + 7.5 x 57.5 + 7.5 x 100 + 10 x 77.8 + 5 x 50 + 5 x 42.9 + 5 x 28.6
        # + 10 x 80 + 10 x 70 + 10 x 100 = 6446.75, of 90 x 100
        self.assertEqual(assessment.score, 71.6)
        self.assertEqual(self._line(assessment, "satisfaction").counted_weight, 0)
        self.assertEqual(self._line(assessment, "churn_rate").counted_weight, 22.22)
        self.assertEqual(self._line(assessment, "churn_rate").points, 15.33)
        self.assertAlmostEqual(sum(assessment.line_ids.mapped("points")), 71.6, 1)

    def test_what_a_line_says(self):
        self._by_hand()
        line = self._line(self._assess(), "churn_rate")
        self.assertEqual((line.above, line.below, line.actual_text), (26, 2100, "1.24%"))
        self.assertEqual(line.target_text, "≤ 0.30% / 0.60% / 1.00%")
        self.assertIn(
            "Silver: 1.75% of 1200.0, aim at most 1.00%, no points from 2.50%: 50.0",
            line.explanation,
        )
        per_manager = self._line(line.assessment_id, "load_per_manager")
        self.assertEqual(per_manager.actual_text, "600.0")
        self.assertEqual(per_manager.target_text, "≤ 500.0")
        self.assertEqual(per_manager.points, 0)
        self.assertEqual(self._line(line.assessment_id, "satisfaction").actual_text, "no figure")
        staff = self._line(line.assessment_id, "staff")
        self.assertEqual((staff.target_text, staff.actual_text), ("10.0 points", "0.0 points"))

    def test_figures_are_the_reports(self):
        """What is frozen of real customers is what the assessment says."""
        for n in range(3):
            self._join(f"C{n}")
        lost = self._join("Lost")
        self._close(lost, "2025-11-20")
        for day in QUARTER:
            self._frozen(day)
        assessment = self._assess()
        quarter = [("team_id", "=", self.city.id), ("month", "in", QUARTER)]
        for name in ("churn_rate", "coverage_rate", "penetration", "completeness"):
            with self.subTest(name):
                [[rate]] = self.Report._read_group(quarter, [], [f"{name}:avg"])
                line = self._line(assessment, name)
                self.assertEqual(line.above / line.below if line.below else False, rate)
        churn = self._line(assessment, "churn_rate")
        self.assertEqual((churn.above, churn.below), (1, 11))
        self.assertEqual(churn.score, 0)

    def test_branch_without_customers(self):
        """No figure counts; the checklist has all the weight."""
        self._freeze_quarter()
        assessment = self._submitted(self._assess(self.county), "boss", head="no")
        self.assertFalse(any(line.is_scored for line in assessment.line_ids if line.figure))
        self.assertEqual(self._line(assessment, "staff").counted_weight, 33.33)
        self.assertEqual(assessment.score, 93.3)

    def test_nothing_known_is_no_score(self):
        assessment = self._assess(self.county)
        self.assertFalse(assessment.is_scored)
        other = self._submitted(self._assess())
        self.assertEqual(other.score, 100)
        [[mean]] = self.Assessment._read_group(
            [("company_id", "=", self.company.id)], [], ["score:avg"]
        )
        self.assertEqual(mean, 100)

    def test_own_targets_of_a_company(self):
        self._freeze_quarter((self.city, self.gold, "manager_a", {"opening": 100, "churned": 1}))
        self.assertEqual(self._line(self._assess(), "churn_rate").score, 78.9)
        self.Target.create(
            {"figure": "churn_rate", "company_id": self.company.id, "target": 0, "floor": 0.02}
        )
        assessment = self.Assessment.search([("company_id", "=", self.company.id)])
        self.assertEqual(self._line(assessment, "churn_rate").score, 78.9)
        assessment.with_user(self.users["lead"]).action_refresh()
        self.assertEqual(self._line(assessment, "churn_rate").score, 50)

    def test_tier_without_a_target_is_left_out(self):
        self.env.ref("vip_retention.target_churn_silver").unlink()
        self._freeze_quarter(
            (self.city, self.gold, "manager_a", {"opening": 100}),
            (self.city, self.silver, "manager_a", {"opening": 100, "churned": 50}),
        )
        line = self._line(self._assess(), "churn_rate")
        self.assertEqual((line.score, line.below), (100, 200))

    def test_figure_without_a_target_is_left_out(self):
        self.Target.search([("figure", "=", "churn_rate")]).unlink()
        self._freeze_quarter((self.city, self.gold, "manager_a", {"opening": 100}))
        line = self._line(self._assess(), "churn_rate")
        self.assertEqual((line.is_scored, line.counted_weight), (False, 0))
        self.assertEqual(line.target_text, "no target")

    # ------------------------------------------------------------
    # which quarter, which branches
    # ------------------------------------------------------------

    def test_any_day_of_the_quarter(self):
        assessment = self._assess(day="2025-12-31")
        self.assertEqual(str(assessment.quarter), "2025-10-01")
        self.assertEqual(assessment.display_name, "City, 2025 Q4")

    def test_future_quarter(self):
        self._refused("2026 Q2 lies in the future", self._assess, self.city, "2026-04-01")
        self.assertIn("2026-02", self._assess(day="2026-03-10").open_months)

    def test_all_branches(self):
        self._freeze_quarter((self.county, self.gold, "manager_c", {"closing": 3}))
        self._join("Li")
        self.env["crm.team"].create({"name": "Pre-sales", "company_id": self.company.id})
        there = self._assess()
        dialog = self.env["vip.assessment.open"].with_user(self.users["boss"]).create({})
        self.assertEqual(str(dialog.quarter), "2025-10-01")
        action = dialog.action_confirm()
        found = self.Assessment.search(action["domain"])
        self.assertEqual(set(found.team_id.mapped("name")), {"City", "County"})
        self.assertIn(there, found)
        # twice is once
        self.assertEqual(dialog.action_confirm()["domain"], action["domain"])

    def test_all_branches_in_few_queries(self):
        self._freeze_quarter()
        teams = self.env["crm.team"].create(
            [{"name": f"B{n}", "company_id": self.company.id} for n in range(40)]
        )
        counts = []
        for some in (teams[:10], teams[10:]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.Assessment.create([{"team_id": team.id, "quarter": QUARTER[0]} for team in some])
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        # three times as many branches; rows are written by the hundred
        self.assertLess(counts[1], 2 * counts[0], counts)

    def test_no_branch_at_all(self):
        self.env["vip.membership"].search([("company_id", "=", self.company.id)]).write(
            {"team_id": False}
        )
        dialog = self.env["vip.assessment.open"].with_user(self.users["boss"]).create({})
        self._refused("No branch of Test Mobile has customers in 2025 Q4", dialog.action_confirm)

    def test_stays_what_it_is(self):
        assessment = self._assess()
        for values in ({"team_id": self.county.id}, {"quarter": "2025-07-01"}):
            self._refused("stays the assessment of its branch", assessment.write, values)
        assessment.unlink()
        self._refused("cannot be deleted", self._submitted().unlink)

    # ------------------------------------------------------------
    # self-assessment
    # ------------------------------------------------------------

    def test_submit(self):
        assessment = self._submitted(head="partly")
        self.assertEqual(assessment.state, "submitted")
        self.assertEqual(assessment.submitted_by, self.users["lead"])
        self.assertEqual(self._answer(assessment, "head").review_answer, "partly")
        self.assertEqual(self._answer(assessment, "duties").review_answer, "yes")

    def test_submit_unanswered(self):
        mine = self._answered(self._assess())
        self._answer(mine, "desk").self_answer = False
        message = self._refused("has no answer yet", mine.action_submit)
        self.assertIn("“A desk, computer and own line per account manager”", message)

    def test_submit_without_evidence(self):
        mine = self._answered(self._assess())
        answer = self._answer(mine, "desk")
        for evidence in (False, "  "):
            for value, label in (("yes", "Yes"), ("partly", "Partly")):
                answer.write({"self_answer": value, "evidence": evidence})
                self._refused(f"is answered with “{label}”", mine.action_submit)
        answer.write({"evidence_file": b64encode(b"photo"), "evidence_filename": "desk.jpg"})
        mine.action_submit()

    def test_no_needs_no_evidence(self):
        mine = self._answered(self._assess(), desk="no")
        self._answer(mine, "desk").evidence = False
        mine.action_submit()

    def test_submit_twice(self):
        assessment = self._submitted()
        self._refused("was submitted already, by", assessment.action_submit)

    def test_answers_after_submitting(self):
        assessment = self._submitted()
        mine = self._answer(assessment.with_user(self.users["lead"]), "desk")
        self._refused("stays as it is. A manager can give it back", mine.write, {"evidence": "x"})

    def test_review_of_the_branch_itself(self):
        mine = self._answer(self._assess().with_user(self.users["lead"]), "desk")
        self._refused("Only a manager", mine.write, {"review_answer": "yes"}, error=AccessError)
        self._refused("Only a manager", mine.write, {"remark": "Fine"}, error=AccessError)
        theirs = mine.with_user(self.users["boss"])
        self._refused("once the branch has submitted", theirs.write, {"review_answer": "yes"})

    def test_answers_in_the_form(self):
        """The lead saves the checklist with the assessment, and nothing else of it."""
        mine = self._assess().with_user(self.users["lead"])
        answer = self._answer(mine, "desk")
        mine.write({"answer_ids": [Command.update(answer.id, {"self_answer": "no"})]})
        self.assertEqual(answer.self_answer, "no")
        for command in (Command.delete(answer.id), Command.create({"item_id": answer.item_id.id})):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                mine.write({"answer_ids": [command]})
        with self.assertRaises(AccessError):
            mine.write({"line_ids": [Command.clear()]})

    def test_new_in_the_form(self):
        with Form(self.Assessment.with_user(self.users["boss"])) as form:
            form.team_id = self.city
        self.assertEqual(len(form.record.answer_ids), 15)
        self.assertEqual(str(form.record.quarter), "2025-10-01")

    def test_answers_of_another_item(self):
        assessment = self._assess()
        answer = self._answer(assessment, "desk").with_user(self.users["lead"])
        with self.assertRaises(AccessError):
            answer.item_id = self.env.ref("vip_retention.assessment_item_head")

    # ------------------------------------------------------------
    # review
    # ------------------------------------------------------------

    def test_review(self):
        self._freeze_quarter((self.city, self.gold, "manager_a", {"opening": 100}))
        assessment = self._submitted()
        self.assertEqual(assessment.score, 100)
        self._answer(assessment, "desk").write({"review_answer": "no", "remark": "One is missing"})
        self.assertEqual(self._line(assessment, "equipment").score, 80)
        assessment.action_review()
        self.assertEqual((assessment.state, assessment.score), ("reviewed", 96))
        self.assertEqual(assessment.reviewed_by, self.users["boss"])

    def test_review_needs_a_remark(self):
        self._freeze_quarter()
        assessment = self._submitted()
        self._answer(assessment, "desk").review_answer = "partly"
        self._refused("Write into the remark why", assessment.action_review)

    def test_review_by_who_submitted(self):
        self._freeze_quarter()
        assessment = self._submitted(user="boss")
        self._refused("You submitted", assessment.action_review)
        answer = self._answer(assessment, "desk")
        self._refused("You submitted", answer.write, {"review_answer": "no"})
        assessment.with_user(self.users["approver"]).action_review()

    def test_review_of_a_draft(self):
        self._refused("is not self-assessed yet", self._assess().action_review)

    def test_review_by_the_lead(self):
        assessment = self._submitted().with_user(self.users["lead"])
        self._refused("Only a manager", assessment.action_review, error=AccessError)

    def test_unfrozen_month(self):
        for day in QUARTER[:2]:
            self._write_month(day)
        row = (self.city, self.gold, "manager_a", {"opening": 100, "churned": 1})
        self._write_month(QUARTER[2], row, state="open")
        assessment = self._submitted()
        self.assertEqual(assessment.open_months, "2025-12")
        self.assertEqual(self._line(assessment, "churn_rate").score, 78.9)
        self._refused("2025-12 is not frozen", assessment.action_review)
        self._write_month(QUARTER[2])
        assessment.action_review()
        self.assertFalse(assessment.open_months)

    def test_review_takes_the_figures_of_then(self):
        self._freeze_quarter()
        assessment = self._submitted()
        self.assertFalse(self._line(assessment, "churn_rate").is_scored)
        month = self._write_month(QUARTER[2]).with_user(self.users["approver"])
        month.action_reopen("One customer was forgotten")
        self.env.flush_all()
        row = (self.city, self.gold, "manager_a", {"opening": 100, "churned": 1})
        self._write_month(QUARTER[2], row)
        assessment.action_review()
        self.assertEqual(self._line(assessment, "churn_rate").score, 78.9)

    def test_month_reopened_after_the_review(self):
        """The result stays, and says so; taken anew by an approver it says so no more. What was reopened
        before the review is in it already, and other quarters have nothing to do with it."""
        self._freeze_quarter()
        month = self._write_month(QUARTER[2]).with_user(self.users["approver"])
        month.action_reopen("Before the review")
        self._write_month(QUARTER[2])
        with freeze_time("2026-03-10 03:00:00"):
            assessment, other = self._submitted(), self._assess(day="2026-01-01")
            assessment.action_review()
        self.assertFalse(assessment.was_reopened)
        both = [("id", "in", (assessment | other).ids)]

        def found(is_reopened):
            self.env.flush_all()
            self.env.invalidate_all()
            domain = [*both, ("was_reopened", "=", is_reopened)]
            return self.Assessment.with_user(self.users["lead"]).search(domain)

        self.assertFalse(found(True))
        with freeze_time("2026-03-10 04:00:00"):
            month.action_reopen("One customer was forgotten")
        self.assertEqual(found(True), assessment)
        self.assertEqual(found(False), other)
        self.assertTrue(assessment.with_user(self.users["lead"]).was_reopened)
        assessment.with_user(self.users["approver"]).action_reopen("Taken anew")
        self.assertFalse(found(True))

    def test_two_reviewers(self):
        """The second is told what the first did."""
        self._freeze_quarter()
        assessment = self._submitted()
        other = assessment.with_user(self.users["approver"])
        self.assertEqual(other.state, "submitted")
        assessment.action_review()
        self._refused(f"was reviewed by {self.users['boss'].name} on", other.action_review)
        self._refused("was reviewed by", other.action_refresh)
        self._refused("was reviewed by", other.action_submit)

    def test_two_reviewers_at_once(self):
        """Who waits for the lock sees then what the other did, whatever he had read before."""
        self._freeze_quarter()
        assessment = self._submitted()
        other = assessment.with_user(self.users["approver"])
        self.assertEqual(other.state, "submitted")
        lock = type(assessment)._lock

        def waits(records):
            self.env.cr.execute(
                """UPDATE vip_assessment SET state = 'reviewed', reviewed_by = %s,
                          reviewed_at = '2026-03-10 01:00:00' WHERE id = %s""",
                [self.users["boss"].id, assessment.id],
            )
            lock(records)

        with patch.object(type(assessment), "_lock", waits):
            self._refused(f"was reviewed by {self.users['boss'].name} on", other.action_review)

    def test_nobody_changes_a_reviewed_one(self):
        self._freeze_quarter()
        assessment = self._submitted()
        assessment.action_review()
        answer = self._answer(assessment, "desk")
        for user in ("lead", "boss", "approver"):
            for values in ({"self_answer": "no"}, {"review_answer": "no"}, {"evidence": "x"}):
                with self.subTest(user=user, values=values):
                    mine = answer.with_user(self.users[user])
                    self._refused("Have it reopened by an approver", mine.write, values)
        self._refused("Have it reopened by an approver", answer.sudo().write, {"remark": "x"})
        with self.assertRaises(AccessError):
            assessment.with_user(self.users["approver"]).score = 100
        with self.assertRaises(AccessError):
            assessment.line_ids[0].with_user(self.users["approver"]).score = 100
        with self.assertRaises(UserError):
            assessment.sudo().unlink()

    # ------------------------------------------------------------
    # reopening
    # ------------------------------------------------------------

    def test_reopen(self):
        self._freeze_quarter()
        assessment = self._submitted()
        assessment.action_review()
        self._refused("Only an approver", assessment.action_reopen, "Mistake", error=AccessError)
        approver = assessment.with_user(self.users["approver"])
        for reason in ("", "  ", False, None, 7):
            self._refused("Give the reason for which", approver.action_reopen, reason)
        dialog = self.env["vip.assessment.reopen"].with_user(self.users["approver"])
        context = approver.action_ask_reason()["context"]
        dialog.with_context(**context).create({"reason": "Wrong room"}).action_confirm()
        self.assertEqual((assessment.state, assessment.reviewed_by.id), ("submitted", False))
        message = assessment.message_ids[0]
        self.assertIn("Reopened with 100.0 points: Wrong room", message.body)
        self.assertEqual(message.author_id, self.users["approver"].partner_id)
        assessment.action_review()

    def test_give_back(self):
        assessment = self._submitted()
        lead = assessment.with_user(self.users["lead"])
        self._refused("Only a manager", lead.action_reopen, "Mistake", error=AccessError)
        assessment.action_reopen("Photo is blurred")
        self.assertEqual((assessment.state, assessment.submitted_by.id), ("draft", False))
        self.assertIn("Given back to the branch: Photo", assessment.message_ids[0].body)
        self.assertFalse(self._answer(assessment, "desk").review_answer)
        self._refused("is a draft; there is nothing to reopen", assessment.action_reopen, "x")
        lead.action_submit()

    # ------------------------------------------------------------
    # comparison
    # ------------------------------------------------------------

    def _reviewed(self, team, day, **answers):
        assessment = self._submitted(self._assess(team, day), "approver", **answers)
        assessment.action_review()
        return assessment

    def test_comparison(self):
        for day in ("2025-07-01", "2025-08-01", "2025-09-01"):
            self._write_month(day)
        self._freeze_quarter()
        before = self._reviewed(self.city, "2025-07-01", head="no")
        now = self._reviewed(self.city, "2025-10-01", head="no", desk="no", duties="no")
        other = self._reviewed(self.county, "2025-10-01")
        self.assertEqual((before.score, now.score, other.score), (93.3, 80, 100))
        self.assertEqual(now.rank, "2 of 2")
        self.assertEqual(now.with_user(self.users["lead"]).rank, "2 of 2")
        self.assertEqual((other.rank, before.rank), ("1 of 2", "1 of 1"))
        self.assertEqual((now.previous_score, now.has_previous), (93.3, True))
        self.assertAlmostEqual(now.change, -13.3)
        self.assertFalse(other.has_previous)
        line = self._line(now, "organisation")
        self.assertEqual((line.score, line.change, line.has_previous), (60, -20, True))
        self.assertFalse(self._line(other, "organisation").has_previous)

    def test_rank_counts_reviewed_ones(self):
        assessment = self._submitted()
        self.assertFalse(assessment.rank)

    def test_who_works_in_the_branch(self):
        """He reads how it was reviewed, and not what is not final; who works elsewhere reads nothing."""
        self.env["crm.team.member"].create(
            {"crm_team_id": self.city.id, "user_id": self.users["manager_a"].id}
        )
        self._freeze_quarter()
        assessment = self._submitted()
        for record in (assessment, assessment.line_ids[0], assessment.answer_ids[0]):
            self.assertFalse(record.with_user(self.users["manager_a"]).has_access("read"))
        assessment.action_review()
        for record in (assessment, assessment.line_ids[0], assessment.answer_ids[0]):
            self.assertTrue(record.with_user(self.users["manager_a"]).has_access("read"))
            self.assertFalse(record.with_user(self.users["manager_a"]).has_access("write"))
            self.assertFalse(record.with_user(self.users["manager_b"]).has_access("read"))
        seen = assessment.with_user(self.users["manager_a"])
        self.assertEqual((seen.rank, seen.line_ids[0].target_text[:1]), ("1 of 1", "≤"))

    def test_figures_behind(self):
        self._by_hand()
        shown = self.Report.search(self._assess().action_view_figures()["domain"])
        self.assertEqual(shown.team_id, self.city)
        self.assertEqual(len(shown.month_id), 3)
