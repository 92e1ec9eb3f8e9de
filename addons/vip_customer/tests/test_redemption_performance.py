"""What a counter waits for: the queries of a redemption and of a customer's benefits."""

from odoo.tests import tagged, users, warmup

from .common import VipCase

BENEFITS = 30
# as desk, with nothing in the cache
REDEEM, ENTITLEMENTS = 11, 13


@tagged("post_install", "-at_install", "vip_performance")
class TestRedemptionPerformance(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        category = cls.env["vip.benefit.category"].create({"name": "Comfort"})
        cls.lounge, *_others = cls.env["vip.benefit"].create(
            [
                {
                    "name": f"Lounge {number}",
                    "code": f"TEST_{number}",
                    "category_id": category.id,
                    "tier_benefit_ids": [
                        (0, 0, {"tier_id": tier.id, "quantity": 50})
                        for tier in (cls.gold, cls.silver)
                        if tier == cls.gold or not number
                    ],
                }
                for number in range(BENEFITS)
            ]
        )
        cls.light = cls._create_customer("Light", cls._year(600))
        cls.heavy = cls._create_customer("Heavy", cls._year(1000), number="13800000001")
        cls._assess(cls._create_policy())
        member = cls.heavy.vip_membership_id
        for _turn in range(20):
            cls.env["vip.redemption"]._redeem(member, cls.lounge, 1)
        cls.env.flush_all()

    @users("vip_test_desk")
    @warmup
    def test_redeeming(self):
        """As many queries for a customer with thirty benefits and twenty redemptions as for one with few."""
        for partner in (self.light, self.heavy):
            with self.subTest(partner=partner.name):
                self.env.invalidate_all()
                with self.assertQueryCount(vip_test_desk=REDEEM):
                    partner.with_env(self.env).vip_redeem("TEST_0")

    @users("vip_test_desk")
    @warmup
    def test_redeeming_a_request_with_a_key(self):
        for number, partner in enumerate((self.light, self.heavy)):
            with self.subTest(partner=partner.name):
                self.env.invalidate_all()
                with self.assertQueryCount(vip_test_desk=REDEEM + 1):
                    partner.with_env(self.env).vip_redeem("TEST_0", origin=f"call {number}")

    @users("vip_test_desk")
    @warmup
    def test_benefits_of_a_customer(self):
        for partner in (self.light, self.heavy):
            with self.subTest(partner=partner.name):
                self.env.invalidate_all()
                with self.assertQueryCount(vip_test_desk=ENTITLEMENTS):
                    self.assertTrue(partner.with_env(self.env).vip_entitlements())
