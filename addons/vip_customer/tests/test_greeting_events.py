"""What happened to a customer is told by itself, once: his tier, his account manager (standard 4.4)."""

from datetime import date

from odoo.exceptions import ValidationError
from odoo.tests import freeze_time, tagged

from .greeting_common import GreetingCase


@tagged("post_install", "-at_install", "vip_greeting")
class TestGreetingEvents(GreetingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._create_policy()
        cls.occasions = {}
        for kind in ("welcome", "tier_up", "tier_warn", "tier_down", "manager_new"):
            cls.occasions[kind] = cls.env.ref(f"vip_customer.occasion_{kind}")
            for tier in (cls.silver, cls.gold):
                cls._create_rule(cls.occasions[kind], tier)
        cls.today = cls.company._vip_today()

    @classmethod
    def _create_member(cls, name="Li Hua", tier=None, number="13800138000", day="2026-02-01"):
        """A customer who has had this tier since a day in February."""
        partner = cls._create_customer(name, number=number)
        member = partner.vip_membership_id
        with freeze_time(f"{day} 02:00:00"):
            member._assign(cls.users["manager_a"], cls.city)
            cls._set_tier(member, tier or cls.silver, date.fromisoformat(day))
        return member

    @classmethod
    def _set_tier(cls, member, tier, day=None, source="override"):
        member.write(
            {"base_tier_id": tier and tier.id, "base_valid_until": tier and cls.policy.date_to}
        )
        member._recount({member: day or cls.today}, source, "Test")

    def _told(self, member):
        rows = self.env["vip.greeting"].search([("partner_id", "=", member.partner_id.id)])
        return sorted((row.occasion_id.kind, str(row.slot), row.state) for row in rows)

    # ------------------------------------------------------------
    # what is told, once
    # ------------------------------------------------------------

    def test_tier_raised(self):
        member = self._create_member()
        self._set_tier(member, self.gold)
        for moment in ("2026-03-10 10:00", "2026-03-10 10:30", "2026-03-11 10:00"):
            self._greet(moment)
        self.assertEqual(self._told(member), [("tier_up", "2026-03-10", "queued")])
        greeting = self.env["vip.greeting"].search([("partner_id", "=", member.partner_id.id)])
        self.assertEqual(greeting.tier_id, self.gold)
        self.assertEqual(greeting.sms_id.body, "Happy day, Li Hua")

    def test_raised_twice_a_year_is_told_twice(self):
        member = self._create_member()
        self._set_tier(member, self.gold)
        self._greet("2026-03-10 10:00")
        with freeze_time("2026-05-04 02:00:00"):
            self._set_tier(member, self.silver, date(2026, 5, 4))
        self._greet("2026-05-04 10:00")
        with freeze_time("2026-06-01 02:00:00"):
            self._set_tier(member, self.gold, date(2026, 6, 1))
        self._greet("2026-06-01 10:00")
        self.assertEqual(
            self._told(member),
            [
                ("tier_down", "2026-05-04", "queued"),
                ("tier_up", "2026-03-10", "queued"),
                ("tier_up", "2026-06-01", "queued"),
            ],
        )

    def test_entered(self):
        member = self._create_member(day="2026-03-10")
        self._greet()
        self.assertEqual(self._told(member), [("welcome", "2026-03-10", "queued")])

    def test_there_and_back_on_one_day(self):
        """Compared with the day before, nothing happened."""
        member = self._create_member()
        self._set_tier(member, self.gold)
        self._set_tier(member, self.silver)
        self._greet()
        self.assertFalse(self._told(member))

    def test_number_reopened(self):
        member = self._create_member()
        self._set_tier(member, None, source="closure")
        with freeze_time("2026-03-11 02:00:00"):
            self._set_tier(member, self.silver, date(2026, 3, 11), "closure")
        self._greet("2026-03-11 10:00")
        self.assertFalse(self._told(member))

    def test_left_or_fell_again_before_it_was_told(self):
        member = self._create_member()
        self._set_tier(member, self.gold)
        with freeze_time("2026-03-11 02:00:00"):
            self._set_tier(member, None, date(2026, 3, 11))
        self._greet("2026-03-11 10:00")
        self.assertFalse(self._told(member))

    def test_run_applied_late(self):
        """Its day is over, the news is not."""
        member = self._create_member()
        self._set_tier(member, self.gold, date(2026, 2, 20))
        rules = self.env["vip.greeting.rule"].search([])
        self._greet()
        self.assertFalse(self._told(member), "the rule is younger")
        rules.date_from = "2026-02-01"
        self._greet()
        self.assertEqual(self._told(member), [("tier_up", "2026-02-20", "queued")])

    def test_long_ago(self):
        self.env["vip.greeting.rule"].search([]).date_from = "2026-01-01"
        member = self._create_member()
        self._set_tier(member, self.gold, date(2026, 2, 6))
        self._greet()
        self.assertFalse(self._told(member))

    def test_another_manager(self):
        member = self._create_member()
        self._greet()
        self.assertFalse(self._told(member), "the first one")
        member._assign(self.users["manager_b"], self.city)
        self._greet()
        self._greet("2026-03-11 10:00")
        self.assertEqual(self._told(member), [("manager_new", "2026-03-10", "queued")])

    def test_another_branch_only(self):
        member = self._create_member()
        member._assign(self.users["manager_a"], self.county)
        self._greet()
        self.assertFalse(self._told(member))

    def test_manager_agreed_for_later(self):
        member = self._create_member()
        member._assign(self.users["manager_b"], self.city, date(2026, 3, 16))
        self._greet()
        self.assertFalse(self._told(member))
        with freeze_time("2026-03-16 02:00:00"):
            self.env["vip.manager.assignment"]._project(self.company)
            self._greet("2026-03-16 10:00")
        self.assertEqual(self._told(member), [("manager_new", "2026-03-16", "queued")])

    def test_tier_about_to_drop(self):
        self._create_rule(self.occasions["tier_warn"], self.silver, days_before=60)
        thirty = self._create_rule(self.occasions["tier_warn"], self.gold, days_before=30)
        thirty.write({"tier_id": self.silver.id})
        member = self._create_member()
        member.valid_until = "2026-05-20"
        members = self.env["vip.membership"]
        for day, count in (
            ("2026-03-20", 0),
            ("2026-03-21", 1),
            ("2026-03-22", 1),
            ("2026-04-20", 2),
        ):
            with freeze_time(f"{day} 02:00:00"):
                members._renew_warnings(self.company)
                self._greet(f"{day} 10:00")
            with self.subTest(day=day):
                self.assertEqual(len(self._told(member)), count)
        self.assertEqual(
            [row[:2] for row in self._told(member)],
            [("tier_warn", "2026-03-21"), ("tier_warn", "2026-04-20")],
        )

    def test_who_keeps_his_tier_is_not_warned(self):
        self._create_rule(self.occasions["tier_warn"], self.silver, days_before=60)
        member = self._create_member()
        member.valid_until = "2026-05-09"
        self.env["vip.membership"]._renew_warnings(self.company)
        self.assertTrue(member.tier_warning)
        member.tier_warning = False  # as for who earns it
        self._greet()
        self.assertFalse(self._told(member))

    # ------------------------------------------------------------
    # hours and objections, as of any greeting
    # ------------------------------------------------------------

    def test_too_late_in_the_day_waits_for_the_morning(self):
        member = self._create_member()
        self._set_tier(member, self.gold)
        for moment in ("2026-03-10 20:00", "2026-03-10 23:00", "2026-03-11 08:30"):
            self._greet(moment)
            self.assertFalse(self._told(member))
        self._greet("2026-03-11 09:00")
        self.assertEqual(self._told(member), [("tier_up", "2026-03-10", "queued")])
        greeting = self.env["vip.greeting"].search([("partner_id", "=", member.partner_id.id)])
        with freeze_time("2026-03-11 02:00:00"):
            self.env["vip.greeting"]._follow_queues()
            self.assertEqual(greeting.state, "queued", "its day is today")
        with freeze_time("2026-03-11 13:00:00"):
            self.env["vip.greeting"]._follow_queues()
            self.assertEqual(greeting.state, "failed", "the decent hours are over")

    def test_day_of_mourning_waits(self):
        self.mourning.date_ids = [(0, 0, {"date": "2026-03-10"})]
        member = self._create_member()
        self._set_tier(member, self.gold)
        self._greet()
        self.assertFalse(self._told(member))
        self._greet("2026-03-11 10:00")
        self.assertEqual(self._told(member), [("tier_up", "2026-03-10", "queued")])

    def test_objections(self):
        for values, reason in (
            ({"do_not_disturb": True}, "do_not_disturb"),
            ({"do_not_disturb": True, "do_not_disturb_until": "2026-03-10"}, "do_not_disturb"),
            ({"do_not_disturb": True, "do_not_disturb_until": "2026-03-09"}, False),
            ({"do_not_disturb": True, "do_not_disturb_from": "2026-03-10"}, "do_not_disturb"),
            ({"do_not_disturb": True, "do_not_disturb_from": "2026-03-11"}, False),
            ({"no_greetings": True}, "opted_out"),
        ):
            with self.subTest(values=values), self.env.cr.savepoint() as point:
                member = self._create_member()
                member.write(values)
                self._set_tier(member, self.gold)
                self._greet()
                state = "skipped" if reason else "queued"
                self.assertEqual(
                    self._log(member.partner_id), [("sms", "2026-03-10", state, reason)]
                )
                point.rollback()

    def test_do_not_disturb_holds_for_birthdays(self):
        customer = self._create_vip("Li Hua", self.gold)
        customer.vip_membership_id.do_not_disturb = True
        self._greet()
        self.assertEqual(
            self._log(customer),
            [
                ("card", "2026-03-10", "skipped", "do_not_disturb"),
                ("gift", "2026-03-10", "task", False),
                ("sms", "2026-03-10", "skipped", "do_not_disturb"),
            ],
        )

    def test_in_the_file_of_messages(self):
        self.company.vip_greeting_gateway = "file"
        member = self._create_member()
        self._set_tier(member, self.gold)
        self._greet()
        greeting = self.env["vip.greeting"].search([("partner_id", "=", member.partner_id.id)])
        self.assertEqual(greeting.state, "filed")
        self.assertEqual(greeting._file_row()[-1], f"tier_up-20260310-{member.partner_id.id}")
        self.assertTrue(greeting.file_id)

    def test_shipped_words(self):
        for kind, words in (
            ("tier_up", "our Gold service is yours"),
            ("tier_warn", "is valid until"),
            ("tier_down", "from now on you have our Gold service"),
            ("manager_new", "is your account manager"),
        ):
            template = self.env.ref(f"vip_customer.sms_template_{kind}")
            member = self._create_member(tier=self.gold, number=False)
            member.partner_id.lang = "en_US"
            with self.subTest(kind=kind):
                texts = template._render_field("body", member.ids, compute_lang=True)
                self.assertIn(words, texts[member.id])

    # ------------------------------------------------------------
    # rules
    # ------------------------------------------------------------

    def test_rule_of_what_is_not_sent(self):
        for kind in ("anniversary", "contract_end", "benefit_end", "year_review"):
            occasion = self.env.ref(f"vip_customer.occasion_{kind}")
            with self.subTest(kind=kind), self.assertRaisesRegex(ValidationError, "sent by itself"):
                self._create_rule(occasion, self.gold)

    def test_rule_days_before(self):
        with self.assertRaisesRegex(ValidationError, "is not known 30 days before"):
            self._create_rule(self.occasions["tier_up"], self.gold, days_before=30)

    def test_second_customer_is_told_too(self):
        """Many in one go, each of what happened to him."""
        members = [
            self._create_member(f"Customer {i}", number=f"138001380{i:02}") for i in range(5)
        ]
        for member in members[:3]:
            self._set_tier(member, self.gold)
        members[3]._assign(self.users["manager_b"], self.city)
        self._greet()
        self.assertEqual(
            [[kind for kind, _slot, _state in self._told(member)] for member in members],
            [["tier_up"]] * 3 + [["manager_new"], []],
        )
