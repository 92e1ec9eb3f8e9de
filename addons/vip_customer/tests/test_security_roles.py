from ast import literal_eval
from contextlib import closing, suppress
from functools import partial

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .doors_common import BIRTHDAY, REACHES, ROLES, UNIT_VALUE
from .roles_checks import RolesChecks

RIGHTS = {
    "vip.membership": {
        "manager_a": ("rw", ""),
        "lead": ("rw", ""),
        "boss": ("rwu", "rwu"),
        "auditor": ("r", "r"),
    },
    "vip.service.number": {
        "manager_a": ("rw", ""),
        "lead": ("rw", ""),
        "boss": ("rwu", "rwu"),
        "auditor": ("r", "r"),
    },
    "vip.billing.fact": {
        "manager_a": ("r", ""),
        "lead": ("r", ""),
        "boss": ("rwu", "rwu"),
        "auditor": ("r", "r"),
    },
    "vip.tier.history": {
        "manager_a": ("r", ""),
        "lead": ("r", ""),
        "boss": ("r", "r"),
        "auditor": ("r", "r"),
    },
    "vip.manager.assignment": {
        "manager_a": ("r", ""),
        "lead": ("r", ""),
        "boss": ("r", "r"),
        "auditor": ("r", "r"),
    },
    "vip.manager.deputy": {
        "manager_a": ("r", "r"),
        "lead": ("rwu", "r"),
        "boss": ("rwu", "rwu"),
        "auditor": ("r", "r"),
    },
    "vip.tier.override": {
        "manager_a": ("r", ""),
        "lead": ("rw", ""),
        "boss": ("rwu", "rwu"),
        "auditor": ("r", "r"),
    },
    "vip.tier.policy": {
        "manager_a": ("r", "r"),
        "lead": ("r", "r"),
        "boss": ("rwu", "rwu"),
        "auditor": ("r", "r"),
    },
    "vip.tier.rule": {
        "manager_a": ("r", "r"),
        "lead": ("r", "r"),
        "boss": ("rwu", "rwu"),
        "auditor": ("r", "r"),
    },
    "vip.tier.band": {
        "manager_a": ("r", "r"),
        "lead": ("r", "r"),
        "boss": ("rwu", "rwu"),
        "auditor": ("r", "r"),
    },
    "vip.tier.run": {"boss": ("rwu", "rwu"), "auditor": ("r", "r")},
    "vip.import": {"importer": ("rwu", ""), "boss": ("rwu", "rwu"), "auditor": ("r", "r")},
    "vip.tier.run.line": {"boss": ("r", "r"), "auditor": ("r", "r")},
    "vip.tier.run.comparison": {"boss": ("r", "r"), "auditor": ("r", "r")},
    "vip.billing.month": {
        "manager_a": ("r", "r"),
        "lead": ("r", "r"),
        "boss": ("rw", "rw"),
        "auditor": ("r", "r"),
    },
    "vip.preference": {
        "manager_a": ("rwu", ""),
        "lead": ("rwu", ""),
        "boss": ("rwu", "rwu"),
        "auditor": ("r", "r"),
    },
    # what a colleague noted is his to correct
    "vip.interaction": {
        "manager_a": ("rw", ""),
        "deputy": ("r", ""),
        "lead": ("rw", ""),
        "boss": ("rwu", "rwu"),
        "auditor": ("r", "r"),
    },
    "vip.profile.report": {
        "manager_a": ("r", ""),
        "lead": ("r", ""),
        "boss": ("r", "r"),
        "auditor": ("r", "r"),
    },
    "vip.greeting": {
        "manager_a": ("r", ""),
        "lead": ("r", ""),
        "boss": ("r", "r"),
        "auditor": ("r", "r"),
    },
    "vip.care.touch": {
        "manager_a": ("r", ""),
        "lead": ("r", ""),
        "boss": ("r", "r"),
        "auditor": ("r", "r"),
    },
    "vip.care.coverage": {
        "manager_a": ("r", ""),
        "lead": ("r", ""),
        "boss": ("r", "r"),
        "auditor": ("r", "r"),
    },
    "vip.entitlement": {
        "manager_a": ("r", ""),
        "lead": ("r", ""),
        "boss": ("r", "r"),
        "auditor": ("r", "r"),
    },
    "vip.outgoing.file": {"boss": ("r", "r"), "auditor": ("r", "r")},
    "vip.goodwill": {
        "manager_a": ("r", ""),
        "lead": ("r", ""),
        "boss": ("r", "r"),
        "auditor": ("r", "r"),
    },
    "vip.benefit.report": {
        "manager_a": ("r", ""),
        "lead": ("r", ""),
        "boss": ("r", "r"),
        "auditor": ("r", "r"),
    },
    "vip.redemption": {
        "desk": ("r", "r"),
        "manager_a": ("r", "r"),
        "lead": ("r", "r"),
        "boss": ("r", "r"),
        "auditor": ("r", "r"),
    },
    "vip.tier.run.cost": {"boss": ("r", "r"), "auditor": ("r", "r")},
    # noted at the desk for everybody's customers, corrected by who looks after them
    "vip.vas.use": {
        "desk": ("r", "r"),
        "manager_a": ("rw", "r"),
        "lead": ("rw", "r"),
        "boss": ("rwu", "rwu"),
        "auditor": ("r", "r"),
    },
    "vip.event.seat": {
        "desk": ("r", "r"),
        "manager_a": ("r", "r"),
        "lead": ("r", "r"),
        "boss": ("rwu", "rwu"),
        "auditor": ("r", "r"),
    },
    # at the desk the guests of the day
    "vip.event.invitation": {
        "manager_a": ("rw", ""),
        "lead": ("rw", ""),
        "boss": ("rwu", "rwu"),
        "auditor": ("r", "r"),
    },
    "vip.event.report": {
        "manager_a": ("r", ""),
        "lead": ("r", ""),
        "boss": ("r", "r"),
        "auditor": ("r", "r"),
    },
    "vip.service.request": {
        "desk": ("rw", "rw"),
        "manager_a": ("rw", "rw"),
        "lead": ("rw", "rw"),
        "boss": ("rw", "rw"),
        "auditor": ("r", "r"),
    },
    "vip.service.pause": {
        "desk": ("r", "r"),
        "manager_a": ("r", "r"),
        "lead": ("r", "r"),
        "boss": ("r", "r"),
        "auditor": ("r", "r"),
    },
    "vip.service.report": {
        "manager_a": ("r", ""),
        "lead": ("r", ""),
        "boss": ("r", "r"),
        "auditor": ("r", "r"),
    },
}
# What all companies share: who may read it; the managers write it, but the past.
CATALOGUE = {
    "vip.tier": {*ROLES} - {"portal"},
    **{
        name: {"desk", "manager_a", "lead", "boss", "approver", "auditor"}
        for name in (
            "vip.channel",
            "vip.interaction.result",
            "vip.benefit.category",
            "vip.benefit.provider",
            "vip.benefit",
            "vip.tier.benefit",
            "vip.vas",
            "vip.service.type",
            "vip.service.subtype",
            "vip.service.target",
            "vip.working.day",
        )
    },
    **{
        name: {"manager_a", "lead", "boss", "approver", "auditor"}
        for name in (
            "vip.tier.benefit.past",
            "vip.occasion",
            "vip.occasion.date",
            "vip.lunar.month",
            "vip.greeting.rule",
            "vip.preference.type",
            "vip.care.plan",
            "vip.care.step",
            "vip.preference.option",
        )
    },
}
# Who may create at all (a rule still says for whom).
CREATORS = {
    "vip.service.number": {"manager_a", "lead", "boss"},
    "vip.billing.fact": {"boss"},
    "vip.import": {"importer", "boss"},
    "vip.tier.override": {"manager_a", "lead", "boss"},
    **{name: {"boss"} for name in CATALOGUE if name != "vip.tier.benefit.past"},
    "vip.tier.policy": {"boss"},
    "vip.tier.rule": {"boss"},
    "vip.tier.band": {"boss"},
    "vip.tier.run": {"boss"},
    "vip.billing.month": {"boss"},
    "vip.preference": {"manager_a", "lead", "boss"},
    "vip.interaction": {"manager_a", "lead", "boss"},
    "vip.vas.use": {"desk", "manager_a", "lead", "boss"},
    "vip.log.call": {"desk", "manager_a", "lead", "boss"},
    "vip.manager.assign": {"lead", "boss"},
    "vip.manager.deputy": {"lead", "boss"},
    "vip.handover": {"lead", "boss"},
    "vip.handover.line": {"lead", "boss"},
    "vip.number.owner": {"manager_a", "lead", "boss"},
    "vip.tier.run.decide": {"boss"},
    "vip.care.touch.done": {"manager_a", "lead", "boss"},
    "vip.care.touch.postpone": {"manager_a", "lead", "boss"},
    "vip.redeem": {"desk", "manager_a", "lead", "boss"},
    "vip.service.request": {"desk", "manager_a", "lead", "boss"},
    "vip.service.hold": {"desk", "manager_a", "lead", "boss"},
    "vip.service.close": {"desk", "manager_a", "lead", "boss"},
    "vip.goodwill.grant": {"lead", "boss"},
    "vip.redemption.correct": {"lead", "boss"},
    "vip.event.seat": {"boss"},
    "vip.event.answer": {"manager_a", "lead", "boss"},
    "vip.event.invite": {"lead", "boss"},
    "vip.event.invite.line": {"lead", "boss"},
}
# Ways to ask a contact about what only its membership or its numbers know.
MEMBER_QUESTIONS = [
    ("search", [[("vip_membership_id.birthday", "=", BIRTHDAY)]]),
    ("search", [[("vip_membership_id", "any", [("birthday", "=", BIRTHDAY)])]]),
    ("search", [[("vip_membership_id", "not any", [("birthday", "=", BIRTHDAY)])]]),
    ("search", [[("child_ids.vip_membership_id.birthday", "=", BIRTHDAY)]]),
    ("search", [[("user_ids.partner_id.vip_membership_id.birthday", "=", BIRTHDAY)]]),
    ("formatted_read_group", [[], ["vip_membership_id.birthday:day"], ["__count"]]),
    ("formatted_read_group", [[], ["vip_membership_id.base_tier_id"], ["__count"]]),
    ("formatted_read_group", [[], ["parent_id.vip_membership_id.birthday:year"], ["__count"]]),
]
NUMBER_QUESTIONS = [
    ("search", [[("vip_number_ids.number", "ilike", "1380000")]]),
    ("search", [[("vip_number_ids", "ilike", "1380000")]]),
    ("search", [[("vip_number_ids", "!=", False)]]),
    ("search", [[("vip_number_ids", "any", [("plan", "!=", False)])]]),
    ("search", [[("vip_membership_id.number_ids.number", "ilike", "1380000")]]),
]


