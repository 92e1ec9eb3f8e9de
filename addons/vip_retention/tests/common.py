"""The cast of vip_customer's tests, and what customers who want to leave need besides."""

from odoo.addons.vip_customer.tests.common import VipCase


class VipRetentionCase(VipCase):
    """Li has one number, Wang two, Zhao none; all with manager_a in the city branch."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Departure = cls.env["vip.departure"]
        cls.li = cls._create_customer("Li", number="13800000001", ref="C1")
        cls.wang = cls._create_customer("Wang", number="13800000002", ref="C2")
        cls.env["vip.service.number"].create(
            {"partner_id": cls.wang.id, "number": "13800000003", "activated_on": "2024-05-01"}
        )
        cls.zhao = cls._create_customer("Zhao", ref="C3")
        for partner in cls.li | cls.wang | cls.zhao:
            partner.vip_membership_id._assign(cls.users["manager_a"], cls.city)
        cls.env.flush_all()

    @classmethod
    def _number(cls, number):
        return cls.env["vip.service.number"].search(
            [("number", "=", number), ("company_id", "=", cls.company.id)], order="id desc", limit=1
        )

    @classmethod
    def _depart(cls, partner, user=None, number=None, **values):
        """Record a departure as a user, by default as superuser; for a number as the customer says it."""
        departures = cls.Departure.with_user(cls.users[user]) if user else cls.Departure
        return departures.create(
            {
                "partner_id": partner.id,
                "effective_on": "2026-03-31",
                **({"concerned": number} if number else {}),
                **values,
            }
        )

    @classmethod
    def _departures(cls, partner):
        """His departures as (number, kind, effective on, state, remark), oldest first."""
        return [
            (
                departure.number_id.number or "",
                departure.kind,
                departure.effective_on and str(departure.effective_on),
                departure.state,
                departure.remark,
            )
            for departure in cls.Departure.search([("partner_id", "=", partner.id)], order="id")
        ]
