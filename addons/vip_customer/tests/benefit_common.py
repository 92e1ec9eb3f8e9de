"""What the tests of benefits share: customers with a tier, and short words for what they have.

Today is 2026-03-10; the policy year is 2026-02-01 to 2027-01-31. Customers belong to ``manager_a`` and
the city branch of ``lead``.
"""

from odoo.tests import freeze_time
from odoo.tools import SQL

from ..models.vip_tier_history import CHANGE_COLUMNS
from ..tools import tier_rules
from .common import VipCase

YEAR = ("2026-02-01", "2027-01-31")


class BenefitCase(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._create_policy()
        cls.Line = cls.env["vip.entitlement"]
        cls.Redemption = cls.env["vip.redemption"]
        cls.no_tier = cls.env["vip.tier"]
        cls.partner = cls._create_vip("Wang", cls.gold)

    def tearDown(self):
        self.env.flush_all()  # what the triggers have to say is part of every test
        super().tearDown()

    # ------------------------------------------------------------
    # TIERS
    # ------------------------------------------------------------

    @classmethod
    def _create_vip(cls, name, tier=None, **values):
        partner = cls._create_customer(name, **values)
        partner.vip_membership_id.write(
            {"manager_id": cls.users["manager_a"].id, "team_id": cls.city.id}
        )
        if tier:
            cls._move(partner, tier)
        return partner

    @classmethod
    def _move(cls, partner, tier, day=None):
        """Give the customer this tier (an empty one for none) through the door every change uses."""
        member = partner.vip_membership_id
        day = day or member.company_id._vip_today()
        valid_until = "2027-01-31" if tier else None
        values = (
            member.id,
            partner.id,
            member.company_id.id,
            tier.id or None,
            valid_until,
            tier.id or None,
            valid_until,
            tier_rules.movement(member.tier_id._plain(), tier._plain()),
            day,
            "run",
            None,
            None,
            None,
        )
        columns = SQL(", ").join(SQL.identifier(name) for name in CHANGE_COLUMNS)
        cls.env["vip.tier.history"]._post(
            SQL(
                """SELECT membership_id::int, partner_id::int, company_id::int, base_tier_id::int,
                          base_valid_until::date, tier_id::int, valid_until::date, movement,
                          date_from::date, source, run_id::int, override_id::int, reason
                     FROM (VALUES %s) v (%s)""",
                values,
                columns,
            )
        )

    def _night(self, day="2026-03-10"):
        """The hourly job; the number of rows it wrote and of redemptions it made."""
        with freeze_time(f"{day} 02:00:00" if len(day) == 10 else day):
            written = self.Line._grant(self.company)
            return written, self.Redemption._give_automatic(self.company)

    # ------------------------------------------------------------
    # MATRIX
    # ------------------------------------------------------------

    @classmethod
    def _benefit(cls, code):
        Benefit = cls.env["vip.benefit"].with_context(active_test=False)
        return Benefit.search([("code", "=", code)])

    @classmethod
    def _promise(cls, tier, code):
        return cls._benefit(code).tier_benefit_ids.filtered(lambda p: p.tier_id == tier)

    @classmethod
    def _create_benefit(cls, code, tiers=None, **values):
        """A benefit on request, 6 a year where a quantity or more is not said.

        :param tiers: dict tier -> quantity or dict of values
        """
        benefit = cls.env["vip.benefit"].create(
            {
                "name": f"Benefit {code}",
                "code": code,
                "category_id": cls.env.ref("vip_customer.benefit_category_care").id,
                "unit_value": 10,
                **values,
            }
        )
        for tier, promise in (tiers or {}).items():
            cls._promise_more(benefit, tier, promise)
        return benefit

    @classmethod
    def _promise_more(cls, benefit, tier, promise):
        promise = promise if isinstance(promise, dict) else {"quantity": promise}
        return cls.env["vip.tier.benefit"].create(
            {"benefit_id": benefit.id, "tier_id": tier.id, "quantity": 6, **promise}
        )

    # ------------------------------------------------------------
    # WHAT THEY HAVE
    # ------------------------------------------------------------

    def _lines(self, code, partner=None):
        """All entitlements of a benefit, oldest period first."""
        return self.Line.search(
            [("partner_id", "=", (partner or self.partner).id), ("benefit_id.code", "=", code)],
            order="date_from, id",
        )

    def _has(self, code, granted, used, remaining, partner=None):
        """One entitlement, with these figures."""
        line = self._lines(code, partner)
        self.assertEqual(len(line), 1)
        self.assertEqual((line.granted, line.used, line.remaining), (granted, used, remaining))
        return line

    def _told(self, code, partner=None):
        """What ``vip_entitlements`` says of a benefit, None for nothing."""
        told = (partner or self.partner).with_user(self.users["desk"]).vip_entitlements()
        self.assertEqual(len(told), len({line["code"] for line in told}))
        return {line["code"]: line for line in told}.get(code)

    # ------------------------------------------------------------
    # USING
    # ------------------------------------------------------------

    def _call(self, code, quantity=1, origin=None, partner=None, user="desk"):
        return (
            (partner or self.partner)
            .with_user(self.users[user])
            .vip_redeem(code, quantity, origin=origin)
        )

    def _redeem(self, code, quantity=1, partner=None, user="desk", **kwargs):
        result = self._call(code, quantity, partner=partner, user=user, **kwargs)
        return self.Redemption.browse(result["redemption_id"])

    def _deliver(self, redemption, user="desk"):
        redemption.with_user(self.users[user]).action_deliver()
        return redemption

    def _give_goodwill(self, code, quantity=1, partner=None, user="lead", reason="Long wait"):
        self.env["vip.goodwill.grant"].with_user(self.users[user]).create(
            {
                "partner_id": (partner or self.partner).id,
                "benefit_id": self._benefit(code).id,
                "quantity": quantity,
                "reason": reason,
            }
        ).action_confirm()
