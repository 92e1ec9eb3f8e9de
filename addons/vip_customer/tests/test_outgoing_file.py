import base64
import csv
import io

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from .greeting_common import GreetingCase


@tagged("post_install", "-at_install", "vip_greeting")
class TestOutgoingFile(GreetingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.vip_greeting_gateway = "file"

    def _files(self, kind="messages"):
        return self.env["vip.outgoing.file"].search(
            [("company_id", "=", self.company.id), ("kind", "=", kind)], order="id"
        )

    def _rows(self, file):
        content = base64.b64decode(file.file)
        self.assertTrue(content.startswith(b"\xef\xbb\xbf"), "a byte order mark")
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))

    def test_messages(self):
        customer = self._create_vip("Li Hua")
        before = self.env["sms.sms"].search_count([])
        self._greet("2026-03-10 00:30")
        self.assertGreeted(customer, "2026-03-10", state="filed")
        self.assertEqual(self.env["sms.sms"].search_count([]), before)
        file = self._files()
        self.assertRecordValues(
            file, [{"filename": "messages-2026-03-10.csv", "row_count": 1, "is_todays": True}]
        )
        self.assertEqual(
            self._rows(file),
            [
                ["number", "text", "not_before", "reference"],
                [
                    "+8613800138000",
                    "Happy day, Li Hua",
                    "2026-03-10T09:30:00+08:00",
                    f"birthday-2026-{customer.id}",
                ],
            ],
        )

    def test_twice_writes_no_further_file(self):
        self._create_vip("Li Hua")
        self._greet("2026-03-10 00:30")
        self._greet("2026-03-10 01:00")
        self.assertEqual(len(self._files()), 1)

    def test_same_name_twice(self):
        self._create_vip("Li Hua")
        self._greet()
        with self._violates(UniqueViolation, "vip_outgoing_file_name_uniq"):
            self._files().copy()

    def test_no_file_without_rows(self):
        self._greet()
        self.assertFalse(self._files())

    def test_who_turns_up_later_goes_into_a_further_file(self):
        self._create_vip("Li Hua")
        self._greet("2026-03-10 00:30")
        self._create_vip("Late", number="13800138001")
        self._greet("2026-03-10 13:00")
        first, second = self._files()
        self.assertEqual(second.filename, "messages-2026-03-10-2.csv")
        self.assertEqual((first.row_count, second.row_count), (1, 1))
        self.assertEqual(self._rows(second)[1][2], "2026-03-10T14:30:00+08:00")

    def test_not_before_of_a_customer_abroad(self):
        self._create_vip("New York", tz="America/New_York")
        self._greet("2026-03-10 00:30")
        self.assertEqual(self._rows(self._files())[1][2], "2026-03-10T21:30:00+08:00")

    def test_too_late_for_a_file(self):
        customer = self._create_vip("Li Hua")
        self._greet("2026-03-10 20:00")
        self.assertEqual(self._log(customer), [("sms", "2026-03-10", "skipped", "late")])
        self.assertFalse(self._files())

    def test_opted_out_is_in_no_file(self):
        customer = self._create_vip("Li Hua", self.gold)
        customer.vip_membership_id.no_greetings = True
        self._greet()
        self.assertFalse(self._files() + self._files("labels"))

    def test_mails_go_through_odoo_all_the_same(self):
        self._create_rule(
            self.birthday,
            self.silver,
            "email",
            sms_template_id=False,
            mail_template_id=self.letter.id,
        )
        customer = self._create_vip("Li Hua", email="li@example.com")
        self._greet()
        self.assertGreeted(customer, "2026-03-10", medium="email", state="queued")

    def test_labels_some_days_ahead(self):
        customer = self._create_vip(
            "Li Hua", self.gold, birthday="1970-03-15", street2="Building 2"
        )
        self._greet("2026-03-09 10:00")
        self.assertFalse(self._files("labels"))
        self._greet("2026-03-10 10:00")
        self._greet("2026-03-11 10:00")
        self.assertGreeted(customer, "2026-03-15", medium="card", state="filed")
        file = self._files("labels")
        self.assertEqual(file.filename, "labels-2026-03-10.csv")
        self.assertEqual(
            self._rows(file),
            [
                ["name", "street", "city", "occasion"],
                ["Li Hua", "Street 1, Building 2", "Yunzhou", "Birthday"],
            ],
        )

    def test_labels_where_odoo_sends_the_texts(self):
        self.company.vip_greeting_gateway = "odoo"
        self._create_vip("Li Hua", self.gold)
        self._greet()
        self.assertEqual(self._files("labels").row_count, 1)
        self.assertFalse(self._files())

    def test_no_address_for_a_card(self):
        customer = self._create_vip("Li Hua", self.gold, city=False)
        self._greet()
        self.assertIn(("card", "2026-03-10", "skipped", "no_address"), self._log(customer))

    def test_address_turns_up(self):
        customer = self._create_vip("Li Hua", self.gold, birthday="1970-03-15", city=False)
        self._greet("2026-03-10 10:00")
        self.assertGreeted(customer, medium="card")
        self.assertNotIn(("card", "2026-03-15", "skipped", "no_address"), self._log(customer))
        customer.city = "Yunzhou"
        self._greet("2026-03-11 10:00")
        self.assertGreeted(customer, "2026-03-15", medium="card", state="filed")

    def test_no_address_on_the_day(self):
        customer = self._create_vip("Li Hua", self.gold, birthday="1970-03-15", city=False)
        self._greet("2026-03-14 10:00")
        self.assertNotIn(("card", "2026-03-15", "skipped", "no_address"), self._log(customer))
        self._greet("2026-03-15 08:00")
        self.assertIn(("card", "2026-03-15", "skipped", "no_address"), self._log(customer))

    def test_no_formulas(self):
        """What a spreadsheet would run is text in the files; telephone numbers are left alone."""
        safe = self.env["vip.outgoing.file"]._safe
        for cell, expected in (
            ("=1+1", "'=1+1"),
            ("+1+1", "'+1+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("+8613800138000", "+8613800138000"),
            ("Li = Hua", "Li = Hua"),
            ("", ""),
        ):
            with self.subTest(cell=cell):
                self.assertEqual(safe(cell), expected)

    # ------------------------------------------------------------
    # building again
    # ------------------------------------------------------------

    def _build(self, role, file):
        self.env.flush_all()
        self.env.invalidate_all()
        file.with_user(self.users[role]).action_build()

    def test_build_again(self):
        """Opt-outs and better words of the same day count; references stay."""
        customer = self._create_vip("Li Hua")
        other = self._create_vip("Other", number="13800138001")
        self._greet("2026-03-10 00:30")
        file = self._files()
        reference = self._rows(file)[1][3]
        other.vip_membership_id.no_greetings = True
        self.words.body = "Better words"
        self._build("boss", file)
        self.assertEqual(self._files(), file)
        self.assertEqual(file.row_count, 1)
        row = self._rows(file)[1]
        self.assertEqual((row[1], row[3]), ("Better words", reference))
        self.assertGreeted(customer, "2026-03-10", state="filed")
        self.assertEqual(self._log(other), [("sms", "2026-03-10", "skipped", "opted_out")])

    def test_build_again_leaves_the_other_files(self):
        self._create_vip("Li Hua", self.gold)
        self._greet()
        labels = self._rows(self._files("labels"))
        self._build("boss", self._files())
        self.assertEqual(self._rows(self._files("labels")), labels)

    def test_nothing_left_to_build(self):
        customer = self._create_vip("Li Hua")
        self._greet("2026-03-10 00:30")
        customer.active = False
        self._build("boss", self._files())
        self.assertEqual(len(self._rows(self._files())), 1, "the header")
        self.assertEqual(self._files().row_count, 0)

    def test_only_todays_file(self):
        self._create_vip("Li Hua")
        self._greet("2026-03-10 00:30")
        with (
            freeze_time("2026-03-11 02:00:00"),
            self.assertRaisesRegex(UserError, "was for another day"),
        ):
            self._build("boss", self._files())

    def _check_refused(self, message, customer):
        """Building again is refused, and the file and its greeting stay as they are."""
        file = self._files()
        rows = self._rows(file)
        with self.assertRaisesRegex(UserError, message), self.env.cr.savepoint():
            self._build("boss", file)
        self.assertEqual(self._rows(file), rows)
        self.assertGreeted(customer, "2026-03-10", state="filed")

    def test_not_after_the_last_decent_hour(self):
        """What was sent would be written down as too late."""
        customer = self._create_vip("Li Hua")
        self._greet("2026-03-10 00:30")
        with freeze_time("2026-03-10 12:00:00"):  # 20:00 in Shanghai
            self._check_refused("too late", customer)

    def test_not_after_the_last_decent_hour_of_a_customer(self):
        customer = self._create_vip("Auckland", tz="Pacific/Auckland")
        self._greet("2026-03-10 00:30")
        with freeze_time("2026-03-10 07:00:00"):  # 20:00 in Auckland, 15:00 in Shanghai
            self._check_refused("too late", customer)

    def test_evening_of_a_customer_abroad(self):
        """In New York the decent hours are still ahead."""
        customer = self._create_vip("New York", tz="America/New_York")
        self._greet("2026-03-10 00:30")
        with freeze_time("2026-03-10 12:00:00"):
            self._build("boss", self._files())
        self.assertGreeted(customer, "2026-03-10", state="filed")

    def test_not_after_odoo_took_over(self):
        """Odoo would text a second time."""
        customer = self._create_vip("Li Hua")
        self._greet("2026-03-10 00:30")
        self.company.vip_greeting_gateway = "odoo"
        before = self.env["sms.sms"].search_count([])
        self._check_refused("a second time", customer)
        self.assertEqual(self.env["sms.sms"].search_count([]), before)

    def test_not_on_a_day_of_mourning(self):
        """The day was declared one when the file was there already; its rows would be lost."""
        customer = self._create_vip("Li Hua")
        self._greet("2026-03-10 00:30")
        self.mourning.date_ids = [(0, 0, {"date": "2026-03-10"})]
        self._check_refused("a day of mourning", customer)

    def test_labels_are_no_texts(self):
        """Cards go by post: neither the hour nor the way of the texts matters to them."""
        customer = self._create_vip("Li Hua", self.gold)
        self._greet("2026-03-10 00:30")
        self.company.vip_greeting_gateway = "odoo"
        with freeze_time("2026-03-10 12:00:00"):
            self._build("boss", self._files("labels"))
        self.assertGreeted(customer, "2026-03-10", medium="card", state="filed")

    def test_only_a_manager(self):
        self._create_vip("Li Hua")
        self._greet()
        for role in ("manager_a", "lead", "auditor", "importer", "desk"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self._build(role, self._files())

    def test_nobody_writes_a_file_by_hand(self):
        self._create_vip("Li Hua")
        self._greet()
        file = self._files().with_user(self.users["boss"])
        for call in (
            lambda: file.write({"row_count": 7}),
            lambda: file.unlink(),
            lambda: file.create({"kind": "messages", "filename": "x", "date": "2026-03-10"}),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_the_file_itself_is_for_who_sees_files(self):
        self._create_vip("Li Hua")
        self._greet()
        file = self._files()
        attachment = self.env["ir.attachment"].search(
            [("res_model", "=", file._name), ("res_id", "=", file.id), ("res_field", "=", "file")]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertTrue(attachment.with_user(self.users["auditor"]).read(["datas"]))
        for role in ("desk", "manager_a", "importer"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                attachment.with_user(self.users[role]).read(["datas"])
