import base64
import csv
import io
from datetime import datetime
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models import vip_import_wording
from ..tools import import_rows, table_file
from .import_common import VipImportCase
from .test_tools_table_file import sheet

GOOD = "number,month,amount\n13800000001,2026-01,650\n"


@tagged("post_install", "-at_install", "vip_import")
class TestImportFile(VipImportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.li = cls._create_customer("Li", number="13800000001", ref="C1")

    def assertRefused(self, content, sentence):
        """The file is refused as a whole, by check and by run, and nothing is left behind."""
        job = self._create_import(content)
        for action in (job.action_check, job.action_run):
            with self.assertRaises(UserError) as caught:
                action()
            self.assertIn(sentence, str(caught.exception))
        self.assertEqual((job.state, job.row_count), ("draft", 0))
        self.assertFalse(self._bills())

    # ------------------------------------------------------------
    # WHAT IS READ
    # ------------------------------------------------------------

    def test_csv_as_excel_writes_it(self):
        text = "手机号;账期;出账金额;欠停次数\r\n１３８０００００００１;2026年1月;¥1,234.50;１\r\n"
        for encoding in ("utf-8", "utf-8-sig", "gb18030"):
            with self.subTest(encoding), self.env.cr.savepoint() as savepoint:
                self._import(text.encode(encoding))
                self.assertEqual(self._bills(), [("Li", "13800000001", "2026-01", 1234.5, 1)])
                savepoint.rollback()

    def test_xlsx(self):
        rows = [
            ["服务号码", "月份", "消费金额"],
            [13800000001, datetime(2026, 1, 1), 650.5],
            [13800000001.0, 202602, "1,700元"],
        ]
        job = self._import(sheet(rows), filename="账单.xlsx")
        self.assertCounts(job, created=2)
        self.assertEqual(
            [bill[2:4] for bill in self._bills()], [("2026-01", 650.5), ("2026-02", 1700)]
        )

    def test_formula_cells_cost_their_rows_only(self):
        rows = [
            ["number", "month", "amount"],
            [13800000001, "2026-01", "=600+50"],
            [13800000001, "2026-02", 650],
        ]
        job = self._import(sheet(rows))
        self.assertCounts(job, created=1, errors=1)
        self.assertErrors(job, (2, "amount", "", "paste it as values"))

    # ------------------------------------------------------------
    # WHAT IS REFUSED
    # ------------------------------------------------------------

    def test_empty(self):
        self.assertRefused(b"\n", "is empty")

    def test_only_a_header(self):
        self.assertRefused("number,month,amount\n", "no row below it")

    def test_wrong_type(self):
        self.assertRefused(b"%PDF-1.7 x", "a file of type PDF")
        self.assertRefused(b"\xd0\xcf\x11\xe0 x", "old Excel workbook")
        self.assertRefused(b"a,b\n\0,1\n", "not a text file")

    def test_missing_column(self):
        self.assertRefused("number,amount\n1,1\n", "no column “month”")
        self.assertRefused("month,amount\n2026-01,1\n", "no column “number” / “customer_code”")

    def test_doubled_column(self):
        self.assertRefused(
            "number,手机号,month,amount\n1,1,2026-01,1\n", "“number” and “手机号” mean the same"
        )

    def test_undecodable(self):
        self.assertRefused(GOOD.encode() + b"\xff\xff,2,3\n", "from line 3 on")

    def test_open_quote(self):
        self.assertRefused(GOOD + '"1,2,3\n', "quotation mark in line 3")

    def test_too_big(self):
        self.env["ir.config_parameter"].set_param("vip_customer.import_max_mb", "1")
        with patch.object(self.registry["vip.import.billing"], "_background_bytes", 10**9):
            self.assertRefused(GOOD + " " * 2**21, "at most 1 MB")

    def test_bomb(self):
        with patch.object(table_file, "MAX_UNPACKED_BYTES", 1000):
            self.assertRefused(sheet([["number"], [1]]), "unpacks to more than")

    def test_every_code_has_a_sentence(self):
        """All sentences can be written with what their refusals say."""
        job = self._create_import(GOOD)
        params = dict.fromkeys(("size_mb", "limit_mb", "line", "kind", "first", "second"), 1) | {
            "columns": ["month"]
        }
        sentences = [
            job._refusal_sentence(table_file.FileRefused(code, **params))
            for code in vip_import_wording.FILE_REFUSALS
        ]
        for sentence in vip_import_wording.ROW_REFUSALS.values():
            sentences.append(str(sentence) % {"detail": "3", "currency": "CNY"})
        self.assertEqual(len(set(sentences)), len(sentences))

    def test_every_bad_value(self):
        rows = {
            "1,2026-13,1": ("month", "no month"),
            "1,1969-12,1": ("month", "too far back"),
            "1,2026-04,1": ("month", "in the future"),
            "1,2026-01,one": ("amount", "no amount"),
            '1,2026-01,"1,23"': ("amount", "where the decimals begin"),
            "1,2026-01,$5": ("amount", "in another currency; bills are in CNY"),
            "1,2026-01,1000000000000": ("amount", "too large"),
            "1,2026-01,": ("amount", "is empty"),
            ",2026-01,1": ("number", "neither a number nor a customer code"),
            "1.38E+10,2026-01,1": ("number", "scientific notation"),
            "1,2026-01,1,2": ("", "more cells than the header"),
            "1,2026-01,#REF!": ("amount", "Excel error"),
        }
        job = self._import("number,month,amount\n" + "\n".join(rows))
        self.assertEqual(job.state, "failed")
        errors = self._errors(job)
        self.assertEqual([int(error[0]) for error in errors], list(range(2, 2 + len(rows))))
        for error, (column, words) in zip(errors, rows.values(), strict=True):
            self.assertEqual(error[1], column)
            self.assertIn(words, error[3])

    # ------------------------------------------------------------
    # FILES FOR PEOPLE
    # ------------------------------------------------------------

    def test_error_file(self):
        job = self._create_import(
            "手机号,账期,金额x,出账金额\n13800000001,2026-01,1,=cmd\n", filename="账单.csv"
        )
        job.action_check()
        content = base64.b64decode(job.error_file).decode("utf-8-sig")
        self.assertEqual(
            list(csv.reader(io.StringIO(content))),
            [
                ["Line", "Column", "Value", "Reason"],
                ["2", "出账金额", "'=cmd", "This is no amount. Write it like 1234.50."],
            ],
        )
        self.assertEqual(job.error_filename, "账单 errors.csv")

    def test_template_can_be_imported(self):
        for kind in ("customers", "billing", "vas"):
            header = self.env["vip.import"]._template(kind).strip().split(",")
            columns = self.env[f"vip.import.{kind}"]._columns(self.env["vip.import"].new()).columns
            self.assertEqual(header, list(columns))
            chinese = self.env["vip.import"].with_context(lang="zh_CN")._template(kind)
            self.assertEqual(
                chinese.strip().split(","), [import_rows.HEADERS[name][0] for name in columns]
            )
        with self.assertRaises(UserError):
            self.env["vip.import"]._template("nothing")
