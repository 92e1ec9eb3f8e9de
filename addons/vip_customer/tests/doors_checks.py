"""What is asked of the doors of every addon: each public method as every role, through the ORM and over
the wire, and each guarded field through every door that writes.

An addon has its table of doors, and classes that inherit ``DoorsChecks`` and ``WireChecks`` and name it:
``test_doors``. Several addons in one database each ask about what is theirs, see ``DoorsCase._is_ours``.
"""

import xmlrpc.client
from contextlib import suppress
from datetime import date
from typing import NamedTuple
from unittest.mock import patch

from passlib.context import CryptContext

from odoo.exceptions import AccessError, UserError
from odoo.service.model import get_public_method
from odoo.tests import HttpCase
from odoo.tools import mute_logger

from odoo.addons.base.models import res_users
from odoo.addons.rpc.controllers.xmlrpc import OdooMarshaller

from .doors_common import REACHES, ROLES, SAME_AS, DoorsCase

# What happens with an own, a far and another company's record: + works, - AccessError, ! UserError.
# Who is not named is refused with all of them, unless he has what another role has (``SAME_AS``).
INSIDE = dict.fromkeys(set(ROLES) - {"portal"}, "+++")
READERS = {"manager_a": "+--", "lead": "+--", "boss": "++-", "auditor": "++-"}
WRITERS = {"manager_a": "+--", "lead": "+--", "boss": "++-"}
LEADS = {"lead": "+--", "boss": "++-"}
WHOLE_BOOK = {"boss": "++-", "auditor": "++-"}
OF_COMPANY = {"manager_a": "++-", "lead": "++-", "boss": "++-", "auditor": "++-"}
MANAGERS = {"boss": "++-"}
APPROVERS = {"boss": "---", "approver": "++-"}
LOOKUP = dict.fromkeys(("desk", "manager_a", "lead", "boss", "auditor"), "++-")
AT_THE_DESK = dict.fromkeys(("desk", "manager_a", "lead", "boss"), "++-")
ANY_NUMBER = dict.fromkeys(LOOKUP, "+++")


class Door(NamedTuple):
    model: str
    method: str
    outcomes: dict
    record: str = ""  # key of the book, the model where empty
    args: dict = {}  # name -> value, or key of ``_arguments``
    wizard: dict = {}  # values of the dialog, created by the caller
    on_model: bool = False  # called without records

    def outcome(self, role, reach):
        found = self.outcomes.get(role)
        if found is None:
            found = self.outcomes.get(SAME_AS.get(role), "---")
        return found[REACHES.index(reach)]


# Methods of Odoo that our addons extend: what they may do is in ``test_security_roles``.
EXTENDED = {
    "create",
    "write",
    "unlink",
    "default_get",
    "copy_data",
    "action_archive",
    "mail_allowed_qweb_expressions",
}
QUICK_KEYS = CryptContext(["pbkdf2_sha512"], pbkdf2_sha512__rounds=1)
MAGIC = {"create_uid", "create_date", "write_uid", "write_date", "id", "display_name"}


class DoorsTable(DoorsCase):
    """The table of doors and what they are asked with; ``arguments`` are the values of ``Door.args``."""

    doors = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.partner"].create({"name": "Another"})
        for reach, company in zip(
            REACHES, (cls.company, cls.company, cls.rival_company), strict=True
        ):
            book = cls.book[reach]
            with cls._in_company(company):
                years = {"date_from": "2028-02-01", "date_to": "2029-01-31"}
                blank = {"rule_ids": [], "band_ids": []}
                run = cls.env["vip.tier.run"].create(
                    {"policy_id": book["vip.tier.policy"].id, "as_of": "2026-03-02"}
                )
                run._compute_lines()
                run.state = "approved"
                override = cls.env["vip.tier.override"].create(
                    {
                        "partner_id": book["res.partner"].id,
                        "tier_id": cls.gold.id,
                        "date_from": "2027-01-01",
                        "date_to": "2027-01-31",
                        "reason": "Promised",
                    }
                )
                override.state = "approved"
                book |= {
                    "tier": cls.gold,
                    "draft policy": cls._create_policy(in_force=False, **years),
                    "blank policy": cls._create_policy(in_force=False, **years, **blank),
                    "approved run": run,
                    "two runs": book["vip.tier.run"] | run,
                    "approved override": override,
                }
        cls.arguments = {
            "manager": cls.users["manager_b"].id,
            "team": cls.city.id,
            "partner": cls.other.id,
            "day": "2026-03-10",
            "tier": cls.gold.id,
            "reason": "Promised",
            "answer": "accept",
            "pause reason": "documents",
            "benefit": cls.lounge.id,
            "benefit code": cls.lounge.code,
            "quantity": 1,
            "number": "13800000001",
            "result": cls.env.ref("vip_customer.interaction_result_reached").id,
        }
        cls.env.flush_all()

    def _record(self, door, reach):
        return (
            self.env[door.model] if door.on_model else self.book[reach][door.record or door.model]
        )

    def _wizard(self, door, role, reach):
        book, values = self.book[reach], {}
        for name, value in door.wizard.items():
            if name.endswith("_ids"):
                values[name] = book[value].ids
            else:
                values[name] = self.arguments.get(value) or book[value].id
        return self._as(role, self.env[door.model]).create(values)

    def _kwargs(self, door):
        return {name: self.arguments[value] for name, value in door.args.items()}


