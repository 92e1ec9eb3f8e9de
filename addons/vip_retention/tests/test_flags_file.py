import base64
import csv
import io

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from .common import VipRetentionCase


@tagged("post_install", "-at_install", "vip_protected")
class TestFlagsFile(VipRetentionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["manager_a"].partner_id.write({"name": "=Manager A", "phone": "+86 10 1234"})
        cls.li.vip_membership_id.write({"tier_id": cls.gold.id, "valid_until": "2027-01-31"})
        cls.wang.vip_membership_id.write({"protected_hand": "yes"})
        cls.zhao.vip_membership_id.write({"tier_id": cls.diamond.id})  # no number, no row
        cls.Files = cls.env["vip.outgoing.file"]

    def _files(self):
        return self.Files.search(
            [("company_id", "=", self.company.id), ("kind", "=", "flags")], order="id"
        )

    def _rows(self, file):
        content = base64.b64decode(file.file)
        self.assertTrue(content.startswith(b"\xef\xbb\xbf"), "a byte order mark")
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))

    def _build(self, user="boss"):
        self.Files.with_user(self.users[user]).action_build_flags()
        return self._files()

    def test_rows(self):
        file = self._build()
        self.assertRecordValues(
            file, [{"filename": "flags-2026-03-10.csv", "row_count": 3, "is_todays": True}]
        )
        manager = ["'=Manager A", "'+86 10 1234"]
        self.assertEqual(
            self._rows(file),
            [
                [
                    "number",
                    "tier",
                    "valid_until",
                    "protected",
                    "manager",
                    "manager_phone",
                    "queue_priority",
                ],
                ["13800000001", "gold", "2027-01-31", "0", *manager, "2"],
                ["13800000002", "", "", "1", *manager, ""],
                ["13800000003", "", "", "1", *manager, ""],
            ],
        )

    def test_closed_numbers_and_those_of_others_are_out(self):
        self._number("13800000002").write({"state": "closed", "closed_on": "2026-03-01"})
        chen = self._create_customer("Chen")
        self._number("13800000003").change_owner(chen.id, "2026-03-05")
        file = self._build()
        self.assertEqual([row[0] for row in self._rows(file)[1:]], ["13800000001"])

    def test_again(self):
        file = self._build()
        self.wang.vip_membership_id.protected_hand = False
        self.assertEqual(self._build(), file)
        self.assertEqual(file.row_count, 1)
        self.li.vip_membership_id.tier_id = self.silver
        file.with_user(self.users["boss"]).action_build()
        self.assertEqual(self._rows(file)[1][1], "silver")

    def test_yesterdays(self):
        file = self._build()
        with (
            freeze_time("2026-03-11 02:00:00"),
            self.assertRaisesRegex(UserError, "Only today's file can be built again"),
        ):
            file.with_user(self.users["boss"]).action_build()

    def test_who_may(self):
        for user in ("desk", "manager_a", "lead", "auditor", "importer"):
            with self.subTest(user), self.assertRaisesRegex(AccessError, "file of flags"):
                self._build(user)

    def test_nobody(self):
        (self.li | self.zhao).vip_membership_id.tier_id = False
        self.wang.vip_membership_id.protected_hand = False
        with self.assertRaisesRegex(UserError, "Test Mobile has a tier or is protected"):
            self._build()

    def test_nightly(self):
        self.li.vip_membership_id.tier_id = self.diamond
        with self.enter_registry_test_mode():
            self.env.ref("vip_retention.ir_cron_protect").method_direct_trigger()
            self.env.ref("vip_retention.ir_cron_protect").method_direct_trigger()
        self.assertEqual(len(self._files()), 1)
        self.assertTrue(self.li.vip_membership_id.protected)
        self.assertEqual(self._rows(self._files())[1][3], "1")

    def test_old_files_go(self):
        self._build()
        with freeze_time("2026-04-10 02:00:00"):
            self.Files._create_flags(self.company)
        self.assertEqual([str(file.date) for file in self._files()], ["2026-04-10"])

    def _queries(self):
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        self.Files._flags(self.company)
        return self.env.cr.sql_log_count - before

    def test_no_query_per_number(self):
        few = self._queries()
        self.env["vip.service.number"].create(
            [{"partner_id": self.li.id, "number": f"139{i:08}"} for i in range(500)]
        )
        self.assertEqual(self._queries(), few)
