"""What happens to one customer assesses him at once, and much that happens to many is assessed together.

Wang is gold: who is gold is to be contacted within 70 days, and silent after 140.
"""

from unittest.mock import patch

from odoo.tests import freeze_time, tagged

from odoo.addons.vip_customer.tests.import_common import VipImportCase

from .test_risk import RiskCase


@tagged("post_install", "-at_install", "vip_risk")
class TestRiskAtOnce(RiskCase, VipImportCase):
    def _contact(self, day, result="reached", partner=None):
        return self.env["vip.interaction"].create(
            {
                "partner_id": (partner or self.partner).id,
                "date": f"{day} 02:00:00",
                "channel_id": self.env.ref("vip_customer.channel_phone").id,
                "result_id": self.env.ref(f"vip_customer.interaction_result_{result}").id,
                "user_id": self.users["manager_a"].id,
            }
        )

    def _counts(self, call):
        """How many assessments a call makes."""
        assess, calls = self.Member._assess_risk, []

        def count(_self, company, whose=None):
            calls.append(whose)
            return assess(company, whose)

        with patch.object(type(self.Member), "_assess_risk", count):
            call()
        return len(calls)

    def test_contact_ends_a_silence(self):
        self._contact("2025-10-01")
        self._assess()
        self.assertEqual(self._points(), {"silence": 10})
        self.assertEqual(self._counts(lambda: self._contact("2026-03-10", "no_answer")), 0)
        self.assertEqual(self._points(), {"silence": 10})
        contacts = self.env["vip.interaction"]

        def reach():
            nonlocal contacts
            contacts |= self._contact("2026-03-09")

        self.assertEqual(self._counts(reach), 1)
        self.assertEqual(self._points(), {})
        # a later one says nothing new; that it is taken back may
        self.assertEqual(self._counts(lambda: self._contact("2026-03-10").unlink()), 1)
        contacts.result_id = self.env.ref("vip_customer.interaction_result_no_answer")
        self.assertEqual(self._points(), {"silence": 10}, "it was none after all")

    def test_first_contact(self):
        """Until then it was not known how long ago the last one was."""
        unknown = {one["code"] for one in self.partner.vip_explain_risk()["unknown"]}
        self.assertIn("silence", unknown)
        self._contact("2026-03-10")
        unknown = {one["code"] for one in self.partner.vip_explain_risk()["unknown"]}
        self.assertNotIn("silence", unknown)

    def test_missed_touch_that_is_made_up_for(self):
        self.env["vip.care.touch"].search([("partner_id", "=", self.partner.id)]).unlink()
        step = self.env["vip.care.step"].search([], limit=1)
        self.env["vip.care.touch"].create(
            [
                {
                    "partner_id": self.partner.id,
                    "company_id": self.company.id,
                    "step_id": step.id,
                    "tier_id": self.gold.id,
                    "channel_id": self.env.ref("vip_customer.channel_phone").id,
                    "slot": day,
                    "planned_date": day,
                    "due_date": day,
                    "state": "missed",
                }
                for day in ("2026-02-24", "2026-02-25")
            ]
        )
        self._contact("2026-01-10")  # nothing is unknown
        self._assess()
        self.assertEqual(self._points(), {"missed": 8})
        self._contact("2026-03-10")
        self.assertEqual(self._points(), {})

    def test_gift_that_is_delivered(self):
        gift = self._redeem("FAMILY")
        with freeze_time("2026-03-11 02:00:00"):
            gift.action_issue()
        with freeze_time("2026-03-27 02:00:00"):
            self._assess()
            self.assertEqual(self._points().get("gift"), 5)
            self.assertEqual(self._counts(gift.with_user(self.users["desk"]).action_deliver), 1)
            self.assertNotIn("gift", self._points())

    def test_what_counts_for_nothing(self):
        """Redeeming and delivering in time assesses nobody."""
        gift = self._redeem("FAMILY")
        self.assertEqual(self._counts(gift.action_deliver), 0)

    def test_override(self):
        """80 days without a contact is long for who is diamond."""
        self._contact("2025-12-20")
        self._assess()
        self.assertEqual(self._points(), {})
        override = self.env["vip.tier.override"].create(
            {
                "partner_id": self.partner.id,
                "kind": "fixed",
                "tier_id": self.diamond.id,
                "date_from": "2026-03-10",
                "date_to": "2026-03-20",
                "reason": "Big complaint",
                "requested_by": self.users["boss"].id,
            }
        )
        override.with_user(self.users["approver"]).action_approve()
        self.assertEqual(self._points(), {"silence": 10})
        with freeze_time("2026-03-21 02:00:00"):
            self.env["vip.tier.override"]._cron_follow_dates()
        self.assertEqual(self._points(), {})

    def test_run_waits_for_the_night(self):
        self._contact("2025-12-20")
        self._assess()
        self.assertEqual(self._counts(lambda: self._move(self.partner, self.diamond)), 0)
        self._assess()
        self.assertEqual(self._points(), {"silence": 10})

    def test_contract_end(self):
        self.first.with_user(self.users["manager_a"]).contract_end = "2026-03-31"
        self.assertEqual(self._points(), {"contract": 15})
        self.first.contract_end = "2026-05-31"
        self.assertEqual(self._points(), {"contract": 10})

    def test_file_of_many_numbers(self):
        """Whom it changes is assessed once, together with the others."""
        head = "customer_code,name,number,activated_on,contract_end\n"
        rows = [f"K{n},Wei {n},1380000010{n},2024-0{n}-01,2028-12-31\n" for n in range(1, 5)]
        self._import(head + "".join(rows), "customers")
        changed = [row.replace("2028-12", f"2026-0{n}") for n, row in enumerate(rows, 3)]
        content = head + "".join(changed)
        self.assertEqual(self._counts(lambda: self._import(content, "customers")), 1)
        partner = self.env["res.partner"].search([("ref", "=", "K1")])
        self.assertEqual(self._points(partner).get("contract"), 15)
        self.assertEqual(self._counts(lambda: self._import(content, "customers")), 0)
