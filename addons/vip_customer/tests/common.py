"""The cast of the tests and the factories they share.

company "Test Mobile" (CNY, Asia/Shanghai), today is 2026-03-10

branch      lead     account managers
city        lead     manager_a, manager_b
county      -        manager_c

user        role
desk        front desk and hotline
manager_a   account manager, manager_b likewise
lead        team lead of the city branch
boss        manager
approver    manager and approver
auditor     auditor
importer    import
employee    plain internal user
portal      portal user
"""

from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from unittest.mock import patch

from odoo import Command
from odoo.tests import freeze_time
from odoo.tools import format_date, mute_logger

from odoo.addons.base.tests.common import BaseCommon

TODAY = "2026-03-10 02:00:00"  # UTC; 10:00 in Shanghai


class VipCase(BaseCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(TODAY))
        cls.company = cls.env["res.company"].create(
            {
                "name": "Test Mobile",
                "currency_id": cls.env.ref("base.CNY").id,
                "country_id": cls.env.ref("base.cn").id,
            }
        )
        cls.env.ref("base.CNY").active = True
        cls.company.resource_calendar_id.tz = "Asia/Shanghai"
        cls.env = cls.env(
            context={
                **cls.env.context,
                "allowed_company_ids": cls.company.ids,
                "tz": "Asia/Shanghai",
            }
        )
        cls.env.user.company_ids = [Command.link(cls.company.id)]
        cls.env.user.company_id = cls.company
        # No test looks at the picture that Odoo draws and stores in five sizes for each user.
        cls.startClassPatcher(
            patch.object(cls.registry["res.partner"], "_avatar_generate_svg", return_value=False)
        )
        cls.users = cls._create_users(
            desk=["desk"],
            manager_a=["user"],
            manager_b=["user"],
            manager_c=["user"],
            lead=["lead"],
            boss=["manager"],
            approver=["manager", "approver"],
            auditor=["auditor"],
            importer=["import"],
            employee=[],
            portal=None,
        )
        cls.city = cls.env["crm.team"].create(
            {"name": "City", "company_id": cls.company.id, "user_id": cls.users["lead"].id}
        )
        cls.county = cls.env["crm.team"].create(
            {"name": "County", "company_id": cls.company.id, "user_id": False}
        )
        cls.silver = cls.env.ref("vip_customer.tier_silver")
        cls.gold = cls.env.ref("vip_customer.tier_gold")
        cls.diamond = cls.env.ref("vip_customer.tier_diamond")

    @classmethod
    def _create_users(cls, **roles):
        """Users of the company, made all at once, each with his login as password.

        :param roles: dict name -> the programme's groups, None for a portal user
        :return: dict name -> user
        """
        values = []
        for name, groups in roles.items():
            login = f"vip_test_{name}"
            groups = (
                ["base.group_portal"]
                if groups is None
                else ["base.group_user", *(f"vip_customer.group_vip_{group}" for group in groups)]
            )
            values.append(
                {
                    "name": f"{login} ({','.join(groups)})",
                    "login": login,
                    "password": login,
                    "email": "v.v@example.com",
                    "group_ids": [Command.set([cls.env.ref(group).id for group in groups])],
                    "company_id": cls.company.id,
                    "company_ids": [Command.set(cls.company.ids)],
                }
            )
        return dict(zip(roles, cls.env["res.users"].create(values), strict=True))

    @classmethod
    def _create_user(cls, name, *groups):
        return cls._create_users(**{name: groups})[name]

    @classmethod
    def _create_policy(cls, in_force=True, **values):
        """The preset "mobile operator", valid 2026-02-01 to 2027-01-31."""
        policy = cls.env["vip.tier.policy"].create(
            {
                "name": "Standard 2026",
                "company_id": cls.company.id,
                "date_from": "2026-02-01",
                "date_to": "2027-01-31",
                **cls.env["vip.tier.policy"]._prepare_preset_values(),
                **values,
            }
        )
        if in_force:
            policy.action_open()
        return policy

    @classmethod
    def _create_customer(cls, name, bills=(), joined_on="2022-10-01", number=None, **values):
        """A customer with an optional number and with bills.

        :param bills: dict month -> amount or (amount, suspensions)
        """
        partner = cls.env["res.partner"].create({"name": name, **values})
        line = cls.env["vip.service.number"]
        if number:
            line = line.create(
                {"partner_id": partner.id, "number": number, "activated_on": joined_on}
            )
        else:
            cls.env["vip.membership"]._ensure(partner.ids, cls.company)
            partner.vip_membership_id.joined_on = joined_on
        cls._create_bills(partner, bills, line)
        return partner

    @classmethod
    def _create_bills(cls, partner, bills, number=None):
        rows = []
        for month, bill in dict(bills).items():
            amount, arrears = bill if isinstance(bill, tuple) else (bill, 0)
            rows.append(
                {
                    "partner_id": partner.id,
                    "number_id": number.id if number else False,
                    "month": month,
                    "amount": amount,
                    "arrears_suspensions": arrears,
                }
            )
        return cls.env["vip.billing.fact"].create(rows)

    @staticmethod
    def _year(amount, year=2025, arrears=0):
        """Twelve equal bills; the suspensions fall into the last month."""
        bills = {date(year, month, 1): amount for month in range(1, 13)}
        bills[date(year, 12, 1)] = (amount, arrears)
        return bills

    @classmethod
    def _compute_run(cls, policy, as_of="2026-02-01", scope="all", user="boss", **values):
        run = cls.env["vip.tier.run"].create(
            {"policy_id": policy.id, "as_of": as_of, "scope": scope, **values}
        )
        run.with_user(cls.users[user]).action_compute()
        return run

    @classmethod
    def _apply_run(cls, run):
        """Approve as somebody else and apply."""
        as_approver = run.with_user(cls.users["approver"])
        as_approver.accept_incomplete = True
        as_approver.action_approve()
        as_approver.action_apply()
        return run

    @classmethod
    def _assess(cls, policy, as_of="2026-02-01", scope="all", **values):
        return cls._apply_run(cls._compute_run(policy, as_of, scope, **values))

    @classmethod
    def _history(cls, partner):
        """The customer's history as (tier code, from, to, source), oldest first."""
        rows = cls.env["vip.tier.history"].search([("partner_id", "=", partner.id)], order="id")
        return [
            (row.tier_id.code, str(row.date_from), row.date_to and str(row.date_to), row.source)
            for row in rows
        ]

    @classmethod
    def _day(cls, day):
        """The day as the sentences of the programme write it."""
        return format_date(cls.env, day)

    @contextmanager
    def _violates(self, error, constraint):
        """The database refuses, naming the constraint whose sentence Odoo shows."""
        with mute_logger("odoo.sql_db"), self.assertRaises(error) as caught:
            yield
        self.assertEqual(caught.exception.diag.constraint_name, constraint)

    @staticmethod
    def _decimal(value):
        return Decimal(str(value))
