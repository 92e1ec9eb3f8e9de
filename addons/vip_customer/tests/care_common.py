"""A small book with care: a policy in force, customers with a tier, plans of the tests' own."""

from datetime import date

from odoo.fields import Domain

from .common import VipCase


class CareCase(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._create_policy()
        cls.Touch = cls.env["vip.care.touch"]
        cls.today = cls.company._vip_today()
        cls.channels = {
            channel.code: channel for channel in cls.env["vip.channel"].search(Domain.TRUE)
        }
        cls.results = {
            result.code: result for result in cls.env["vip.interaction.result"].search(Domain.TRUE)
        }

    @classmethod
    def _member(cls, name, tier=None, manager="manager_a", **values):
        """A customer with a telephone, in the city."""
        partner = cls._create_customer(name, phone="13800138000", **values)
        member = partner.vip_membership_id
        manager = cls.users[manager] if manager else cls.env["res.users"]
        member._assign(manager, cls.city)
        if tier:
            cls._set_tier(member, tier)
        return member

    @classmethod
    def _set_tier(cls, member, tier, day=None):
        """Let the customer have this tier from a day (today) on, none where it is empty."""
        day = day or cls.today
        member.write(
            {"base_tier_id": tier and tier.id, "base_valid_until": tier and cls.policy.date_to}
        )
        member._recount({member: day}, "override", "Test")

    @classmethod
    def _touches(cls, member, *domain):
        return cls.Touch.search([("partner_id", "=", member.partner_id.id), *domain])

    @classmethod
    def _step(cls, tier, **values):
        return cls.env["vip.care.step"].create(
            {
                "plan_id": cls.env.ref(f"vip_customer.care_plan_{tier.code}").id,
                "channel_id": cls.channels["phone"].id,
                **values,
            }
        )

    @classmethod
    def _holiday(cls, first, last, user=None):
        """A public holiday, or leave of one user."""
        values = {"name": "Off", "date_from": f"{first} 00:00:00", "date_to": f"{last} 15:59:59"}
        values["date_from"] = (
            f"{date.fromordinal(date.fromisoformat(first).toordinal() - 1)} 16:00:00"
        )
        values["calendar_id"] = cls.company.resource_calendar_id.id
        if user:
            resource = cls.env["resource.resource"].search([("user_id", "=", user.id)], limit=1)
            resource = resource or cls.env["resource.resource"].create(
                {
                    "name": user.name,
                    "user_id": user.id,
                    "company_id": cls.company.id,
                    "calendar_id": cls.company.resource_calendar_id.id,
                    "tz": "Asia/Shanghai",
                }
            )
            values["resource_id"] = resource.id
        return cls.env["resource.calendar.leaves"].create(values)

    @classmethod
    def _contact(cls, member, channel="phone", result="reached", day=None, **values):
        """A contact noted at noon of a day (today)."""
        return cls.env["vip.interaction"].create(
            {
                "partner_id": member.partner_id.id,
                "channel_id": cls.channels[channel].id,
                "result_id": cls.results[result].id,
                "date": f"{day or cls.today} 02:00:00",
                **values,
            }
        )
