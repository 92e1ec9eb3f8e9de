"""A small book that tests of rights share: one customer per reach, and one of another company.

    customer  company      manager    branch
    own       Test Mobile  manager_a  city (led by lead)
    far       Test Mobile  manager_c  county (led by nobody)
    rival     Rival        rival_a    -

Each account manager has a deputy in March: "deputy" for manager_a, manager_b for manager_c, rival_b for
rival_a. The role "deputy" has what manager_a has.

Each of them has an import (own: by the importer, else by boss), a number, bills of 2025, the tier silver
by an applied run, a line in a run that is only computed, a requested override, a birthday, a preference,
a greeting in a file, mobile data on his number, three invitations to club events, a call that nobody
answered and touches of the year, one of them missed; three complaints: one that is answered, a paused and
a closed one, and a fourth that repeats it; of the benefit "Lounge" (10 a year for silver, 47.13 each) one
unit of goodwill and four redemptions: one of five units that waits for approval, and one of one unit each
that is approved, issued, delivered.

A new model with records gets one here, in ``_fill_book``, and a line in the tables of
``test_security_roles``; a new public method gets a line in ``test_doors``. Another addon has three files
of the same names: a ``DoorsCase`` that extends this one's book, and tables of its own for the checks of
``doors_checks`` and ``roles_checks``.
"""

from base64 import b64encode
from contextlib import contextmanager

from .common import VipCase

BIRTHDAY = "1961-04-05"
ROLES = (
    "portal",
    "employee",
    "desk",
    "manager_a",
    "deputy",
    "lead",
    "boss",
    "approver",
    "auditor",
    "importer",
)
# Roles whose rights are those of another one: the approver's are given beside manager, the deputy stands in.
SAME_AS = {"approver": "boss", "deputy": "manager_a"}
REACHES = ("own", "far", "rival")
UNIT_VALUE = 47.13