class DoorsChecks(DoorsTable):
    allow_inherited_tests_method = True

    def test_every_public_method_is_in_the_table(self):
        listed = {(door.model, door.method) for door in self.doors}
        found = set()
        for name, cls in self.registry.items():
            if cls._abstract and not name.startswith("vip."):
                continue  # what inherits it is asked; our own may be called by themselves
            # who made it comes last, after those that extend it
            makers = {
                method: base.__module__.split(".")[2]
                for base in cls.mro()
                if base.__module__.startswith("odoo.addons.vip_")
                for method, value in vars(base).items()
                if callable(value) and not method.startswith("_") and method not in EXTENDED
            }
            for method, maker in makers.items():
                if not self._is_ours(cls, maker):
                    continue
                try:
                    get_public_method(self.env[name], method)
                except AccessError:
                    continue  # private, ``init`` for example
                found.add((name, method))
        self.assertEqual(found, listed)

    def test_methods_that_odoo_owns(self):
        """What our addons extend exists in Odoo with the same name: nothing hides behind it."""
        for name in EXTENDED:
            self.assertTrue(hasattr(self.env["base"], name), name)

    def _try(self, call):
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            call()
            self.env.flush_all()
            return "+"
        except AccessError:
            return "-"
        except UserError:
            return "!"
        finally:
            self.env.transaction.clear()
            savepoint.rollback()
            savepoint.close(rollback=False)

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_every_method_as_every_role(self):
        for door in self.doors:
            for role in ROLES:
                for reach in REACHES:

                    def call(door=door, role=role, reach=reach):
                        if door.wizard:
                            record = self._wizard(door, role, reach)
                        else:
                            record = self._as(role, self._record(door, reach))
                        getattr(record, door.method)(**self._kwargs(door))

                    with self.subTest(door=f"{door.model}.{door.method}", role=role, reach=reach):
                        self.assertEqual(self._try(call), door.outcome(role, reach))

    # ------------------------------------------------------------
    # guarded fields
    # ------------------------------------------------------------

    def _guarded(self):
        """(record, field name, another value) of every guarded field."""
        for key in (*self.book["own"], "crm.lead", "res.users"):
            record = self._subject(key)
            if key != record._name:
                continue
            # a user inherits the fields of his contact
            origin = self.env["res.partner"] if key == "res.users" else record
            for name in getattr(origin, "_guarded_fields", ()):
                if self._is_our_field(origin, origin._fields[name]):
                    yield record, name, self._another(record, record._fields[name])

    def _subject(self, key):
        if key in ("vip.tier.rule", "vip.tier.band"):  # parts that may be edited otherwise
            policy = self.book["own"]["draft policy"]
            return (policy.rule_ids if key == "vip.tier.rule" else policy.band_ids)[0]
        if key == "crm.lead":
            return self.env["crm.lead"].create({"name": "Lead", "user_id": self.users["boss"].id})
        if key == "res.users":
            return self.users["boss"]
        return self.book["own"][key]

    def _another(self, record, field):
        """A value that the field does not have, written the way a client does."""
        value = record.sudo()[field.name]
        if field.type == "many2one":
            other = self.env[field.comodel_name].search([("id", "!=", value.id)], limit=1)
            return other.id
        if field.type == "selection":
            return next(
                key for key, _label in field._description_selection(self.env) if key != value
            )
        if field.type == "one2many":
            return [(5,)]
        return {
            "date": "2031-01-01",
            "datetime": "2031-01-01 00:00:00",
            "boolean": not value,
            "integer": 4242,
            "float": 4242.0,
            "monetary": 4242.0,
        }.get(field.type, "4242")

    def _assert_refused(self, record, name, door, call):
        """``call`` is refused, and the field keeps its value."""
        before = record.sudo().read([name], load=None)
        with self.subTest(model=record._name, field=name, door=door):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                call()
            self.env.invalidate_all()
            self.assertEqual(record.sudo().read([name], load=None), before)

    def _writers(self, record, values):
        """The doors through which the approver may try to write ``values``."""

        def mine():
            return self._as("approver", record)

        defaults = {f"default_{name}": value for name, value in values.items()}
        return (
            ("write", lambda: mine().write(values)),
            ("web_save", lambda: mine().web_save(values, {})),
            ("copy", lambda: mine().copy(values)),
            ("create", lambda: mine().browse().create(values)),
            ("default_", lambda: mine().browse().with_context(**defaults).create({})),
        )

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_guarded_fields_are_refused(self):
        """As the approver, who has every right but the superuser's."""
        self.users["approver"].group_ids |= self.env.ref("sales_team.group_sale_manager")
        self.users["approver"].group_ids |= self.env.ref("base.group_partner_manager")
        self.users["approver"].group_ids |= self.env.ref("base.group_erp_manager")
        for record, name, value in list(self._guarded()):
            for door, call in self._writers(record, {name: value}):
                self._assert_refused(record, name, door, call)
            if record._name != "res.users":
                with self.subTest(model=record._name, field=name, door="default_get"):
                    records = self._as("approver", record.browse())
                    told = records.with_context(**{f"default_{name}": value}).default_get([name])
                    self.assertEqual(told, records.default_get([name]))

    def test_guarded_fields_are_refused_to_imports(self):
        for record, name, value in list(self._guarded()):
            if isinstance(value, list) or record._name == "res.users":
                continue
            path = f"{name}/.id" if record._fields[name].type == "many2one" else name
            with self.subTest(model=record._name, field=name):
                before = record.sudo().read([name], load=None)
                records = self._as("approver", record.browse())
                with suppress(UserError):  # refused, or reported in the messages
                    result = records.load([".id", path], [[str(record.id), str(value)]])
                    self.assertFalse(result["ids"])
                self.env.invalidate_all()
                self.assertEqual(record.sudo().read([name], load=None), before)

    def test_extensions_guard_more(self):
        """What a class guards stays guarded, whoever extends the model later."""
        for name, cls in self.registry.items():
            if not name.startswith("vip.") or not hasattr(cls, "_guarded_fields"):
                continue
            guarded = [vars(base).get("_guarded_fields", set()) for base in cls.mro()]
            with self.subTest(model=name):
                self.assertLessEqual(set().union(*guarded), set(cls._guarded_fields))

    def test_readonly_fields_are_guarded(self):
        """A field that no user is meant to write is guarded, or nobody may write the model at all."""
        for name, cls in self.registry.items():
            model = self.env[name]
            if not name.startswith("vip.") or model._abstract or model._transient:
                continue
            writable = self.env["ir.model.access"].search_count(
                [
                    ("model_id.model", "=", name),
                    "|",
                    ("perm_write", "=", True),
                    ("perm_create", "=", True),
                ]
            )
            if not writable:
                continue
            unwritten = {
                field.name
                for field in cls._fields.values()
                if field.store
                and field.readonly
                and self._is_our_field(model, field)
                and field.name not in MAGIC
            }
            with self.subTest(model=name):
                self.assertLessEqual(unwritten, getattr(model, "_guarded_fields", set()))


