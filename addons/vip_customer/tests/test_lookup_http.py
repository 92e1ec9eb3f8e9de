from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, freeze_time, tagged
from odoo.tools import mute_logger

from .test_lookup import KEYS, LookupCase


@tagged("post_install", "-at_install", "vip_hotline")
class TestLookupHttp(HttpCase, LookupCase):
    """A telephone system with an API key of a user who has the desk's role and no other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the key is judged by the true time, the test's time stands still
        cls.env.ref("base.group_user").api_key_duration = 10_000
        cls.keys = {role: cls._key(role) for role in ("desk", "auditor", "employee", "importer")}

    @classmethod
    def _key(cls, role, days=9_000):
        keys = cls.env["res.users.apikeys"].with_user(cls.users[role])
        return keys._generate("rpc", "telephone", fields.Datetime.now() + timedelta(days=days))

    def _call(self, role="desk", key=None, method="vip_lookup", model="res.partner", **body):
        key = key or (role and self.keys[role])
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        response = self.url_open(
            f"/json/2/{model}/{method}",
            json=body,
            headers={**headers, "X-Odoo-Database": self.env.cr.dbname},
        )
        return response.status_code, response.json()

    def test_lookup(self):
        status, told = self._call(number="+86 138-0013-8000")
        self.assertEqual(status, 200)
        self.assertEqual(list(told), list(KEYS))
        self.assertEqual((told["match"], told["customer"]["name"]), ("one", "Mobile"))
        self.assertEqual(told["queue_priority"], 2)
        self.assertNotIn(None, told.values())

    def test_unknown_and_unreadable(self):
        for number, warned in (("13900139000", False), ("anonymous", True), (None, True)):
            with self.subTest(number=number):
                status, told = self._call(number=number)
                self.assertEqual((status, told["match"]), (200, "none"))
                self.assertEqual(bool(told["warnings"]), warned)

    def test_candidate(self):
        for name in ("Mobile", "Landline"):
            self.book[name].write(
                {"phone": "13911112222", "country_id": self.env.ref("base.cn").id}
            )
        _status, told = self._call(number="139 1111 2222")
        self.assertEqual(told["match"], "many")
        status, card = self._call(method="vip_card", ids=[told["candidates"][0]["id"]])
        self.assertEqual((status, card["match"]), (200, "one"))

    def test_auditor(self):
        self.assertEqual(self._call("auditor", number="13800138000")[0], 200)

    @mute_logger("odoo.http")
    def test_key_missing(self):
        self.assertEqual(self._call(role=None, number="13800138000")[0], 401)

    @mute_logger("odoo.http")
    def test_key_of_nobody(self):
        self.assertEqual(self._call(key="nonsense", number="13800138000")[0], 401)

    @mute_logger("odoo.http")
    def test_key_expired(self):
        with freeze_time("2020-01-01"):
            key = self._key("desk", days=1)
        status, told = self._call(key=key, number="13800138000")
        self.assertEqual(status, 401)
        self.assertNotIn("Mobile", str(told))

    @mute_logger("odoo.http")
    def test_key_revoked(self):
        self.users["desk"].active = False
        self.assertEqual(self._call(number="13800138000")[0], 401)

    @mute_logger("odoo.http")
    def test_key_of_another_role(self):
        for role in ("employee", "importer"):
            status, told = self._call(role, number="13800138000")
            with self.subTest(role=role):
                self.assertEqual(status, 403)
                self.assertIn("needs a role in the VIP programme", told["message"])

    @mute_logger("odoo.http")
    def test_bad_calls(self):
        for body in (
            {"context": {}},
            {"number": [1]},
            {"number": {"a": 1}},
            {"number": 1.5},
            {"number": "13800138000", "surprise": 1},
            {"number": "13800138000", "ids": [1]},
        ):
            with self.subTest(body=body):
                self.assertEqual(self._call(**body)[0], 422)

    @mute_logger("odoo.http")
    def test_the_key_opens_no_records(self):
        for model in (
            "vip.membership",
            "vip.service.number",
            "vip.billing.fact",
            "vip.entitlement",
            "vip.interaction",
            "vip.manager.deputy",
        ):
            with self.subTest(model=model):
                self.assertEqual(self._call(model=model, method="search_read", domain=[])[0], 403)
        for method in ("_vip_found", "_vip_answer"):
            self.assertEqual(self._call(method=method, number="13800138000")[0], 403)

    def test_screen_pop_after_login(self):
        """The address that the telephone system opens is kept while the agent logs in."""
        response = self.url_open("/odoo/vip-caller?number=%2B8613800138000", allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertIn("/web/login?redirect=", response.headers["Location"])
        self.assertIn("number", response.headers["Location"])
        self.assertIn("8613800138000", response.headers["Location"])
