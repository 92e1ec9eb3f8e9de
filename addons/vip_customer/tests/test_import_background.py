from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.vip_import import MAX_ATTEMPTS
from .import_common import VipImportCase

IMPORT = "odoo.addons.vip_customer.models.vip_import"
BILLING = "odoo.addons.vip_customer.models.vip_import_billing.VipImportBilling"
BILLS = "customer_code,month,amount\nC1,2026-01,650\nC1,2026-02,x\n"


@tagged("post_install", "-at_install", "vip_import")
class TestImportBackground(VipImportCase):
    """Every file is big here."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for kind in ("vip.import.billing", "vip.import.customers"):
            cls.classPatch(cls.registry[kind], "_background_bytes", 10)
        cls.li = cls._create_customer("Li", ref="C1")
        cls.cron = cls.env.ref("vip_customer.ir_cron_run_imports")

    def _work(self):
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()

    def _waiting(self):
        return self.env["ir.cron.trigger"].search_count([("cron_id", "=", self.cron.id)])

    def test_check_then_run(self):
        job = self._create_import(BILLS)
        job.action_check()
        self.assertEqual((job.state, job.progress), ("running", 0))
        self.assertEqual(self._waiting(), 1)
        self._work()
        self.assertEqual(job.state, "checked")
        self.assertCounts(job, created=1, errors=1)
        self.assertFalse(self._bills())
        job.action_run()
        self.assertEqual((job.state, job.row_count), ("running", 0))
        self._work()
        self.assertEqual(job.state, "done")
        self.assertEqual(self._bills(), [("Li", "", "2026-01", 650, 0)])
        self.assertErrors(job, (3, "amount", "x", "no amount"))

    def test_works_in_the_name_and_language_of_the_importer(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.importer.lang = "zh_CN"
        job = self._create_import("customer_code,name,month\nC2,Wang,2026-01\n", "customers")
        job.action_run()
        self._work()
        self.assertEqual(job.state, "done")
        partner = self.env["res.partner"].search([("ref", "=", "C2")])
        self.assertEqual(partner.create_uid, self.importer)

    def test_progress_is_published(self):
        published = []
        Progress = type(self.env["vip.import.progress"])
        publish = Progress._publish

        def spy(progress, percent):
            publish(progress, percent)
            published.append((percent, progress.browse(progress.id).percent))

        job = self._create_import(BILLS)
        job.action_run()
        with patch.object(Progress, "_publish", spy):
            self._work()
        self.assertTrue(published)
        self.assertEqual(job.progress, published[-1][0])

    def test_running_import_is_left_alone(self):
        job = self._create_import(BILLS)
        job.action_run()
        with self.assertRaisesRegex(Exception, "running just now"):
            job.all_or_nothing = True
        with self.assertRaisesRegex(Exception, "running just now"):
            job.unlink()
        waiting = self._waiting()
        job.action_run()
        self.assertEqual(self._waiting(), waiting + 1)
        self._work()
        self.assertEqual(len(self._bills()), 1)

    def test_file_refused_in_the_background(self):
        job = self._create_import("customer_code,amount\nC1,1\n")
        job.action_check()
        self._work()
        self.assertEqual(job.state, "failed")
        self.assertIn("no column “month”", job.message)

    def test_killed_run_leaves_nothing_and_runs_again(self):
        """The process dies after the bills were written, before anything is said about it."""
        job = self._create_import(BILLS)
        job.action_run()
        with (
            patch(f"{IMPORT}.VipImport._error_file_values", side_effect=KeyboardInterrupt),
            self.assertRaises(KeyboardInterrupt),
            self.env.cr.savepoint(),
        ):
            job.sudo()._attempt()
        self.env.invalidate_all()
        self.assertEqual(job.state, "running")
        self.assertFalse(self._bills())
        self._work()
        self.assertEqual(job.state, "done")
        self.assertEqual(len(self._bills()), 1)

    def test_broken_run_leaves_nothing_and_runs_again(self):
        job = self._create_import(BILLS)
        job.action_run()
        with (
            patch(f"{IMPORT}.VipImport._error_file_values", side_effect=ZeroDivisionError),
            mute_logger(IMPORT),
        ):
            self._work()
        self.assertEqual(job.state, "failed")
        self.assertIn("unexpected", job.message)
        self.assertFalse(self._bills())
        job.action_run()
        self._work()
        self.assertEqual(job.state, "done")
        self.assertEqual(len(self._bills()), 1)

    def test_run_that_meets_another_tries_again(self):
        job = self._create_import(BILLS)
        job.action_run()
        with patch(f"{BILLING}._write", side_effect=SerializationFailure):
            self._work()
        self.assertEqual(job.state, "running")
        self._work()
        self.assertEqual(job.state, "done")

    def test_run_that_kills_its_process_is_given_up(self):
        job = self._create_import(BILLS)
        job.action_run()
        job.sudo().attempts = MAX_ATTEMPTS
        self._work()
        self.assertEqual(job.state, "failed")
        self.assertIn("interrupted 3 times", job.message)
        job.action_run()
        self._work()
        self.assertEqual(job.state, "done")
