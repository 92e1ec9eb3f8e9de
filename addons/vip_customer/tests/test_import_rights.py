from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .import_common import VipImportCase

BILLS = "customer_code,month,amount\nC1,2026-01,650\n"
ROLES_WITHOUT = ("desk", "manager_a", "lead", "auditor", "employee", "portal")


@tagged("post_install", "-at_install", "vip_import")
class TestImportRights(VipImportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.li = cls._create_customer("Li", ref="C1")

    def test_importer_imports_without_any_other_right(self):
        job = self._import(BILLS)
        self.assertEqual(job.state, "done")
        self.env.invalidate_all()
        for model in ("vip.membership", "vip.billing.fact", "vip.service.number", "vip.tier.run"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.importer).search([])
        with self.assertRaises(AccessError):
            self.li.with_user(self.importer).write({"ref": "C2"})

    def test_manager_imports(self):
        job = self._import(BILLS, user=self.users["boss"])
        self.assertEqual((job.state, job.user_id), ("done", self.users["boss"]))

    def test_other_roles_cannot_create(self):
        for role in ROLES_WITHOUT:
            with self.subTest(role), self.assertRaises(AccessError):
                self._create_import(BILLS, user=self.users[role])

    def test_other_roles_cannot_check_or_run(self):
        job = self._create_import(BILLS)
        for role in ROLES_WITHOUT:
            for action in ("action_check", "action_run"):
                with self.subTest(role, action=action), self.assertRaises(AccessError):
                    getattr(job.with_user(self.users[role]), action)()
        self.assertEqual(job.state, "draft")

    def test_who_sees_what(self):
        own = self._create_import(BILLS)
        other = self._create_import(BILLS, user=self.users["boss"])
        Import = self.env["vip.import"]
        self.assertEqual(Import.with_user(self.importer).search([]), own)
        for role in ("boss", "auditor"):
            self.assertEqual(Import.with_user(self.users[role]).search([]), other + own)
        with self.assertRaises(AccessError):
            other.with_user(self.importer).action_run()

    def test_other_company(self):
        company = self.env["res.company"].create({"name": "Other Mobile"})
        with self.assertRaises(AccessError):
            self._create_import(BILLS, company_id=company.id)
        job = self._create_import(BILLS)
        with self.assertRaises(AccessError):
            job.company_id = company
        self.importer.company_ids = [Command.link(company.id)]
        elsewhere = job.with_user(self.importer).with_context(allowed_company_ids=company.ids)
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            elsewhere.action_run()

    def test_guarded_fields(self):
        job = self._create_import(BILLS)
        values = {
            "state": "done",
            "job": "run",
            "user_id": self.users["boss"].id,
            "checksum": "x",
            "row_count": 1,
            "ok_count": 1,
            "error_count": 1,
            "created_count": 1,
            "changed_count": 1,
            "unchanged_count": 1,
            "message": "x",
            "error_file": "eA==",
            "error_filename": "x",
            "progress_id": 1,
            "attempts": 1,
            "finished_at": "2026-01-01 00:00:00",
        }
        self.assertEqual(set(values), set(job._guarded_fields))
        for user in (self.importer, self.users["boss"]):
            for name, value in values.items():
                with self.subTest(name, user=user.login), self.assertRaises(AccessError):
                    job.with_user(user).write({name: value})
                with self.subTest(name, user=user.login), self.assertRaises(AccessError):
                    self._create_import(BILLS, user=user, **{name: value})
                Import = self.env["vip.import"].with_user(user)
                with self.subTest(name, user=user.login), self.assertRaises(AccessError):
                    Import.with_context(**{f"default_{name}": value}).create({"file": "eA=="})

    def test_bills_say_which_import_only_by_importing(self):
        job = self._import(BILLS)
        fact = self.env["vip.billing.fact"].search([("import_id", "=", job.id)])
        with self.assertRaises(AccessError):
            fact.with_user(self.users["boss"]).import_id = False

    def test_done_is_done(self):
        job = self._import(BILLS)
        for act in (job.action_check, job.action_run, job.unlink):
            with self.assertRaises(UserError):
                act()
        with self.assertRaises(UserError):
            job.all_or_nothing = True
        draft = self._create_import(BILLS)
        draft.unlink()
        self.assertFalse(draft.exists())

    def test_copy_is_a_draft_without_a_file(self):
        job = self._import(BILLS)
        copied = job.copy({"file": job.file})
        self.assertEqual((copied.state, copied.row_count, copied.checksum), ("draft", 0, False))