class WireChecks(HttpCase, DoorsTable):
    """The same table with API keys over ``/json/2`` and XML-RPC: never a traceback."""

    allow_inherited_tests_method = True
    private_methods = ()
    STATUS = {"+": 200, "-": 403, "!": 422}
    FAULT = {"+": None, "-": 4, "!": 2}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # days of the clock that stands still travel as other days do
        cls.startClassPatcher(patch.dict(OdooMarshaller.dispatch, {date: OdooMarshaller.dump_date}))
        # as Odoo does with passwords in tests: no thousands of rounds for every call
        cls.startClassPatcher(patch.object(res_users, "KEY_CRYPT_CONTEXT", QUICK_KEYS))
        cls.keys = {
            role: cls.env(user=cls.users[role], su=True)["res.users.apikeys"]._generate(
                "rpc", "test", None
            )
            for role in ROLES
        }

    def _undone(self, call):
        """The answer of ``call``, whose changes are rolled back."""
        self.env.flush_all()
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            return call()
        finally:
            self.env.transaction.clear()
            savepoint.rollback()
            savepoint.close(rollback=False)

    def _json2(self, role, model, method, body):
        headers = {
            "Authorization": f"Bearer {self.keys[role]}",
            "X-Odoo-Database": self.env.cr.dbname,
        }
        return self.url_open(f"/json/2/{model}/{method}", json=body, headers=headers)

    def _xmlrpc(self, role, model, method, args, kwargs):
        """The fault's code, None for an answer."""
        params = (
            self.env.cr.dbname,
            self.users[role].id,
            self.keys[role],
            model,
            method,
            args,
            kwargs,
        )
        body = xmlrpc.client.dumps(params, "execute_kw", allow_none=True)
        response = self.url_open(
            "/xmlrpc/2/object", data=body, headers={"Content-Type": "text/xml"}
        )
        try:
            xmlrpc.client.loads(response.content)
        except xmlrpc.client.Fault as fault:
            self.assertNotIn("Traceback", fault.faultString)
            return fault.faultCode
        return None

    def _body(self, door, reach):
        return {"ids": self._record(door, reach).ids, **self._kwargs(door)}

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_json2(self):
        for door in self.doors:
            if door.wizard:
                continue  # an ordinary create first: see the table through the ORM
            for role in ROLES:
                for reach in ("own", "rival"):
                    response = self._undone(
                        lambda door=door, role=role, reach=reach: self._json2(
                            role, door.model, door.method, self._body(door, reach)
                        )
                    )
                    with self.subTest(door=f"{door.model}.{door.method}", role=role, reach=reach):
                        expected = self.STATUS[door.outcome(role, reach)]
                        self.assertEqual(response.status_code, expected, response.text[:500])

    @mute_logger(
        "odoo.http",
        "odoo.addons.rpc.controllers.xmlrpc",
        "odoo.addons.base.models.ir_rule",
        "odoo.addons.base.models.ir_model",
    )
    def test_xmlrpc(self):
        for door in self.doors:
            if door.wizard:
                continue
            for role in ROLES:
                reach = "own"
                args, kwargs = [self._record(door, reach).ids], self._kwargs(door)
                if door.on_model:
                    args = []
                code = self._undone(
                    lambda door=door, role=role, args=args, kwargs=kwargs: self._xmlrpc(
                        role, door.model, door.method, args, kwargs
                    )
                )
                with self.subTest(door=f"{door.model}.{door.method}", role=role):
                    self.assertEqual(code, self.FAULT[door.outcome(role, reach)])

    def test_private_methods(self):
        for model, method in self.private_methods:
            with self.subTest(method=method), mute_logger("odoo.http"):
                response = self._json2("approver", model, method, {"ids": []})
                self.assertEqual(response.status_code, 403)

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_rule", "odoo.sql_db")
    def test_bad_calls(self):
        """What a caller can get wrong is answered with a status and a sentence."""
        missing = 2**31 - 1
        for door in self.doors:
            if door.wizard:
                continue
            model, method, kwargs = door.model, door.method, self._kwargs(door)
            if door.on_model:
                response = self._json2("approver", model, method, {"ids": [1]})
                self.assertEqual(response.status_code, 422)
                continue
            calls = [
                (422, {"ids": ["abc"], **kwargs}),
                (422, {"ids": [2**40], **kwargs}),
                (422, {"ids": [-1], **kwargs}),
                (422, {"ids": [1.5], **kwargs}),
                (404, {"ids": [missing], **kwargs}),
                (422, {"ids": self._record(door, "own").ids, **kwargs, "surprise": 1}),
            ]
            if kwargs:
                calls.append((422, {"ids": self._record(door, "own").ids}))
            for status, body in calls:
                response = self._undone(
                    lambda args=(model, method, body): self._json2("approver", *args)
                )
                with self.subTest(method=f"{model}.{method}", body=body):
                    self.assertEqual(response.status_code, status, response.text[:500])
            for ids in ([], [1, 2, 3], "abc", None):
                response = self._undone(
                    lambda args=(model, method, {"ids": ids, **kwargs}): self._json2(
                        "approver", *args
                    )
                )
                with self.subTest(method=f"{model}.{method}", ids=ids):
                    self.assertIn(response.status_code, (200, 403, 404, 422), response.text[:500])
