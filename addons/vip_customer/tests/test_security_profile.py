"""The private profile is closed to the desk, to other account managers and to leads of other branches,
whatever they ask, and open to who looks after the customer."""

from contextlib import suppress

from odoo.exceptions import AccessError, UserError
from odoo.models import BaseModel
from odoo.tests import HttpCase, freeze_time, tagged
from odoo.tools import mute_logger

from ..models.res_partner import VIP_FIELDS
from .profile_common import BESIDE, INSIDERS, OUTSIDERS, PATHS, PRIVATE, ProfileCase

# Odoo exports no messages.
NOBODY = {("mail.message", "export_data")}
QUIET = (
    "odoo.http",
    "odoo.addons.base.models.ir_model",
    "odoo.addons.base.models.ir_rule",
    "odoo.models",
    "py.warnings",  # "read_group" is one of the doors, and deprecated
)


@tagged("post_install", "-at_install", "vip_security")
class TestSecurityProfile(ProfileCase):
    def _ask(self, role, records, question):
        """Plain data, None where the question is refused."""
        with suppress(UserError):  # AccessError, and that one may not export at all
            answer = getattr(self._as(role, records), question.method)(**question.kwargs)
            return answer.ids if isinstance(answer, BaseModel) else answer
        return None

    @mute_logger(*QUIET)
    def test_closed_to_outsiders(self):
        for record, value, question in self._questions():
            records = record if question.on_record else record.browse()
            for role in OUTSIDERS:
                with self.subTest(
                    role=role, model=record._name, method=question.method, kwargs=question.kwargs
                ):
                    answer = self._ask(role, records, question)
                    self.assertFalse(self._leaks(record, value, question, answer), answer)
                    if question.on_record and question.method != "onchange":
                        self.assertIsNone(answer, "answered without the right to the record")

    @mute_logger(*QUIET)
    def test_open_to_insiders(self):
        """The same questions tell who looks after him: they are no empty ones."""
        for record, value, question in self._questions():
            if not question.answers or (record._name, question.method) in NOBODY:
                continue
            records = record if question.on_record else record.browse()
            for role in INSIDERS:
                if role == "auditor" and record._name == "mail.activity":
                    continue  # Odoo shows activities to who may write on the page
                with self.subTest(
                    role=role, model=record._name, method=question.method, kwargs=question.kwargs
                ):
                    answer = self._ask(role, records, question)
                    self.assertTrue(self._leaks(record, value, question, answer), answer)

    # ------------------------------------------------------------
    # relations
    # ------------------------------------------------------------

    @mute_logger(*QUIET)
    def test_no_way_from_a_contact(self):
        """What an outsider finds does not depend on what the profile says."""
        partner = self.book["own"]["res.partner"]
        for path, value in PATHS.items():
            other = "1999-01-01" if value[0].isdigit() else "Nothing of the kind"
            for role in OUTSIDERS:
                for domain in ([(path, "=", "?")], ["!", (path, "!=", "?")], [(path, "!=", "?")]):
                    with self.subTest(role=role, domain=domain):
                        found = [
                            self._search(role, [*domain[:-1], (*domain[-1][:2], word)])
                            for word in (value, other)
                        ]
                        self.assertEqual(*found)
                with self.subTest(role=role, path=path, method="export_data"):
                    told = None
                    with suppress(UserError):  # as above
                        told = self._as(role, partner).export_data([path.replace(".", "/")])
                    self.assertNotIn(value, str(told))
            for role in INSIDERS:
                with self.subTest(role=role, path=path):
                    self.assertEqual(self._search(role, [(path, "=", value)]), partner)

    def _search(self, role, domain):
        with suppress(AccessError):
            return self._as(role, self.env["res.partner"]).search(domain)
        return None

    @mute_logger(*QUIET)
    def test_no_way_from_any_model(self):
        """Whatever refers to a private record is asked through: by who may read the one and not the
        other."""
        asked = 0
        for model, name, comodel in self._references():
            for field, value in (PRIVATE | BESIDE)[comodel].items():
                for role in OUTSIDERS:
                    records = self._as(role, self.env[model])
                    with self.subTest(role=role, model=model, path=f"{name}.{field}"):
                        found = None
                        with suppress(AccessError):
                            found = records.search([(f"{name}.{field}", "=", value)], limit=1)
                        self.assertFalse(found)
                asked += 1
        self.assertGreater(asked, 10)

    def _references(self):
        """(model, field, private model) of all fields that refer to private records."""
        for model, cls in self.registry.items():
            if cls._abstract or cls._transient:
                continue
            for name, field in cls._fields.items():
                if (
                    field.relational
                    and field.comodel_name in PRIVATE
                    and field._description_searchable
                ):
                    yield model, name, field.comodel_name

    def test_no_relation_opens_a_door_of_its_own(self):
        """``bypass_search_access`` would let domains through it without asking the rules behind it."""
        for model, cls in self.registry.items():
            for name, field in cls._fields.items():
                if field.relational and field.comodel_name in PRIVATE:
                    with self.subTest(model=model, field=name):
                        self.assertFalse(getattr(field, "bypass_search_access", False))

    def test_no_field_outside_repeats_a_private_one(self):
        """A related field is read with the superuser's rights: what it repeats, everybody knows."""
        for model, cls in self.registry.items():
            if cls._abstract or model in PRIVATE:
                continue
            for name, field in cls._fields.items():
                if not field.related or not field.compute_sudo:
                    continue
                origin = field.related_field
                while origin.related and origin.model_name not in PRIVATE:
                    origin = origin.related_field
                if origin.model_name in PRIVATE and name not in VIP_FIELDS:
                    with self.subTest(model=model, field=name):
                        self.assertNotIn(origin.name, PRIVATE[origin.model_name])

    # ------------------------------------------------------------
    # chatter
    # ------------------------------------------------------------

    def test_changes_are_told_to_insiders(self):
        """What Odoo noted of a change goes with its message."""
        message = self.records["mail.message"]
        change = self.env["mail.tracking.value"].create(
            {
                "field_id": self.env["ir.model.fields"]._get("vip.membership", "birthday").id,
                "new_value_char": "Sells the house",
                "mail_message_id": message.id,
            }
        )
        for role in (*OUTSIDERS, *INSIDERS):
            changes = self._as(role, change)
            for method, args in (
                ("read", [["new_value_char"]]),
                ("search", [[("new_value_char", "=", "Sells the house")]]),
            ):
                with self.subTest(role=role, method=method), self.assertRaises(AccessError):
                    getattr(changes, method)(*args)

    @mute_logger(*QUIET, "odoo.addons.mail.models.mail_render_mixin")
    def test_no_way_through_a_template(self):
        """What is written with a template about a customer is written with the rights of its writer."""
        member = self.book["own"]["vip.membership"]
        template = self.env["mail.template"].create(
            {
                "name": "Birthday",
                "model_id": self.env["ir.model"]._get_id("vip.membership"),
                "subject": "{{ object.birthday }}",
                "body_html": "<p t-out='object.birthday'/>",
            }
        )
        values = {
            "model": member._name,
            "res_ids": str(member.ids),
            "template_id": template.id,
            "composition_mode": "comment",
        }
        spec = {"subject": {}, "body": {}}
        for role, is_told in (*((r, False) for r in OUTSIDERS), ("manager_a", True)):
            composers = self._as(role, self.env["mail.compose.message"])
            doors = {
                "create": lambda composers=composers: composers.create(values).read([*spec]),
                "onchange": lambda composers=composers: composers.onchange(
                    values, ["template_id"], spec
                ),
                "send_mail": lambda role=role: (
                    self.env["mail.mail"]
                    .browse(self._as(role, template).send_mail(member.id))
                    .read(["subject", "body_html"])
                ),
            }
            for door, ask in doors.items():
                told = None
                with suppress(UserError, ValueError):
                    told = str(ask())
                with self.subTest(role=role, door=door):
                    if is_told:
                        self.assertIn("1962", str(told))
                    else:
                        self.assertNotIn("1962", str(told))

    def test_who_lost_a_customer_is_told_nothing_more(self):
        """Odoo makes whoever had an activity a follower. Followers are told what they may read."""
        member, users = self.book["own"]["vip.membership"], self.users
        partners = {
            role: users[role].partner_id
            for role in ("manager_a", "deputy", "manager_b", "lead", "desk")
        }
        customer = self.book["own"]["res.partner"]
        member._message_subscribe([*(p.id for p in partners.values()), customer.id])

        def told(**values):
            self.env.flush_all()
            self.env.invalidate_all()
            message = member.message_post(
                body="News", subtype_xmlid="mail.mt_comment", message_type="comment", **values
            )
            notified = message.notification_ids.res_partner_id
            return {role for role, partner in partners.items() if partner in notified} | (
                {"customer"} if customer in notified else set()
            )

        self.assertEqual(told(), {"manager_a", "deputy", "lead", "customer"})
        with freeze_time("2026-04-01 02:00:00"):
            self.assertEqual(told(), {"manager_a", "lead", "customer"})
        member._assign(users["manager_b"], self.city)
        self.assertEqual(told(), {"manager_b", "lead", "customer"})
        # who is mentioned is told
        self.assertEqual(
            told(partner_ids=partners["desk"].ids), {"manager_b", "lead", "customer", "desk"}
        )

    # ------------------------------------------------------------
    # deputies
    # ------------------------------------------------------------

    def test_deputy_sees_from_the_first_day_to_the_last(self):
        member = self.book["own"]["vip.membership"]
        for now, sees in (
            ("2026-02-28 02:00:00", False),
            ("2026-02-28 16:00:00", True),  # midnight in Shanghai
            ("2026-03-31 15:59:59", True),
            ("2026-03-31 16:00:00", False),
        ):
            with self.subTest(now=now), freeze_time(now):
                mine = self._as("deputy", member)
                self.assertEqual(mine.has_access("read"), sees)
                self.assertEqual(bool(mine.search([("id", "=", member.id)])), sees)
                self.assertEqual(mine.sudo().is_mine, sees)

    def test_deputies_are_told_at_once_and_until_taken_away(self):
        deputy = self.book["own"]["vip.manager.deputy"]
        member = self.book["own"]["vip.membership"]
        for values, sees in (
            ({"deputy_id": self.users["manager_c"].id}, False),
            ({"deputy_id": self.users["deputy"].id}, True),
            ({"manager_id": self.users["manager_b"].id}, False),
        ):
            deputy.write(values)
            with self.subTest(values=values):
                self.assertEqual(self._as("deputy", member).has_access("read"), sees)
        deputy.manager_id = self.users["manager_a"]
        deputy.unlink()
        self.assertFalse(self._as("deputy", member).has_access("read"))

    def test_deputy_of_a_deputy_sees_nothing(self):
        self.env["vip.manager.deputy"].create(
            {
                "manager_id": self.users["deputy"].id,
                "deputy_id": self.users["manager_b"].id,
                "date_from": "2026-03-01",
                "date_to": "2026-03-31",
                "company_id": self.company.id,
            }
        )
        member = self.book["own"]["vip.membership"]
        self.assertFalse(self._as("manager_b", member).has_access("read"))

    def test_deputy_stands_in_for_one_company(self):
        """Who manages customers of two companies may have a deputy in one of them only."""
        deputy, manager = self.users["deputy"], self.users["rival_a"]
        deputy.company_ids |= self.rival_company
        manager.company_ids |= self.company
        theirs = self.book["rival"]["vip.membership"]
        self.env["vip.manager.deputy"].create(
            {
                "manager_id": manager.id,
                "deputy_id": deputy.id,
                "date_from": "2026-03-01",
                "date_to": "2026-03-31",
                "company_id": self.company.id,
            }
        )
        for active in (self.rival_company, self.company | self.rival_company):
            mine = self._as("deputy", theirs).with_context(allowed_company_ids=active.ids)
            with self.subTest(active=active.mapped("name")):
                self.assertFalse(mine.has_access("read"))
                self.assertFalse(mine.search([("id", "=", theirs.id)]))

    def test_nobody_takes_a_portfolio_by_naming_a_deputy(self):
        """A deputy's row gives rights: a lead gives those over account managers of his branch."""
        row = self.book["own"]["vip.manager.deputy"]
        far = self.users["manager_c"]
        mine = self._as("lead", row)
        with self.assertRaises(UserError):
            mine.write({"manager_id": far.id})
        with self.assertRaises(AccessError):
            mine.copy({"manager_id": far.id, "deputy_id": self.users["lead"].id})
        with self.assertRaises(AccessError):
            mine.create(
                {
                    "manager_id": far.id,
                    "deputy_id": self.users["lead"].id,
                    "date_to": "2026-03-31",
                }
            )
        for role in ("desk", "manager_a", "deputy", "auditor"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self._as(role, row.browse()).create(
                    {
                        "manager_id": far.id,
                        "deputy_id": self.users[role].id,
                        "date_to": "2026-03-31",
                    }
                )
            with self.subTest(role=role), self.assertRaises(AccessError):
                self._as(role, row).write({"date_to": "2027-03-31"})

    def test_nobody_claims_a_customer_by_context(self):
        """Whose customer he is follows from who asks, not from what he says."""
        member = self.book["own"]["vip.membership"]
        for context in (
            {"uid": self.users["manager_a"].id},
            {"default_manager_id": self.users["manager_b"].id},
            {"is_mine": True},
            {"active_test": False},
            {"bypass_search_access": True},
        ):
            mine = self._as("manager_b", member).with_context(**context)
            with self.subTest(context=context):
                self.assertFalse(mine.has_access("read"))
                self.assertFalse(mine.search([("is_mine", "=", True), ("id", "=", member.id)]))
                self.assertFalse(mine.search([("is_mine", "=", False), ("id", "=", member.id)]))


@tagged("post_install", "-at_install", "vip_security")
class TestSecurityProfileWire(HttpCase, ProfileCase):
    """The same over the wire: with API keys, and through the pages' own doors."""

    ROLES = ("desk", "manager_b", "lead_b")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keys = {
            role: cls.env(user=cls.users[role], su=True)["res.users.apikeys"]._generate(
                "rpc", "test", None
            )
            for role in (*cls.ROLES, "manager_a")
        }

    def _json2(self, role, model, method, **body):
        return self.url_open(
            f"/json/2/{model}/{method}",
            json=body,
            headers={
                "Authorization": f"Bearer {self.keys[role]}",
                "X-Odoo-Database": self.env.cr.dbname,
            },
        )

    @mute_logger(*QUIET)
    def test_json2(self):
        for record, value, question in self._questions():
            body = {**({"ids": record.ids} if question.on_record else {}), **question.kwargs}
            for role in (*self.ROLES, "manager_a"):
                response = self._json2(role, record._name, question.method, **body)
                told = response.json() if response.status_code == 200 else None
                with self.subTest(
                    role=role, model=record._name, method=question.method, kwargs=question.kwargs
                ):
                    self.assertIn(response.status_code, (200, 403), response.text[:300])
                    if role in self.ROLES:
                        self.assertFalse(self._leaks(record, value, question, told), told)
                    elif question.answers and (record._name, question.method) not in NOBODY:
                        self.assertTrue(self._leaks(record, value, question, told), told)

    @mute_logger(*QUIET)
    def test_pages(self):
        """The chatter, files and pictures of a VIP page, as the web client fetches them."""
        member, attachment = self.book["own"]["vip.membership"], self.records["ir.attachment"]
        thread = {"thread_model": member._name, "thread_id": member.id}
        calls = {
            "/mail/thread/messages": thread,
            "/mail/data": {
                "fetch_params": [
                    ["mail.thread", {**thread, "request_list": ["activities", "attachments"]}]
                ]
            },
            "/mail/message/post": {**thread, "post_data": {"body": "Hello"}},
            "/mail/thread/recipients": thread,
        }
        secrets = [*BESIDE["mail.message"].values(), *BESIDE["mail.activity"].values()]
        secrets += BESIDE["ir.attachment"].values()
        for role in self.ROLES:
            self.authenticate(self.users[role].login, self.users[role].login)
            for route, params in calls.items():
                response = self.url_open(route, json={"jsonrpc": "2.0", "params": params})
                with self.subTest(role=role, route=route):
                    for secret in secrets:
                        self.assertNotIn(secret, response.text)
            for path in (
                f"/web/content/{attachment.id}",
                f"/web/content/vip.membership/{member.id}/birthday",
                f"/web/image/vip.membership/{member.id}/avatar_128",
            ):
                response = self.url_open(path)
                with self.subTest(role=role, path=path):
                    self.assertNotIn(b"private", response.content)
                    self.assertNotIn(b"1962", response.content)
        self.assertNotIn("Hello", " ".join(member.message_ids.mapped("body")))
        self.authenticate(self.users["manager_a"].login, self.users["manager_a"].login)
        response = self.url_open("/mail/thread/messages", json={"jsonrpc": "2.0", "params": thread})
        self.assertIn(secrets[0], response.text)
        self.assertEqual(self.url_open(f"/web/content/{attachment.id}").content, b"private")
