import json

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.tests import freeze_time, tagged

from .common import VipCase


@tagged("post_install", "-at_install", "vip_tier")
class TestExplainTier(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls._create_customer("Li", cls._year(690, arrears=1), number="13800138000")
        cls.policy = cls._create_policy()
        cls._assess(cls.policy)
        cls.partner.vip_membership_id.manager_id = cls.users["manager_a"]

    def _explain(self, user="boss", partner=None):
        explanation = (partner or self.partner).with_user(self.users[user]).vip_explain_tier()
        self._check_plain(explanation)
        return explanation

    def _check_plain(self, value):
        """Plain data only, as XML-RPC wants it: no None, no dates, str keys."""
        if isinstance(value, dict):
            for key, item in value.items():
                self.assertIs(type(key), str)
                self._check_plain(item)
        elif isinstance(value, list):
            for item in value:
                self._check_plain(item)
        else:
            self.assertIn(type(value), (str, int, float, bool))

    def test_figures(self):
        explanation = self._explain()
        self.assertEqual(
            explanation["figures"],
            {
                "window_from": "2025-01-01",
                "window_to": "2025-12-31",
                "months": 12,
                "arrears_count": 1,
                "joined_on": "2022-10-01",
                "tenure_months": 41,
                "total": 8280.0,
                "average": 690.0,
                "band_points": 200,
                "penalty": 100,
                "score": 8380,
            },
        )
        self.assertEqual((explanation["tier"], explanation["earned"]), ("silver", "silver"))
        self.assertEqual(explanation["valid_until"], "2027-01-31")
        self.assertEqual(explanation["since"], "2026-02-01")
        self.assertIn("average at least", explanation["rule"])
        self.assertIs(explanation["override"], False)
        self.assertIs(explanation["eligible"], True)

    def test_what_is_missing(self):
        """By the next assessment, on the bills of 2026 so far."""
        self._create_bills(self.partner, {"2026-01-01": 700, "2026-02-01": 700})
        explanation = self._explain()
        keep, reach = explanation["to_keep"], explanation["to_next"]
        self.assertEqual((keep["tier"], keep["by"], keep["met"]), ("silver", "2026-12-31", False))
        self.assertEqual((reach["tier"], reach["by"], reach["met"]), ("gold", "2026-12-31", False))
        spend, loyalty = keep["options"]
        self.assertEqual((spend["spend"], spend["score"], spend["tenure"]), (2200, 0, 0))
        # 1400 + 200 points for the years of the day of assessment
        self.assertEqual((loyalty["spend"], loyalty["score"]), (0, 2000))
        self._create_bills(self.partner, {"2026-03-01": 2200})
        self.assertTrue(self._explain()["to_keep"]["met"])

    def test_best_tier_has_no_next(self):
        top = self._create_customer("Top", self._year(2000))
        self._assess(self.policy, as_of="2026-02-02")
        self.assertIs(self._explain(partner=top)["to_next"], False)

    def test_override(self):
        override = self.env["vip.tier.override"].create(
            {
                "partner_id": self.partner.id,
                "kind": "floor",
                "tier_id": self.diamond.id,
                "date_from": "2026-03-10",
                "date_to": "2026-06-30",
                "reason": "Promised",
                "requested_by": self.users["manager_a"].id,
            }
        )
        override.with_user(self.users["approver"]).action_approve()
        explanation = self._explain()
        self.assertEqual((explanation["tier"], explanation["earned"]), ("diamond", "silver"))
        self.assertEqual(
            explanation["override"],
            {
                "kind": "floor",
                "tier": "diamond",
                "date_from": "2026-03-10",
                "date_to": "2026-06-30",
                "reason": "Promised",
            },
        )
        self.assertIn("By an approved override at least Diamond", " ".join(explanation["reasons"]))

    def test_closed(self):
        self.partner.vip_number_ids.state = "closed"
        explanation = self._explain()
        self.assertEqual((explanation["tier"], explanation["eligible"]), (False, False))
        self.assertIs(explanation["earned"], False)
        self.assertIn("no open number", explanation["reasons"][0])

    def test_joining_date_unknown(self):
        stranger = self._create_customer("Stranger", self._year(800), joined_on=False)
        explanation = self._explain(partner=stranger)
        self.assertIs(explanation["figures"]["tenure_months"], False)
        self.assertIs(explanation["earned"], False)
        self.assertIn("Joining date unknown", explanation["reasons"][0])
        self.assertIs(explanation["to_next"]["options"][0]["tenure"], False)

    def test_overdue(self):
        self.policy.action_close()
        with freeze_time("2027-02-01 02:00:00"):
            explanation = self._explain()
        self.assertEqual(explanation["tier"], "silver", "a tier never lapses by the calendar")
        self.assertIn("Validity over, waiting for assessment.", explanation["reasons"])

    def test_before_any_policy(self):
        self.policy.action_close()
        explanation = self._explain()
        self.assertEqual(explanation["figures"], {})
        self.assertIn("No tier policy is in force today", explanation["reasons"][0])

    def test_agrees_with_the_run(self):
        run = self._compute_run(self.policy, as_of="2026-03-10")
        line = run.line_ids.filtered(lambda line: line.partner_id == self.partner)
        figures = self._explain()["figures"]
        self.assertEqual(
            [
                line.total_spend,
                line.spend_months,
                line.average_spend,
                line.score,
                line.tenure_months,
            ],
            [figures[name] for name in ("total", "months", "average", "score", "tenure_months")],
        )

    # ------------------------------------------------------------
    # WHO SEES WHAT
    # ------------------------------------------------------------

    def test_money_is_for_those_who_see_the_customer(self):
        for user in ("boss", "auditor", "manager_a"):
            self.assertIn("total", self._explain(user)["figures"])
        for user in ("desk", "manager_b"):
            explanation = self._explain(user)
            self.assertEqual(explanation["tier"], "silver")
            self.assertFalse(
                explanation["figures"].keys()
                & {"total", "average", "score", "band_points", "penalty"}
            )
            for target in ("to_keep", "to_next"):
                self.assertEqual(set(explanation[target]["options"][0]), {"tenure"})
            told = json.dumps(explanation, ensure_ascii=False)
            for secret in ("8280", "8,280", "690", "8380", "8,380", "300", "3600", "¥"):
                self.assertNotIn(secret, told)
            self.assertEqual(explanation["rule"], "average at least the bound")

    def test_refused(self):
        for user in ("employee", "importer", "portal"):
            with self.assertRaises(AccessError):
                self.partner.with_user(self.users[user]).vip_explain_tier()
        stranger = self.env["res.partner"].create({"name": "Nobody"})
        with self.assertRaisesRegex(UserError, "“Nobody” is not in the VIP programme yet"):
            stranger.with_user(self.users["desk"]).vip_explain_tier()
        with self.assertRaises(MissingError):
            self.env["res.partner"].browse(2**30).with_user(self.users["desk"]).vip_explain_tier()

    def test_other_company(self):
        other = self.env["res.company"].create({"name": "Other Mobile"})
        partner = self.env["res.partner"].create({"name": "Far away"})
        self.env["vip.membership"]._ensure(partner.ids, other)
        with self.assertRaisesRegex(AccessError, "a company you have no access to"):
            partner.with_user(self.users["boss"]).vip_explain_tier()
