from datetime import date
from unittest.mock import patch

from odoo.tests import freeze_time, tagged
from odoo.tools import format_date

from .common import VipCase


@tagged("post_install", "-at_install", "vip_tier")
class TestTierCron(VipCase):
    """The scheduled actions; each may run twice, late, and next to one that fails."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Run = cls.env["vip.tier.run"]
        cls.partner = cls._create_customer("Gold", cls._year(800, year=2026))

    def _runs(self, policy):
        return self.Run.search([("policy_id", "=", policy.id)], order="id")

    def _at(self, moment, cron):
        with freeze_time(moment):
            getattr(self.Run, f"_cron_{cron}")()

    def test_yearly(self):
        policy = self._create_policy(
            in_force=False, date_from="2027-02-01", date_to="2028-01-31", name="2027"
        )
        self._at("2027-01-15 02:00:00", "prepare_yearly")
        self.assertFalse(self._runs(policy))
        for day in (16, 17, 31):
            self._at(f"2027-01-{day} 02:00:00", "prepare_yearly")
        run = self._runs(policy)
        self.assertEqual((str(run.as_of), run.scope, run.state), ("2027-02-01", "all", "computed"))
        self.assertEqual(run.line_ids.partner_id, self.partner)
        self.assertFalse(self.partner.vip_tier_id, "nothing is applied without approval")
        self._at("2027-02-01 02:00:00", "apply_due")
        self.assertEqual(run.state, "computed")

    def test_monthly(self):
        policy = self._create_policy()
        self._at("2026-12-10 01:20:00", "prepare_monthly")
        self._at("2026-12-10 01:20:00", "prepare_monthly")
        run = self._runs(policy)
        self.assertEqual((str(run.as_of), run.scope, run.state), ("2026-12-10", "new", "computed"))
        self._at("2026-12-10 01:30:00", "apply_due")
        self.assertFalse(self.partner.vip_tier_id)

    def test_monthly_without_policy(self):
        policy = self._create_policy()
        self._at("2027-02-10 01:20:00", "prepare_monthly")
        self.assertFalse(self._runs(policy))

    def test_today_is_the_company_s(self):
        policy = self._create_policy()
        self._at("2026-12-09 15:59:00", "prepare_monthly")
        self._at("2026-12-09 16:01:00", "prepare_monthly")
        self.assertEqual(
            self._runs(policy).mapped(lambda run: str(run.as_of)), ["2026-12-09", "2026-12-10"]
        )

    def test_auto_apply(self):
        policy = self._create_policy(
            date_from="2027-02-01", date_to="2028-01-31", name="2027", auto_apply=True
        )
        self._at("2027-01-20 02:00:00", "prepare_yearly")
        late = self._create_customer("Came after", self._year(2000, year=2026))
        self._at("2027-01-31 15:59:00", "apply_due")
        self.assertFalse(self.partner.vip_tier_id)
        self._at("2027-01-31 16:01:00", "apply_due")  # 1 February in Shanghai
        self.assertEqual(self._runs(policy).state, "applied")
        self.assertEqual((self.partner.vip_tier_id, late.vip_tier_id), (self.gold, self.diamond))
        self._at("2027-02-01 02:00:00", "apply_due")
        self.assertEqual(len(self._history(self.partner)), 1)

    def test_auto_apply_waits_for_bills(self):
        policy = self._create_policy(
            date_from="2027-02-01", date_to="2028-01-31", name="2027", auto_apply=True
        )
        self._create_customer("No December", {"2026-11-01": 9000})
        self._at("2027-01-20 02:00:00", "prepare_yearly")
        self._at("2027-02-01 02:00:00", "apply_due")
        self.assertEqual(self._runs(policy).state, "computed")

    def test_auto_apply_leaves_runs_of_people_alone(self):
        policy = self._create_policy(auto_apply=True)
        run = self._compute_run(policy, as_of="2026-03-10")
        self._at("2026-03-10 03:00:00", "apply_due")
        self.assertEqual(run.state, "computed")

    def test_refused_run_stands_in_nobody_s_way(self):
        """One that cannot be applied is cancelled and says why; the next one is applied."""
        policy = self._create_policy(auto_apply=True)
        self._at("2026-12-10 02:00:00", "prepare_monthly")
        self._at("2026-12-11 02:00:00", "prepare_monthly")
        day = date(2026, 12, 11)
        with patch.object(type(self.Run), "_first_applicable_day", return_value=day):
            self._at("2026-12-12 02:00:00", "apply_due")
        first, second = self._runs(policy)
        self.assertEqual((first.state, second.state), ("cancelled", "applied"))
        first_day = format_date(self.env, day, lang_code=first.company_id._vip_lang())
        self.assertIn(first_day, first.message_ids[0].body)
        self.assertEqual(self.partner.vip_since, day)