class DoorsCase(VipCase):
    # whose models, methods and fields are asked about
    addon = "vip_customer"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        module = cls.env["ir.module.module"]._get(cls.addon)
        below = module.upstream_dependencies(exclude_states=("uninstallable",))
        cls.addons_below = {cls.addon, *below.mapped("name")}
        cls.rival_company = cls.env["res.company"].create(
            {
                "name": "Rival",
                "currency_id": cls.env.ref("base.CNY").id,
                "country_id": cls.env.ref("base.cn").id,
            }
        )
        cls.lounge = cls.env["vip.benefit"].create(
            {
                "name": "Lounge",
                "code": "TEST_LOUNGE",
                "category_id": cls.env["vip.benefit.category"].create({"name": "Comfort"}).id,
                "unit_value": UNIT_VALUE,
                "tier_benefit_ids": [(0, 0, {"tier_id": cls.silver.id, "quantity": 10})],
            }
        )
        cls.users["deputy"] = cls._create_user("deputy", "user")
        cls.env["crm.team.member"].create(
            {"crm_team_id": cls.city.id, "user_id": cls.users["manager_a"].id}
        )
        cls.book = {}
        cls._fill_book({"own": "13800000001", "far": "13800000002"})
        cls._look_after("own", "manager_a", "deputy", cls.city)
        cls._look_after("far", "manager_c", "manager_b", cls.county)
        with cls._in_company(cls.rival_company):
            for name in ("rival_a", "rival_b"):
                cls.users[name] = cls._create_user(name, "user")
            cls._fill_book({"rival": "13800000003"})
            cls._look_after("rival", "rival_a", "rival_b", cls.env["crm.team"])
        cls.env.flush_all()

    @classmethod
    def _look_after(cls, reach, manager, deputy, team):
        """Give the customer of a reach an account manager, a branch and a deputy."""
        book = cls.book[reach]
        book["vip.membership"]._assign(cls.users[manager], team)
        book |= {
            "vip.manager.assignment": cls.env["vip.manager.assignment"].search(
                [("partner_id", "=", book["res.partner"].id)], limit=1
            ),
            "vip.manager.deputy": cls.env["vip.manager.deputy"].create(
                {
                    "manager_id": cls.users[manager].id,
                    "deputy_id": cls.users[deputy].id,
                    "date_from": "2026-03-01",
                    "date_to": "2026-03-31",
                    "company_id": cls.company.id,
                }
            ),
        }

    @classmethod
    @contextmanager
    def _in_company(cls, company):
        env, own = cls.env, cls.company
        cls.env.user.company_ids |= company
        cls.env = env(context={**env.context, "allowed_company_ids": company.ids})
        cls.company = company
        try:
            yield
        finally:
            cls.env, cls.company = env, own
            cls.env.user.company_ids -= company

    @classmethod
    def _fill_book(cls, customers):
        """:param customers: dict name -> number"""
        policy = cls._create_policy()
        partners = {
            name: cls._create_customer(name.title(), cls._year(650), number=number)
            for name, number in customers.items()
        }
        runs = cls.env["vip.tier.run"].create(
            [{"policy_id": policy.id, "as_of": day} for day in ("2026-02-01", "2026-03-01")]
        )
        applied, computed = runs
        applied._compute_lines()
        applied.state = "approved"
        applied._apply()
        computed._compute_lines()
        file = cls.env["vip.outgoing.file"].create(
            {
                "company_id": cls.company.id,
                "kind": "labels",
                "date": cls.company._vip_today(),
                "filename": "labels.csv",
            }
        )
        for name, partner in partners.items():
            partner.vip_membership_id.birthday = BIRTHDAY
            found = {
                model: cls.env[model].search([("partner_id", "=", partner.id)], limit=1)
                for model in (
                    "vip.membership",
                    "vip.service.number",
                    "vip.billing.fact",
                    "vip.tier.history",
                )
            }
            touches = cls.env["vip.care.touch"].search([("partner_id", "=", partner.id)])
            missed, planned = touches[:2]
            missed.write({"state": "missed", "due_date": "2026-03-01"})
            cls.book[name] = {
                **found,
                **cls._redeemed(partner),
                "vip.care.touch": planned,
                "vip.care.coverage": cls.env["vip.care.coverage"].browse(missed.id),
                **cls._requested(partner),
                "vip.care.plan": planned.step_id.plan_id,
                "vip.care.step": planned.step_id,
                "res.partner": partner,
                "vip.tier.override": cls.env["vip.tier.override"].create(
                    {
                        "partner_id": partner.id,
                        "tier_id": cls.gold.id,
                        "date_to": "2026-12-31",
                        "reason": "Promised",
                    }
                ),
                "vip.import": cls.env["vip.import"].create(
                    {
                        "file": b64encode(b"customer_code,name\nC1,Li Wei\n"),
                        "kind": "customers",
                        "user_id": cls.users["importer" if name == "own" else "boss"].id,
                    }
                ),
                **cls._greeting_of(partner, file),
                "vip.vas": cls.env.ref("vip_customer.vas_data"),
                "vip.vas.use": cls.env["vip.vas.use"].create(
                    {
                        "partner_id": partner.id,
                        "number_id": found["vip.service.number"].id,
                        "vas_id": cls.env.ref("vip_customer.vas_data").id,
                        "taken_up_on": "2026-03-01",
                    }
                ),
                **cls._invited(partner),
                "vip.tier.policy": policy,
                "vip.tier.rule": policy.rule_ids[0],
                "vip.tier.band": policy.band_ids[0],
                "vip.tier.run": computed,
                "vip.tier.run.cost": computed.cost_ids[0],
                "vip.tier.run.line": computed.line_ids.filtered(
                    lambda line, partner=partner: line.partner_id == partner
                ),
                "vip.billing.month": cls.env["vip.billing.month"].search(
                    [("company_id", "=", cls.company.id), ("month", "=", "2025-12-01")]
                ),
                "vip.tier.run.comparison": cls.env["vip.tier.run.comparison"]
                .with_context(vip_run_ids=runs.ids)
                .browse(partner.id),
            }

    @classmethod
    def _greeting_of(cls, partner, file):
        """His greeting and preference, with the catalogues that they are from."""
        rule = cls.env.ref("vip_customer.greeting_rule_birthday_silver_sms")
        kind = cls.env.ref("vip_customer.preference_type_hobby")
        return {
            "vip.occasion": rule.occasion_id,
            "vip.occasion.date": cls.env.ref("vip_customer.mid_autumn_2026"),
            "vip.lunar.month": cls.env.ref("vip_customer.lunar_month_2026_01"),
            "vip.greeting.rule": rule,
            "vip.preference.type": kind,
            "vip.preference.option": cls.env.ref("vip_customer.preference_option_water_none"),
            "vip.profile.report": cls.env["vip.profile.report"].search(
                [("partner_id", "=", partner.id)], limit=1
            ),
            "vip.interaction.result": cls.env.ref("vip_customer.interaction_result_no_answer"),
            # noted by the account manager, and nobody answered: his touches stay planned
            "vip.interaction": cls.env["vip.interaction"].create(
                {
                    "partner_id": partner.id,
                    "channel_id": cls.env.ref("vip_customer.channel_phone").id,
                    "result_id": cls.env.ref("vip_customer.interaction_result_no_answer").id,
                    "user_id": cls.users["manager_a"].id,
                }
            ),
            "vip.outgoing.file": file,
            "vip.preference": cls.env["vip.preference"].create(
                {"partner_id": partner.id, "type_id": kind.id, "value": "Chess"}
            ),
            "vip.greeting": cls.env["vip.greeting"].create(
                {
                    "partner_id": partner.id,
                    "occasion_id": rule.occasion_id.id,
                    "tier_id": rule.tier_id.id,
                    "year": 2025,
                    "medium": "card",
                    "date": "2025-04-05",
                    "state": "filed",
                    "file_id": file.id,
                }
            ),
        }

    @classmethod
    def _invited(cls, partner):
        """Invitations to club events: one in ten days that waits for an answer, and two today, where he is
        expected, and where he is in."""
        begins = {"": "2026-03-20 11:00:00", "expected": "2026-03-10 01:00:00"}
        begins["in"] = begins["expected"]
        events = {
            name: cls.env["event.event"].create(
                {
                    "name": "Tea evening",
                    "vip_is_club": True,
                    "company_id": cls.company.id,
                    "date_begin": begin,
                    "date_end": f"{begin[:10]} 15:00:00",
                    "event_mail_ids": [(5, 0, 0)],
                    "vip_companions": 2,
                    "vip_seat_ids": [(0, 0, {"tier_id": cls.silver.id, "seats": 10})],
                }
            )
            for name, begin in begins.items()
        }
        guests = {
            name: cls.env["vip.event.invitation"].create(
                {"event_id": event.id, "partner_id": partner.id, "tier_id": cls.silver.id}
            )
            for name, event in events.items()
        }
        for name in ("expected", "in"):
            guests[name]._accept(1)
        guests["in"]._check_in(1)
        guests["in"].interaction_id.unlink()  # touches of today can be put off
        cls.env.flush_all()
        report = cls.env["vip.event.report"].search([("partner_id", "=", partner.id)], limit=1)
        return {
            "event.event": events[""],
            "vip.event.seat": events[""].vip_seat_ids,
            "vip.event.invitation": guests[""],
            "vip.event.report": report,
            "guest of today": guests["expected"],
            "guest inside": guests["in"],
        }

    @classmethod
    def _requested(cls, partner):
        """A complaint that is answered, a paused and a closed one, and one that repeats this."""
        kind = cls.env.ref("vip_customer.service_type_complaint")
        values = {"partner_id": partner.id, "type_id": kind.id, "answer": "Told"}
        answered, paused, closed = cls.env["vip.service.request"].create([values] * 3)
        paused.pause("customer")
        closed.action_close()
        return {
            "vip.service.request": answered,
            "paused request": paused,
            "repeated request": cls.env["vip.service.request"].create(values),
            "closed request": closed,
            "vip.service.pause": paused.pause_ids,
            "vip.service.report": cls.env["vip.service.report"].browse(answered.id),
        }

    @classmethod
    def _redeemed(cls, partner):
        """An entitlement and what came of it."""
        line = cls.env["vip.entitlement"]._give_goodwill(partner, cls.lounge, 1, "Waited long")
        redemptions = {
            state: cls.env["vip.redemption"]._redeem(
                partner.vip_membership_id, cls.lounge, quantity
            )
            for state, quantity in (
                ("requested", 5),
                ("approved", 1),
                ("issued", 1),
                ("delivered", 1),
            )
        }
        (redemptions["issued"] | redemptions["delivered"])._advance("issued")
        redemptions["delivered"]._advance("delivered")
        cls.env.flush_all()
        report = cls.env["vip.benefit.report"].search([("partner_id", "=", partner.id)], limit=1)
        return {
            "vip.entitlement": line,
            "vip.goodwill": line.goodwill_ids,
            "vip.benefit.report": report,
            "vip.redemption": redemptions.pop("requested"),
            **{f"{state} redemption": redemption for state, redemption in redemptions.items()},
        }

    def _is_ours(self, model, maker):
        """Whether this addon asks about what the module ``maker`` gave a model: the model is its own, or
        it gave the model this. What Odoo gave a model is Odoo's."""
        ours = {module for module in (model._original_module, maker) if module.startswith("vip_")}
        return maker.startswith("vip_") and self.addon in ours and ours <= self.addons_below

    def _is_our_field(self, model, field):
        # of the modules that define a field the first one made it
        return bool(field._modules) and self._is_ours(model, field._modules[0])

    def _as(self, role, record):
        """The record as this role sees it, with nothing in the cache that somebody else read."""
        self.env.flush_all()
        self.env.invalidate_all()
        return record.with_user(self.users[role]).with_context(
            allowed_company_ids=list(self.users[role]._get_company_ids())
        )