@tagged("post_install", "-at_install", "vip_security")
class TestSecurityRoles(RolesChecks):
    rights = RIGHTS
    catalogue = CATALOGUE
    creators = CREATORS
    without_records = frozenset({"vip.import.progress"})

    def test_tiers_are_readable_inside(self):
        for role in ROLES:
            tiers = self._as(role, self.gold)
            with self.subTest(role=role):
                self.assertEqual(tiers.has_access("read"), role != "portal")
                self.assertEqual(tiers.has_access("write"), role in ("boss", "approver"))
                if role != "portal":
                    self.assertEqual(tiers.read()[0]["code"], "gold")

    def _prepare_catalogue(self):
        self.env["vip.tier.benefit"].search([("benefit_id", "=", self.lounge.id)]).quantity = 12
        self.env["vip.tier.benefit.past"].create(
            {
                "tier_id": self.silver.id,
                "benefit_id": self.lounge.id,
                "period": "year",
                "date_from": "2025-01-01",
                "date_to": "2025-12-31",
            }
        )
        self.env["vip.working.day"].create({"name": "Any"})

    def test_auditor_who_manages_customers_writes_only_his_own(self):
        both = self._create_user("both", "user", "auditor")
        self.users["both"] = both
        far = self._as("both", self.book["far"]["vip.membership"])
        self.assertTrue(far.has_access("read"))
        self.assertFalse(far.has_access("write"))

    # ------------------------------------------------------------
    # companies
    # ------------------------------------------------------------

    def test_company_not_allowed_cannot_be_made_active(self):
        members = self._as("boss", self.env["vip.membership"])
        with self.assertRaises(AccessError):
            members.with_context(allowed_company_ids=self.rival_company.ids).search([])

    def test_comparison_shows_no_other_company(self):
        rival_runs = self.env["vip.tier.run"].search([("company_id", "=", self.rival_company.id)])
        rows = self._as("boss", self.env["vip.tier.run.comparison"])
        self.assertFalse(rows.with_context(vip_run_ids=rival_runs.ids).search([]))

    def test_comparison_takes_no_nonsense(self):
        rows = self._as("boss", self.env["vip.tier.run.comparison"])
        for chosen in (None, 5, [1], [1, 2, 3], ["a", "b"], "ab", {"a": 1}, [[1], 2]):
            with self.subTest(chosen=chosen):
                self.assertFalse(rows.with_context(vip_run_ids=chosen).search([]))

    def test_preview_tells_nothing_of_another_company(self):
        """The form of a new policy shows figures of the book: only of companies the user is in."""
        Policy = self._as("boss", self.env["vip.tier.policy"])
        spec = {"book_preview": {}, "rule_ids": {"fields": {"customer_count": {}}}}
        rule = {"tier_id": self.silver.id, "min_average_spend": 1}
        for company, told in ((self.company, True), (self.rival_company, False)):
            values = {
                "company_id": company.id,
                "date_from": "2027-02-01",
                "date_to": "2028-01-31",
                "window_months": 12,
                "rule_ids": [(0, "virtual", rule)],
            }
            with self.subTest(company=company.name):
                try:
                    shown = Policy.onchange(values, ["company_id"], spec)["value"]
                except AccessError:
                    shown = {}
                self.assertEqual("customers with bills" in str(shown), told, shown)

    def test_preview_is_for_who_sees_the_whole_book(self):
        policy = self.book["own"]["vip.tier.policy"]
        for role in ("manager_a", "lead"):
            for record, name in ((policy, "book_preview"), (policy.rule_ids, "customer_count")):
                with self.subTest(role=role, field=name):
                    with self.assertRaises(AccessError):
                        self._as(role, record).read([name])
                    self.assertNotIn(name, self._as(role, record).fields_get())
        for role in ("boss", "auditor"):
            self.assertTrue(self._as(role, policy).read(["book_preview"])[0]["book_preview"])

    # ------------------------------------------------------------
    # what contacts and leads tell
    # ------------------------------------------------------------

    def test_contact_shows_tier_card_manager_branch_inside(self):
        shown = [
            "vip_tier_id",
            "vip_tier_color",
            "vip_tier_valid_until",
            "vip_since",
            "vip_joined_on",
            "vip_card_number",
            "vip_manager_id",
            "vip_team_id",
            "vip_protected",
        ]
        for role in set(ROLES) - {"portal"}:
            for reach in REACHES:
                with self.subTest(role=role, reach=reach):
                    [values] = self._as(role, self.book[reach]["res.partner"]).read(shown)
                    self.assertEqual(values["vip_tier_id"], (self.silver.id, "Silver"))

    def test_contact_can_be_searched_sorted_and_grouped_inside(self):
        partners = self._as("employee", self.env["res.partner"])
        ours = [self.book[reach]["res.partner"].id for reach in ("own", "far")]
        domain = [("id", "in", ours), ("vip_tier_id", "=", self.silver.id)]
        for name in (
            "vip_tier_id",
            "vip_since",
            "vip_card_number",
            "vip_manager_id",
            "vip_team_id",
            "vip_protected",
        ):
            with self.subTest(field=name):
                found = partners.search([*domain, (name, "!=", False)], order=f"{name}, id")
                self.assertLessEqual(set(found.ids), set(ours))
                spec = f"{name}:month" if name == "vip_since" else name
                groups = partners.formatted_read_group(domain, [spec], ["__count"])
                self.assertEqual(sum(group["__count"] for group in groups), 2)

    def test_portal_sees_nothing(self):
        partner = self._as("portal", self.users["portal"].partner_id)
        self.assertFalse([n for n in partner.fields_get() if n.startswith("vip_")])
        self.env["vip.membership"]._ensure(partner.ids, self.company)
        for name in self.env["res.partner"]._fields:
            if name.startswith("vip_"):
                with self.subTest(field=name), self.assertRaises(AccessError):
                    self._as("portal", partner).read([name])
                with self.subTest(domain=name), self.assertRaises(AccessError):
                    self._as("portal", partner).search([(name, "!=", False)])

    def test_every_field_of_a_contact_that_is_told_can_be_read(self):
        for role in set(ROLES) - {"portal"}:
            partner = self._as(role, self.book["own"]["res.partner"])
            with self.subTest(role=role):
                names = [name for name in partner.fields_get() if name.startswith("vip_")]
                [values] = partner.read(names)
                self.assertEqual(
                    "vip_number_ids" in values,
                    role in ("manager_a", "deputy", "lead", "boss", "approver", "auditor"),
                )

    def test_questions_about_members_are_refused(self):
        """Nobody without the right to VIP pages learns a private profile by asking about contacts."""
        for role in ("employee", "desk", "importer"):
            partners = self._as(role, self.env["res.partner"])
            for method, args in (*MEMBER_QUESTIONS, *NUMBER_QUESTIONS):
                with (
                    self.subTest(role=role, method=method, args=args),
                    self.assertRaises(AccessError),
                ):
                    getattr(partners, method)(*args)

    def test_questions_about_members_are_answered_within_reach(self):
        """The account manager asks the same and gets answers about his own customers only."""
        own, far, rival = (self.book[reach]["res.partner"].id for reach in REACHES)
        for method, args in (*MEMBER_QUESTIONS[:2], *NUMBER_QUESTIONS[:2], NUMBER_QUESTIONS[3]):
            partners = self._as("manager_a", self.env["res.partner"])
            with self.subTest(args=args):
                found = set(getattr(partners, method)(*args).ids) & {own, far, rival}
                self.assertLessEqual(found, {own})
        domain = [("id", "in", [own, far, rival])]
        groups = self._as("manager_a", self.env["res.partner"]).formatted_read_group(
            domain, ["vip_membership_id.birthday:day"], ["__count"]
        )
        self.assertEqual(
            {bool(group["vip_membership_id.birthday:day"]): group["__count"] for group in groups},
            {True: 1, False: 2},
        )

    def test_questions_through_leads_and_users(self):
        questions = [
            ("crm.lead", "partner_id.vip_membership_id"),
            ("crm.lead", "partner_id.vip_number_ids"),
            ("res.users", "vip_membership_id"),
            ("res.users", "vip_number_ids"),
            ("res.users", "partner_id.vip_membership_id"),
            ("mail.message", "author_id.vip_membership_id"),
        ]
        for model, path in questions:
            name = "number" if path.endswith("number_ids") else "birthday"
            for role in ("employee", "desk"):
                records = self._as(role, self.env[model])
                with (
                    self.subTest(model=model, path=path, role=role),
                    self.assertRaises(AccessError),
                ):
                    records.search([(f"{path}.{name}", "!=", False)])
                if name == "birthday":
                    with (
                        self.subTest(model=model, group_by=path, role=role),
                        self.assertRaises(AccessError),
                    ):
                        records.formatted_read_group([], [f"{path}.birthday:day"], ["__count"])

    def test_nested_reads(self):
        """``web_read`` and export follow relations with the rights of the reader."""
        far = self.book["far"]["res.partner"]
        spec = {"vip_membership_id": {"fields": {"birthday": {}}}}
        for role in ("employee", "desk", "manager_a"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self._as(role, far).web_read(spec)
        numbers = {"vip_number_ids": {"fields": {"number": {}}}}
        with self.assertRaises(AccessError):
            self._as("desk", far).web_read(numbers)
        self.assertEqual(self._as("manager_a", far).web_read(numbers)[0]["vip_number_ids"], [])

    def test_exports(self):
        far = self.book["far"]["res.partner"]
        for role in ("employee", "desk", "manager_a"):
            self.users[role].group_ids |= self.env.ref("base.group_allow_export")
            for path in ("vip_membership_id/birthday", "vip_number_ids/number"):
                with self.subTest(role=role, path=path):
                    try:
                        told = self._as(role, far).export_data([path])["datas"]
                    except AccessError:
                        continue
                    self.assertFalse(any(any(row) for row in told), told)
        self.assertFalse(far.fields_get(["vip_membership_id"])["vip_membership_id"]["exportable"])

    def test_member_names_are_found_within_reach(self):
        members = self._as("manager_a", self.env["vip.membership"])
        self.assertTrue(members.name_search("Own"))
        self.assertFalse(members.name_search("Far"))
        self.assertFalse(members.name_search("Rival"))

    def test_bills_are_summed_within_reach(self):
        bills = self._as("manager_a", self.env["vip.billing.fact"])
        [total] = bills.formatted_read_group([], [], ["amount:sum"])
        self.assertEqual(total["amount:sum"], 12 * 650)

    # ------------------------------------------------------------
    # benefits
    # ------------------------------------------------------------

    def test_desk_sees_redemptions_without_money(self):
        redemption = self.book["far"]["vip.redemption"]
        [told] = self._as("desk", redemption).read()
        self.assertEqual(told["display_name"], "Lounge × 5, Far")
        self.assertEqual(told["state"], "requested")
        self.assertFalse({"value", "unit_value"} & told.keys())
        for word in ("47.13", "235.65"):
            self.assertNotIn(word, str(told))
        for role in ("manager_a", "auditor"):
            self.assertAlmostEqual(self._as(role, redemption).value, 5 * UNIT_VALUE)

    def test_desk_asks_in_vain_about_money_and_entitlements(self):
        redemption, benefit = self.book["own"]["vip.redemption"], self.lounge
        promise = benefit.tier_benefit_ids
        self.users["desk"].group_ids |= self.env.ref("base.group_allow_export")
        questions = [
            (redemption, "read", [["value"]]),
            (redemption, "search", [[("unit_value", ">", 10)]]),
            (redemption, "search", [[], 0, None, "value"]),
            (redemption, "formatted_read_group", [[], [], ["value:sum"]]),
            (redemption, "formatted_read_group", [[], ["value"], ["__count"]]),
            (redemption, "export_data", [["value"]]),
            (redemption, "search", [[("entitlement_id.remaining", ">", 0)]]),
            (redemption, "search", [[("entitlement_id", "any", [("goodwill", ">", 0)])]]),
            (redemption, "formatted_read_group", [[], ["entitlement_id.granted"], ["__count"]]),
            (redemption, "web_read", [{"entitlement_id": {"fields": {"remaining": {}}}}]),
            (redemption, "search", [[("partner_id.vip_membership_id.birthday", "=", BIRTHDAY)]]),
            (redemption, "search", [[("benefit_id.unit_value", ">", 10)]]),
            (redemption, "web_read", [{"benefit_id": {"fields": {"unit_value": {}}}}]),
            (benefit, "read", [["unit_value"]]),
            (benefit, "search", [[("unit_value", ">", 10)]]),
            (benefit, "search", [[("tier_benefit_ids.unit_value", ">", 10)]]),
            (promise, "read", [["unit_value"]]),
            (promise, "formatted_read_group", [[], [], ["unit_value:sum"]]),
        ]
        for record, method, args in questions:
            with (
                self.subTest(model=record._name, method=method, args=args),
                self.assertRaises(AccessError),
            ):
                getattr(self._as("desk", record), method)(*args)

    def test_entitlements_tell_nothing_private(self):
        """The answer for the desk: of any customer what he may have, no money, no profile."""
        partner = self.book["far"]["res.partner"]
        told = self._as("desk", partner).vip_entitlements()
        [lounge] = [line for line in told if line["code"] == self.lounge.code]
        self.assertEqual(
            lounge,
            {
                "code": "TEST_LOUNGE",
                "name": "Lounge",
                "delivery": "on_request",
                "unit": False,
                "granted": 11,
                "used": 8,
                "remaining": 3,
                "date_from": "2026-02-01",
                "date_to": "2027-01-31",
            },
        )
        for word in (BIRTHDAY, "13800000002", str(UNIT_VALUE), "Waited long"):
            self.assertNotIn(word, str(told))

    def test_dialog_tells_what_the_caller_may_know(self):
        spec = {
            "offer": {},
            "remaining": {},
            "offered_ids": {"fields": {"display_name": {}}},
            "tier_id": {"fields": {"display_name": {}}},
            "benefit_id": {},
        }
        for role, reach, is_told in (
            ("desk", "own", True),
            ("desk", "far", True),
            ("desk", "rival", False),
            ("boss", "rival", False),
            ("auditor", "own", False),
            ("importer", "own", False),
            ("employee", "own", False),
            ("portal", "own", False),
        ):
            values = {
                "partner_id": self.book[reach]["res.partner"].id,
                "benefit_id": self.lounge.id,
            }
            dialogs = self._as(role, self.env["vip.redeem"])
            defaults = {f"default_{name}": value for name, value in values.items()}
            prefilled = dialogs.with_context(**defaults)
            doors = {
                "onchange": partial(dialogs.onchange, values, ["partner_id"], spec),
                "new": partial(prefilled.onchange, {}, [], spec),
                "create": partial(self._create_and_read, dialogs, values, spec),
            }
            for door, ask in doors.items():
                with self.subTest(role=role, reach=reach, door=door):
                    if is_told:
                        answer = ask()["value"]
                        self.assertIn("Lounge", str(answer["offer"]))
                        self.assertNotIn(str(UNIT_VALUE), str(answer["offer"]))
                        self.assertEqual(answer["remaining"], "3 of 11")
                    else:
                        with self.assertRaises(AccessError):
                            ask()

    def _create_and_read(self, dialogs, values, spec):
        return {"value": dialogs.create(values).web_read(spec)[0]}

    def test_dialog_is_its_makers(self):
        dialog = self._as("boss", self.env["vip.redeem"]).create(
            {"partner_id": self.book["own"]["res.partner"].id, "benefit_id": self.lounge.id}
        )
        for call in ("read", "action_redeem"):
            with self.subTest(call=call), self.assertRaises(AccessError):
                getattr(self._as("desk", dialog), call)()

    def test_dialogs_of_leads_stay_in_their_branch(self):
        far = self.book["far"]
        attempts = [
            (
                "vip.goodwill.grant",
                {
                    "partner_id": far["res.partner"].id,
                    "benefit_id": self.lounge.id,
                    "reason": "Promised",
                },
            ),
            (
                "vip.redemption.correct",
                {"redemption_id": far["delivered redemption"].id, "reason": "Mistaken"},
            ),
        ]
        for model, values in attempts:
            with self.subTest(model=model), self.assertRaises(AccessError):
                self._as("lead", self.env[model]).create(values).action_confirm()

    def test_who_asked_does_not_approve(self):
        partner = self._as("lead", self.book["own"]["res.partner"])
        self.lounge.needs_approval = True
        told = partner.vip_redeem("TEST_LOUNGE")
        redemption = self.env["vip.redemption"].browse(told["redemption_id"])
        self.assertEqual(redemption.state, "requested")
        with self.assertRaisesRegex(UserError, "requested .* yourself"):
            self._as("lead", redemption).action_approve()
        self._as("boss", redemption).action_approve()
        self.assertEqual(redemption.approved_by, self.users["boss"])

    def test_automatic_benefits_are_the_account_managers(self):
        gift = self.env["vip.benefit"].create(
            {
                "name": "Gift",
                "code": "TEST_GIFT",
                "delivery": "automatic",
                "category_id": self.lounge.category_id.id,
                "tier_benefit_ids": [(0, 0, {"tier_id": self.silver.id, "quantity": 4})],
            }
        )
        self.env["vip.entitlement"]._grant(self.company)
        for role, own, far in (
            ("desk", False, False),
            ("manager_a", True, False),
            ("deputy", True, False),
            ("lead", True, False),
            ("boss", True, True),
        ):
            for reach, is_allowed in (("own", own), ("far", far)):
                partner = self.book[reach]["res.partner"]
                given = self.env["vip.redemption"]._redeem(partner.vip_membership_id, gift, 1)
                calls = {
                    "vip_redeem": (partner, "TEST_GIFT"),
                    "action_issue": (given,),
                    "action_cancel": (given,),
                }
                for door, (record, *args) in calls.items():
                    call = partial(getattr(self._as(role, record), door), *args)
                    with (
                        self.subTest(role=role, reach=reach, door=door),
                        closing(self.env.cr.savepoint(flush=False)) as savepoint,
                    ):
                        if is_allowed:
                            call()
                        else:
                            with self.assertRaises(AccessError):
                                call()
                        self.env.transaction.clear()
                        savepoint.rollback()
                given._advance("cancelled")
                given.entitlement_id._use(-1)

    def test_customers_are_found_by_number_at_the_desk_only(self):
        ours = {self.book[reach]["res.partner"].id: reach for reach in REACHES}
        for role in ROLES:
            partners = self._as(role, self.env["res.partner"]).with_context(vip_find_number=True)
            for text in ("13800000001", "138 0000 0002", "+86 138-0000-0003"):
                found = []
                with suppress(AccessError):  # portal users see no contacts
                    found = [ours.get(key) for key, _name in partners.name_search(text)]
                may_find = role in ("desk", "manager_a", "deputy", "lead", "boss", "approver")
                expected = {"13800000001": ["own"], "138 0000 0002": ["far"]}.get(text, [])
                with self.subTest(role=role, text=text):
                    self.assertEqual(found, expected if may_find else [])

    def test_redemptions_stay_with_their_company(self):
        rival = self.book["rival"]["vip.redemption"]
        for role in ("desk", "boss", "auditor"):
            mine = self._as(role, rival.browse())
            with self.subTest(role=role):
                self.assertNotIn(rival, mine.search([]))
                self.assertFalse(mine.name_search("Rival"))
                with self.assertRaises(AccessError):
                    self._as(role, rival).message_post(body="Hello")

    def test_auditor_writes_nothing_beside_redemptions(self):
        redemption = self.book["own"]["vip.redemption"]
        self._as("desk", redemption).message_post(body="He will fetch it tomorrow")
        with self.assertRaises(AccessError):
            self._as("auditor", redemption).message_post(body="Hello")
        with self.assertRaises(AccessError):
            self._as("auditor", self.env["mail.message"]).create(
                {"model": redemption._name, "res_id": redemption.id, "body": "Hello"}
            )

    def test_report_counts_within_reach(self):
        for role, customers in (("manager_a", 1), ("lead", 1), ("boss", 2), ("auditor", 2)):
            rows = self._as(role, self.env["vip.benefit.report"])
            [total] = rows.formatted_read_group(
                [("benefit_id", "=", self.lounge.id)], [], ["granted:sum", "used_value:sum"]
            )
            with self.subTest(role=role):
                self.assertEqual(total["granted:sum"], 11 * customers)
                self.assertAlmostEqual(total["used_value:sum"], 8 * UNIT_VALUE * customers)

    # ------------------------------------------------------------
    # chatter and files
    # ------------------------------------------------------------

    def test_chatter_of_a_vip_page(self):
        far = self.book["far"]["vip.membership"]
        for role in ("employee", "desk", "manager_a", "auditor"):
            with self.subTest(role=role, door="message_post"), self.assertRaises(AccessError):
                self._as(role, far).message_post(body="Hello")
            with self.subTest(role=role, door="activity"), self.assertRaises(AccessError):
                self._as(role, self.env["mail.activity"]).create(
                    {
                        "res_model_id": self.env["ir.model"]._get_id("vip.membership"),
                        "res_id": far.id,
                        "summary": "Call",
                        "user_id": self.users[role].id,
                    }
                )
            with self.subTest(role=role, door="message"), self.assertRaises(AccessError):
                self._as(role, self.env["mail.message"]).create(
                    {"model": "vip.membership", "res_id": far.id, "body": "Hello"}
                )
            if role != "auditor":
                with self.subTest(role=role, door="follow"):
                    partner = self.users[role].partner_id
                    self.assertFalse(self._as(role, far).message_subscribe(partner.ids))
                    self.assertNotIn(partner, far.message_partner_ids)

    def test_files_of_a_vip_page(self):
        far = self.book["far"]["vip.membership"]
        values = {"name": "note.txt", "raw": b"private", "res_model": far._name, "res_id": far.id}
        attachment = self.env["ir.attachment"].create(values)
        for role in ("portal", "employee", "desk", "manager_a"):
            with self.subTest(role=role, door="read"), self.assertRaises(AccessError):
                self._as(role, attachment).read(["raw"])
            with self.subTest(role=role, door="create"), self.assertRaises(AccessError):
                self._as(role, self.env["ir.attachment"]).create(values)
        self.assertEqual(self._as("auditor", attachment).raw, b"private")

    # ------------------------------------------------------------
    # what is written stays within reach
    # ------------------------------------------------------------

    def test_nothing_is_pushed_out_of_reach(self):
        """Who may write a record may not make it somebody else's, or another company's."""
        rival = self.book["rival"]
        draft = self._create_policy(in_force=False, name="Draft")
        with self._in_company(self.rival_company):
            rival_draft = self._create_policy(in_force=False, name="Theirs", band_ids=[])
        month = self.env["vip.billing.month"].create({"month": "2024-01-01"})
        attempts = [
            (
                "lead",
                self.book["own"]["vip.tier.override"],
                {"partner_id": self.book["far"]["res.partner"].id},
            ),
            (
                "boss",
                self.book["own"]["vip.tier.override"],
                {"partner_id": rival["res.partner"].id},
            ),
            ("boss", self.book["own"]["vip.billing.fact"], {"partner_id": rival["res.partner"].id}),
            ("boss", draft, {"company_id": self.rival_company.id}),
            ("boss", draft.rule_ids[0], {"policy_id": rival_draft.id}),
            ("boss", draft.band_ids[0], {"policy_id": rival_draft.id}),
            ("boss", month, {"company_id": self.rival_company.id}),
        ]
        for role, record, values in attempts:
            with (
                self.subTest(role=role, model=record._name, values=values),
                self.assertRaises(UserError),  # AccessError is one
            ):
                self._as(role, record).write(values)
                self.env.flush_all()

    def test_nothing_is_created_out_of_reach(self):
        far, rival = self.book["far"], self.book["rival"]
        override = {"tier_id": self.gold.id, "date_to": "2026-12-31", "reason": "Promised"}
        month = {"month": "2025-01-01", "amount": 1}
        attempts = [
            ("manager_a", "vip.tier.override", {"partner_id": far["res.partner"].id, **override}),
            ("lead", "vip.tier.override", {"partner_id": far["res.partner"].id, **override}),
            ("boss", "vip.tier.override", {"partner_id": rival["res.partner"].id, **override}),
            (
                "manager_a",
                "vip.service.number",
                {"partner_id": far["res.partner"].id, "number": "400"},
            ),
            (
                "boss",
                "vip.service.number",
                {"partner_id": rival["res.partner"].id, "number": "400"},
            ),
            ("boss", "vip.billing.fact", {"partner_id": rival["res.partner"].id, **month}),
            ("boss", "vip.billing.fact", {"number_id": rival["vip.service.number"].id, **month}),
            (
                "boss",
                "vip.tier.run",
                {"policy_id": rival["vip.tier.policy"].id, "as_of": "2026-03-01"},
            ),
            (
                "boss",
                "vip.tier.rule",
                {"policy_id": rival["vip.tier.policy"].id, "tier_id": self.gold.id},
            ),
            (
                "boss",
                "vip.billing.month",
                {"company_id": self.rival_company.id, "month": "2024-01-01"},
            ),
            ("boss", "vip.tier.policy", {"name": "Theirs", "company_id": self.rival_company.id}),
        ]
        for role, model, values in attempts:
            with (
                self.subTest(role=role, model=model, values=values),
                self.assertRaises(AccessError),
            ):
                self._as(role, self.env[model]).create(values)

    def test_refusals_tell_nothing_of_another_company(self):
        """Odoo checks constraints before record rules: their sentences must not name what is not seen."""
        rival, own = self.book["rival"], self.book["own"]
        secret = self.env["res.partner"].create(
            {"name": "Secret", "company_id": self.rival_company.id}
        )
        attempts = [
            (
                "vip.billing.fact",
                {
                    "partner_id": own["res.partner"].id,
                    "number_id": rival["vip.service.number"].id,
                    "month": "2024-01-01",
                    "amount": 1,
                },
                "13800000003",
            ),
            (
                "vip.tier.run",
                {"policy_id": rival["vip.tier.policy"].id, "as_of": "2020-01-01"},
                "2027",
            ),
            (
                "vip.tier.run",
                {
                    "policy_id": own["vip.tier.policy"].id,
                    "scope": "one",
                    "partner_id": secret.id,
                },
                "nothing",
            ),
            (
                "vip.tier.override",
                {
                    "partner_id": secret.id,
                    "tier_id": self.gold.id,
                    "date_to": "2026-12-31",
                    "reason": "Promised",
                },
                "nothing",
            ),
        ]
        for model, values, word in attempts:
            records = self._as("boss", self.env[model])
            defaults = {f"default_{name}": value for name, value in values.items()}
            doors = {
                "create": (records, values),
                "default_": (records.with_context(**defaults), {}),
            }
            for door, (creator, given) in doors.items():
                with self.subTest(model=model, door=door, values=values):
                    with self.assertRaises(AccessError) as caught:
                        creator.create(given)
                    self.assertNotIn(word, str(caught.exception))

    def test_company_of_a_customer_cannot_change_behind_the_programme(self):
        with self.assertRaises(UserError):
            self.book["own"]["res.partner"].company_id = self.rival_company

    def test_actions_name_what_is_allowed(self):
        """Actions carry ids and domains, no figures: what they open is checked when it is read."""
        member = self._as("manager_a", self.book["own"]["vip.membership"])
        action = member.action_view_bills()
        domain = action["domain"]
        domain = literal_eval(domain) if isinstance(domain, str) else domain
        self.assertEqual(
            len(self._as("manager_a", self.env["vip.billing.fact"]).search(domain)), 12
        )
