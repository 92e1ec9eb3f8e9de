"""What is asked of the rights of every addon's models, role by role: see ``RolesChecks``."""

from odoo.exceptions import AccessError

from .doors_common import REACHES, ROLES, SAME_AS, DoorsCase

# What a role may do with a record of an own customer, and with one out of his reach in his company:
# r(ead), w(rite), u(nlink). A record of another company is out of reach for all. Who is not named may
# nothing; who stands for another role (``SAME_AS``) has what that one has, unless named.
OPERATIONS = {"r": "read", "w": "write", "u": "unlink"}


class RolesChecks(DoorsCase):
    """Compares the rights of an addon's models with its tables; ``test_security_roles`` has them."""

    allow_inherited_tests_method = True

    # model -> role -> rights of customers' records
    rights = {}
    # what all companies share: model -> roles that read it; who may create it may also change it
    catalogue = {}
    # model -> roles that may create at all (a rule still says for whom); every dialog has its line
    creators = {}
    # models whose records are one company's, or all companies'
    shared = frozenset()
    # models whose records nobody keeps
    without_records = frozenset()

    def _our_models(self):
        """(name, model) of all models of this addon."""
        return [
            (name, model)
            for name, model in self.env.items()
            if name.startswith("vip.")
            and not model._abstract
            and model._original_module == self.addon
        ]

    def _rights(self, model, role):
        table = self.rights[model]
        return table.get(role, table.get(SAME_AS.get(role), ("", "")))

    def _is_one_of(self, role, roles):
        return role in roles or SAME_AS.get(role) in roles

    def _creates(self, role, model):
        return self._is_one_of(role, self.creators.get(model, ()))

    def test_every_model_has_rights_and_a_company_rule(self):
        """Every model of the addon has access lines; with a company it has a rule that holds for all."""
        for name, model in self._our_models():
            with self.subTest(model=name):
                lines = self.env["ir.model.access"].search([("model_id.model", "=", name)])
                self.assertTrue(lines, "no access lines")
                self.assertTrue(all(line.group_id for line in lines), "a line for everybody")
                if "company_id" in model._fields:
                    rules = self.env["ir.rule"].search(
                        [("model_id.model", "=", name), ("groups", "=", False)]
                    )
                    companies = "company_ids + [False]" if name in self.shared else "company_ids"
                    self.assertEqual(
                        rules.mapped("domain_force"), [f"[('company_id', 'in', {companies})]"]
                    )
                    self.assertTrue(
                        all(
                            r.perm_read and r.perm_write and r.perm_create and r.perm_unlink
                            for r in rules
                        )
                    )
                if model._transient:
                    self.assertIn(name, self.creators, f"{name} is not in the table CREATORS")
                elif name not in self.without_records:
                    self.assertIn(
                        name,
                        {*self.rights, *self.catalogue},
                        f"{name} is in no table: RIGHTS, or CATALOGUE",
                    )

    def test_every_model_with_rights_has_records(self):
        """The tables are asked about a record of each reach, which ``doors_common`` makes."""
        for name in self.rights:
            for reach in REACHES:
                with self.subTest(model=name, reach=reach):
                    self.assertIn(name, self.book[reach], f"doors_common makes no {name}")
                    record = self.book[reach][name]
                    self.assertTrue(record.exists(), f"doors_common makes no {name} ({reach})")

    def test_every_dialog_is_its_makers(self):
        """What somebody is about to do is told to nobody else."""
        for name, model in self._our_models():
            if not model._transient:
                continue
            rules = self.env["ir.rule"].search([("model_id.model", "=", name)])
            with self.subTest(model=name):
                self.assertEqual(
                    rules.mapped("domain_force"),
                    ["[('create_uid', '=', user.id)]"],
                    f"{name} needs the rule of dialogs, for everybody",
                )
                self.assertFalse(rules.groups)

    def test_customer_models_have_the_roles_rules(self):
        """What belongs to one customer is narrowed by portfolio, branch, all, and audit; what the desk
        may read has a rule of the desk's besides."""
        at_the_desk = self.env["ir.model.access"].search(
            [("group_id", "=", self.env.ref("vip_customer.group_vip_desk").id)]
        )
        desk_models = set(at_the_desk.model_id.mapped("model"))
        for name in self._customer_models():
            rules = self.env["ir.rule"].search(
                [("model_id.model", "=", name), ("groups", "!=", False)]
            )
            with self.subTest(model=name):
                self.assertEqual(
                    set(rules.groups.mapped("name")),
                    {
                        "Account manager",
                        "Team lead",
                        "Manager",
                        "Auditor",
                        *(["Front desk and hotline"] if name in desk_models else []),
                    },
                )
                audit = rules.filtered(
                    lambda rule: self.env.ref("vip_customer.group_vip_auditor") in rule.groups
                )
                self.assertFalse(audit.perm_write or audit.perm_create or audit.perm_unlink)

    def _customer_models(self):
        """Models of one customer each that an account manager may read."""
        readable = self.env["ir.model.access"].search(
            [("group_id", "=", self.env.ref("vip_customer.group_vip_user").id)]
        )
        names = set(readable.model_id.mapped("model"))
        return [
            name
            for name, model in self._our_models()
            if name in names and not model._transient and "partner_id" in model._fields
        ]

    def test_rights(self):
        for model in self.rights:
            for role in ROLES:
                own, far = self._rights(model, role)
                for reach, rights in zip(REACHES, (own, far, ""), strict=True):
                    record = self._as(role, self.book[reach][model])
                    for letter, operation in OPERATIONS.items():
                        with self.subTest(model=model, role=role, reach=reach, operation=operation):
                            self.assertEqual(record.has_access(operation), letter in rights)

    def test_create_rights(self):
        for model in {*self.rights, *self.creators}:
            for role in ROLES:
                with self.subTest(model=model, role=role):
                    allowed = self._as(role, self.env[model]).has_access("create")
                    self.assertEqual(allowed, self._creates(role, model))

    def test_search_finds_what_may_be_read(self):
        ours = {
            model: {reach: self.book[reach][model].id for reach in REACHES} for model in self.rights
        }
        for model in self.rights:
            for role in ROLES:
                expected = {
                    ours[model][reach]
                    for reach, rights in zip(REACHES, self._rights(model, role), strict=False)
                    if "r" in rights
                }
                records = self._as(role, self.book["own"][model].browse())
                with self.subTest(model=model, role=role):
                    if expected or records.has_access("read"):
                        found = set(records.search([]).ids) & set(ours[model].values())
                        self.assertEqual(found, expected)
                    else:
                        with self.assertRaises(AccessError):
                            records.search([])

    def _prepare_catalogue(self):
        """Make a record of what is shipped empty."""

    def test_catalogue(self):
        self._prepare_catalogue()
        for model, readers in self.catalogue.items():
            record = self.env[model].search([], limit=1) or self.book["own"][model]
            for role in ROLES:
                mine = self._as(role, record)
                writes = self._creates(role, model)
                with self.subTest(model=model, role=role):
                    self.assertEqual(mine.has_access("read"), self._is_one_of(role, readers))
                    self.assertEqual(mine.has_access("write"), writes)
                    self.assertEqual(mine.has_access("unlink"), writes)

    def test_companies_follow_the_switch(self):
        boss = self.users["boss"]
        boss.company_ids |= self.rival_company
        for active, expected in (
            (self.company, {"own", "far"}),
            (self.rival_company, {"rival"}),
            (self.company | self.rival_company, {"own", "far", "rival"}),
        ):
            for model in self.rights:
                records = self.book["own"][model].with_user(boss)
                run_ids = [
                    run
                    for reach in ("own", "rival")
                    for run in self.env["vip.tier.run"]
                    .search([("policy_id", "=", self.book[reach]["vip.tier.policy"].id)])
                    .ids
                ]
                records = records.with_context(
                    allowed_company_ids=active.ids, vip_run_ids=[run_ids[0], run_ids[2]]
                )
                with self.subTest(model=model, active=active.mapped("name")):
                    found = set(records.search([]).ids)
                    self.assertEqual(
                        {r for r in REACHES if self.book[r][model].id in found}, expected
                    )
