import base64
from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .import_common import VipImportCase


@tagged("post_install", "-at_install", "vip_import")
class TestImportHttp(HttpCase, VipImportCase):
    """A nightly job with an API key of the import user."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.li = cls._create_customer("Li", ref="C1")
        # the key is judged by the true time, the test's time stands still
        cls.env.ref("base.group_user").api_key_duration = 10_000
        cls.key = (
            cls.env["res.users.apikeys"]
            .with_user(cls.importer)
            ._generate("rpc", "nightly", fields.Datetime.now() + timedelta(days=9_000))
        )

    def _call(self, method, model="vip.import", key=None, **body):
        response = self.url_open(
            f"/json/2/{model}/{method}",
            json=body,
            headers={"Authorization": f"bearer {key or self.key}"},
        )
        return response.status_code, response.json()

    def test_nightly_job(self):
        content = base64.b64encode(b"customer_code,month,amount\nC1,2026-01,650\nC9,2026-01,1\n")
        values = {"kind": "billing", "file": content.decode(), "month_complete": True}
        status, [job_id] = self._call("create", vals_list=[values])
        self.assertEqual(status, 200)
        self.assertEqual(self._call("action_check", ids=[job_id]), (200, True))
        self.assertEqual(self._call("action_run", ids=[job_id]), (200, True))
        names = ["state", "ok_count", "error_count", "error_file"]
        status, [found] = self._call("read", ids=[job_id], fields=names)
        self.assertEqual((status, found["state"]), (200, "done"))
        self.assertEqual((found["ok_count"], found["error_count"]), (1, 1))
        self.assertIn("C9", base64.b64decode(found["error_file"]).decode("utf-8-sig"))

    @mute_logger("odoo.http")
    def test_bad_file_is_a_sentence(self):
        content = base64.b64encode(b"%PDF-1.7").decode()
        _status, [job_id] = self._call("create", vals_list=[{"kind": "billing", "file": content}])
        status, error = self._call("action_run", ids=[job_id])
        self.assertEqual(status, 422)
        self.assertIn("a file of type PDF", error["message"])

    @mute_logger("odoo.http")
    def test_the_key_opens_nothing_else(self):
        for model in ("vip.billing.fact", "vip.membership", "vip.service.number"):
            self.assertEqual(self._call("search_read", model, domain=[])[0], 403, model)
        for method in ("_work", "_cron_run", "_template"):
            self.assertIn(self._call(method)[0], (403, 404), method)

    def test_template(self):
        self.authenticate(self.importer.login, self.importer.login)
        response = self.url_open("/vip_customer/import/template/billing")
        self.assertEqual(
            response.content.decode("utf-8-sig"),
            "number,customer_code,month,amount,arrears_suspensions\r\n",
        )
