"""Customers with birthdays, and rules of our own: the shipped ones are archived.

occasion   medium       tier
birthday   text         gold, silver
birthday   card + gift  gold
festival   text         gold

Moments are written as on a clock in Shanghai; today is 2026-03-10, a Tuesday.
"""

from datetime import datetime, timedelta

from .common import VipCase


class GreetingCase(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["vip.greeting.rule"].search([]).active = False
        cls.env["res.lang"]._activate_lang("en_US")
        for user in cls.users.values():
            user.lang = "en_US"
        cls.birthday = cls.env.ref("vip_customer.occasion_birthday")
        cls.festival = cls.env["vip.occasion"].create(
            {"name": "Test festival", "code": "test_festival"}
        )
        cls.mourning = cls.env["vip.occasion"].create(
            {"name": "Test mourning", "code": "test_mourning", "is_mourning": True}
        )
        model_id = cls.env["ir.model"]._get_id("vip.membership")
        cls.words = cls.env["sms.template"].create(
            {
                "name": "Words",
                "model_id": model_id,
                "body": "Happy day, {{ object.partner_id.name }}",
            }
        )
        cls.letter = cls.env["mail.template"].create(
            {
                "name": "Letter",
                "model_id": model_id,
                "subject": "Happy day",
                "lang": "{{ object.partner_id.lang }}",
                "body_html": "<p>Dear <t t-out='object.partner_id.name'/></p>",
            }
        )
        for tier in (cls.silver, cls.gold):
            cls._create_rule(cls.birthday, tier)
        cls.card_rule = cls._create_rule(
            cls.birthday, cls.gold, "card", sms_template_id=False, gift=True
        )
        cls.festival_rule = cls._create_rule(cls.festival, cls.gold)

    @classmethod
    def _create_rule(cls, occasion, tier, medium="sms", **values):
        rules = cls.env["vip.greeting.rule"].with_context(active_test=False)
        rules.search(
            [
                ("occasion_id", "=", occasion.id),
                ("tier_id", "=", tier.id),
                ("medium", "=", medium),
            ]
        ).unlink()
        return rules.create(
            {
                "occasion_id": occasion.id,
                "tier_id": tier.id,
                "medium": medium,
                "sms_template_id": cls.words.id,
                **values,
            }
        )

    @classmethod
    def _create_vip(cls, name, tier=None, birthday="1970-03-10", calendar="solar", **values):
        """A customer with a tier and a birthday, today's where none is said."""
        values = {"number": "13800138000", "street": "Street 1", "city": "Yunzhou", **values}
        partner = cls._create_customer(name, **values)
        partner.vip_membership_id.write(
            {
                "tier_id": (tier or cls.silver).id,
                "birthday": birthday,
                "birthday_calendar": calendar,
                "manager_id": cls.users["manager_a"].id,
                "team_id": cls.city.id,
            }
        )
        return partner

    @classmethod
    def _at(cls, moment):
        """The UTC moment of a clock in Shanghai."""
        return datetime.fromisoformat(moment) - timedelta(hours=8)

    @classmethod
    def _greet(cls, moment="2026-03-10 10:00"):
        greetings = cls.env["vip.greeting"]
        greetings._greet_all(cls._at(moment))

    @classmethod
    def _log(cls, partner):
        """What was decided about a customer: (medium, date, state, reason), by medium and date."""
        rows = cls.env["vip.greeting"].search([("partner_id", "=", partner.id)])
        return sorted((row.medium, str(row.date), row.state, row.reason) for row in rows)

    def assertGreeted(self, partner, *days, medium="sms", state="queued"):
        """These are all greetings of the customer that went out."""
        rows = self.env["vip.greeting"].search(
            [("partner_id", "=", partner.id), ("medium", "=", medium), ("state", "!=", "skipped")]
        )
        self.assertEqual(sorted(map(str, rows.mapped("date"))), sorted(days))
        self.assertEqual(set(rows.mapped("state")), {state} if days else set())
