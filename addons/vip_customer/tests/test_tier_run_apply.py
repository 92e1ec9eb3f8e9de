from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from .common import VipCase


@tagged("post_install", "-at_install", "vip_tier")
class TestTierRunApply(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._create_policy()
        cls.partner = cls._create_customer("Gold", cls._year(800), number="13800138000")

    def _approve(self, run):
        as_approver = run.with_user(self.users["approver"])
        as_approver.accept_incomplete = True
        as_approver.action_approve()
        return as_approver

    def _refused(self, run, sentence):
        """Applying is refused with this sentence and leaves the book alone."""
        before = self._history(self.partner)
        with self.assertRaisesRegex(UserError, sentence):
            run.with_user(self.users["boss"]).action_apply()
        self.assertEqual(run.state, "approved")
        self.assertEqual(self._history(self.partner), before)

    # ------------------------------------------------------------
    # APPROVING
    # ------------------------------------------------------------

    def test_only_approvers_approve(self):
        run = self._compute_run(self.policy)
        with self.assertRaisesRegex(AccessError, "Only an approver"):
            run.with_user(self.users["boss"]).action_approve()

    def test_who_computed_does_not_approve(self):
        run = self._compute_run(self.policy, user="approver")
        with self.assertRaisesRegex(UserError, "You computed .* yourself"):
            run.with_user(self.users["approver"]).action_approve()

    def test_who_decided_does_not_approve(self):
        run = self._compute_run(self.policy)
        run.line_ids.with_user(self.users["approver"])._decide(self.diamond, "Founder's family")
        with self.assertRaisesRegex(UserError, "You decided a line of"):
            run.with_user(self.users["approver"]).action_approve()

    def test_draft_run_is_not_approved(self):
        run = self.env["vip.tier.run"].create({"policy_id": self.policy.id, "as_of": "2026-02-01"})
        with self.assertRaisesRegex(UserError, "is Draft; this works only while it is Computed"):
            run.with_user(self.users["approver"]).action_approve()

    def test_computed_run_is_not_applied(self):
        run = self._compute_run(self.policy)
        with self.assertRaisesRegex(UserError, "is Computed; this works only while it is Approved"):
            run.with_user(self.users["boss"]).action_apply()

    # ------------------------------------------------------------
    # REFUSALS
    # ------------------------------------------------------------

    def test_draft_policy(self):
        draft = self._create_policy(in_force=False, name="Draft 2026")
        run = self._compute_run(draft)
        self._approve(run)
        self._refused(run, "The policy “Draft 2026” is still a draft. Put it in force first")

    def test_closed_policy(self):
        run = self._compute_run(self.policy)
        self._approve(run)
        self.policy.action_close()
        self._refused(run, "The policy “Standard 2026” is closed")

    def test_future_day(self):
        run = self._compute_run(self.policy, as_of="2026-03-11")
        self._approve(run)
        self._refused(run, f"The first day to apply it is {self._day('2026-03-11')}")
        with freeze_time("2026-03-10 16:00:00"):  # midnight in Shanghai
            run.with_user(self.users["boss"]).action_apply()
        self.assertEqual(self.partner.vip_tier_id, self.gold)

    def test_before_latest_history(self):
        self._assess(self.policy, as_of="2026-03-05")
        self._create_bills(self.partner, {"2025-01-01": 99999})
        run = self._compute_run(self.policy, as_of="2026-03-04")
        self._approve(run)
        self._refused(run, f"The first day that works is {self._day('2026-03-05')}")

    def test_first_applicable_day(self):
        """The hook for frozen months names the first day that works."""
        run = self._compute_run(self.policy)
        self._approve(run)
        day = self.policy.date_from.replace(month=3)
        with patch.object(type(run), "_first_applicable_day", return_value=day):
            self._refused(run, f"The first day that works is {self._day('2026-03-01')}")

    def test_outside_validity(self):
        """A draft may change its dates after a run was computed under it."""
        self.policy.action_close()
        draft = self._create_policy(in_force=False)
        run = self._compute_run(draft, as_of="2026-02-05")
        self._approve(run)
        draft.date_from = "2026-03-01"
        draft.action_open()
        self._refused(run, f"{self._day('2026-02-05')} is outside the validity")

    def test_twice(self):
        run = self._assess(self.policy)
        with self.assertRaisesRegex(UserError, "is applied already; it cannot be applied twice"):
            run.with_user(self.users["boss"]).action_apply()
        self.assertEqual(len(self._history(self.partner)), 1)

    def test_stale_bill(self):
        run = self._compute_run(self.policy)
        self._approve(run)
        self._create_bills(self.partner, {"2025-06-01": 0.01})  # of no number; changes no tier
        self._refused(run, "Bills, rules or tiers changed since .* for example those of “Gold”")

    def test_stale_customer(self):
        run = self._compute_run(self.policy)
        self._approve(run)
        self._create_customer("New one", self._year(2000))
        self._refused(run, "for example those of “New one”")

    def test_stale_override(self):
        run = self._compute_run(self.policy)
        self._approve(run)
        override = self.env["vip.tier.override"].create(
            {
                "partner_id": self.partner.id,
                "kind": "fixed",
                "tier_id": self.gold.id,
                "date_from": "2026-02-01",
                "date_to": "2026-04-30",
                "reason": "Same tier, other validity",
                "requested_by": self.users["manager_a"].id,
            }
        )
        override.with_user(self.users["approver"]).action_approve()
        self._refused(run, "Bills, rules or tiers changed since")

    def test_stale_tier(self):
        run = self._compute_run(self.policy)
        self._approve(run)
        self.gold.active = False
        self._refused(run, "Bills, rules or tiers changed since")

    def test_stale_rule(self):
        self.policy.action_close()
        draft = self._create_policy(in_force=False)
        run = self._compute_run(draft)
        self._approve(run)
        draft.rule_ids.filtered(lambda rule: rule.min_average_spend == 700).min_average_spend = 801
        draft.action_open()
        self._refused(run, "Bills, rules or tiers changed since")

    def test_stale_closing(self):
        run = self._compute_run(self.policy)
        self._approve(run)
        self.partner.vip_number_ids.write({"state": "closed", "closed_on": "2026-03-10"})
        self._refused(run, "Bills, rules or tiers changed since")

    def test_cancel_applied(self):
        run = self._assess(self.policy)
        with self.assertRaisesRegex(UserError, "is Applied; this works only while"):
            run.with_user(self.users["boss"]).action_cancel()
        with self.assertRaisesRegex(UserError, "was applied and stays as evidence"):
            run.with_user(self.users["boss"]).unlink()

    # ------------------------------------------------------------
    # ONE GO
    # ------------------------------------------------------------

    def test_killed_halfway(self):
        """Whatever breaks while a run is applied, the book is as it was; then it applies."""
        run = self._compute_run(self.policy)
        self._approve(run)
        for step in ("_warn_held", "_post_lines"):
            with (
                patch.object(type(run), step, side_effect=RuntimeError("killed")),
                self.assertRaises(RuntimeError),
                self.env.cr.savepoint(),
            ):
                run.with_user(self.users["boss"]).action_apply()
            self.env.invalidate_all()
            self.assertEqual(run.state, "approved")
            self.assertFalse(self.partner.vip_tier_id)
            self.assertEqual(self._history(self.partner), [])
        run.with_user(self.users["boss"]).action_apply()
        self.assertEqual(self._history(self.partner), [("gold", "2026-02-01", False, "run")])

    def test_again_changes_nothing(self):
        self._assess(self.policy)
        since = self.partner.vip_since
        again = self._assess(self.policy)
        self.assertEqual(again.line_ids.mapped("movement"), ["keep"])
        self.assertEqual(self._history(self.partner), [("gold", "2026-02-01", False, "run")])
        self.assertEqual(self.partner.vip_since, since)
        self.assertEqual(self.partner.vip_membership_id.movement, "keep")

    def test_replaced_on_the_same_day(self):
        """The row of the morning stays as evidence and lasts no day."""
        self._assess(self.policy)
        self._create_bills(self.partner, {"2025-01-01": 99999})
        self._assess(self.policy)
        self.assertEqual(
            self._history(self.partner),
            [
                ("gold", "2026-02-01", "2026-01-31", "run"),
                ("diamond", "2026-02-01", False, "run"),
            ],
        )

    def test_decision_by_hand_is_applied(self):
        run = self._compute_run(self.policy)
        run.line_ids.with_user(self.users["boss"])._decide(self.diamond, "Founder's family")
        self._apply_run(run)
        self.assertEqual(self.partner.vip_tier_id, self.diamond)
        row = self.env["vip.tier.history"].search([("partner_id", "=", self.partner.id)])
        self.assertEqual(row.reason, "Founder's family")
        self.assertEqual(row.run_id, run)

    def test_hold_shows_on_the_membership(self):
        """A hold changes neither tier nor history, but is the customer's last movement."""
        self._assess(self.policy)
        self._create_bills(self.partner, {"2025-01-01": -9000})
        run = self._assess(self.policy, as_of="2026-03-10")
        self.assertEqual(run.hold_count, 1)
        self.assertEqual(self.partner.vip_membership_id.movement, "hold")
        self.assertEqual(len(self._history(self.partner)), 1)
