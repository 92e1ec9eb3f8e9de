import doctest
from datetime import date

from odoo.tests import BaseCase, tagged

from ..tools import import_rows, table_file
from ..tools.import_rows import CellRefused, Currency, RowReader, billing_kind, customers_kind
from ..tools.table_file import FileRefused, Unreadable

TODAY = date(2026, 2, 10)
YUAN = Currency("CNY", "¥")


@tagged("vip_import")
class TestImportRows(BaseCase):
    def assertCells(self, parse, refusals):
        for cell, code in refusals.items():
            with self.subTest(cell=cell), self.assertRaises(CellRefused) as caught:
                parse(cell)
            self.assertEqual(caught.exception.code, code, cell)

    def _rows(self, kind, header, *rows):
        return list(RowReader(kind, header).parse(enumerate(rows, 2)))

    def test_doctests(self):
        for module in (table_file, import_rows):
            self.assertFalse(doctest.testmod(module).failed)

    # ------------------------------------------------------------
    # CELLS
    # ------------------------------------------------------------

    def test_amount(self):
        self.assertCells(
            billing_kind(TODAY, YUAN).columns["amount"],
            {
                "1.234,50": "amount_ambiguous",
                "1,23": "amount_ambiguous",
                "1,2345.00": "amount_ambiguous",
                "1.2.3": "amount_ambiguous",
                ".": "amount_ambiguous",
                "$5": "amount_currency",
                "5 USD": "amount_currency",
                "€5": "amount_currency",
                "twelve": "amount_invalid",
                "(5.00)": "amount_invalid",
                "--5": "amount_invalid",
                "-¥-5": "amount_invalid",
                True: "amount_invalid",
                "1000000000000": "amount_too_large",
                "#REF!": "excel_error",
                Unreadable.FORMULA: "formula",
                Unreadable.ERROR: "excel_error",
            },
        )

    def test_amount_of_another_currency(self):
        yen = Currency("JPY", "¥", 0)
        parse = billing_kind(TODAY, yen).columns["amount"]
        self.assertEqual([str(parse(cell)) for cell in ("￥1,235", "7.5")], ["1235", "8"])
        self.assertCells(parse, {"5元": "amount_invalid", "CNY 5": "amount_currency"})

    def test_month(self):
        parse = billing_kind(TODAY, YUAN).columns["month"]
        self.assertEqual(parse("2026-02"), date(2026, 2, 1))
        self.assertCells(
            parse,
            {
                "2026-13": "month_invalid",
                "2026年0月": "month_invalid",
                "0000-01": "month_invalid",
                "Jan-26": "month_invalid",
                "46023": "month_invalid",
                2026.1: "month_invalid",
                "2026.1": "month_invalid",
                "1969-12": "too_early",
                "2026-03": "in_future",
            },
        )

    def test_date(self):
        columns = customers_kind(TODAY).columns
        self.assertCells(
            columns["activated_on"],
            {
                "2026-02-30": "date_invalid",
                "10/01/2026": "date_invalid",
                "2026-1/10": "date_invalid",
                "1969-12-31": "too_early",
                "2026-02-11": "in_future",
            },
        )
        self.assertEqual(columns["birthday"]("1950-03-01"), date(1950, 3, 1))
        self.assertCells(
            columns["birthday"], {"1899-12-31": "too_early", "2026-02-11": "in_future"}
        )
        self.assertEqual(columns["contract_end"]("2028年2月29日"), date(2028, 2, 29))

    def test_other_values(self):
        columns = customers_kind(TODAY).columns
        self.assertEqual(columns["number_state"]("Active"), "active")
        self.assertEqual(columns["birthday_calendar"]("农历"), "lunar")
        self.assertEqual(columns["number"]("\u202a138 0013 8000\u202c"), "13800138000")
        self.assertCells(columns["number_state"], {"gone": "state_invalid"})
        self.assertCells(columns["birthday_calendar"], {"julian": "calendar_invalid"})
        self.assertCells(columns["email"], {"li": "email_invalid", "a b@c.cn": "email_invalid"})
        self.assertCells(columns["name"], {"x" * 256: "too_long", "a\x07b": "control_characters"})
        self.assertCells(columns["number"], {"1.38E+10": "scientific", "1" * 256: "too_long"})
        parse_count = billing_kind(TODAY, YUAN).columns["arrears_suspensions"]
        self.assertCells(parse_count, dict.fromkeys(["-1", "1.5", "x", "100"], "count_invalid"))

    # ------------------------------------------------------------
    # HEADERS AND ROWS
    # ------------------------------------------------------------

    def test_headers_in_both_languages(self):
        kind = billing_kind(TODAY, YUAN)
        for header in (
            ["Number", " MONTH ", "amount", "note"],
            ["手机号", "账期", "出账金额", "note"],
            ["服务号码", "月份", "消费金额", "note"],
        ):
            reader = RowReader(kind, header)
            [row] = reader.parse([(2, ["１３８", "202601", "5", "?"])])
            self.assertEqual(row.values[:3], ["138", None, date(2026, 1, 1)])
            self.assertEqual(reader.unknown, ["note"])

    def test_missing_column(self):
        for header, columns in (
            (["month", "amount"], ("number", "customer_code")),
            (["number", "amount"], ("month",)),
            (["number", "month"], ("amount",)),
        ):
            with self.assertRaises(FileRefused) as caught:
                RowReader(billing_kind(TODAY, YUAN), header)
            self.assertEqual(caught.exception.code, "missing_column")
            self.assertEqual(caught.exception.params, {"columns": columns})

    def test_doubled_column(self):
        with self.assertRaises(FileRefused) as caught:
            RowReader(billing_kind(TODAY, YUAN), ["手机号", "账期", "amount", "Number"])
        self.assertEqual(caught.exception.code, "doubled_column")
        self.assertEqual(caught.exception.params, {"first": "手机号", "second": "Number"})

    def test_rows_shorter_and_longer(self):
        header = ["number", "month", "amount", "arrears_suspensions"]
        short, blank, long = self._rows(
            billing_kind(TODAY, YUAN),
            header,
            ["138", "2026-01", "5"],
            ["138", "2026-01", "5", "", ""],
            ["138", "2026-01", "5", "", "", "x"],
        )
        self.assertFalse(short.errors + blank.errors)
        self.assertEqual(long.errors, [(4, "", "x", "extra_cells", "")])

    def test_missing_values(self):
        header = ["number", "customer_code", "month", "amount"]
        [row] = self._rows(billing_kind(TODAY, YUAN), header, ["", " ", "2026-01", ""])
        self.assertEqual(
            row.errors,
            [(2, "number", "", "key_missing", ""), (2, "amount", "", "value_missing", "")],
        )

    def test_every_fault_of_a_row(self):
        [row] = self._rows(
            billing_kind(TODAY, YUAN), ["number", "month", "amount"], ["138", "2026-13", "=5"]
        )
        self.assertEqual(
            row.errors,
            [
                (2, "month", "2026-13", "month_invalid", ""),
                (2, "amount", "'=5", "amount_invalid", ""),
            ],
        )

    def test_what_needs_a_number(self):
        header = ["customer_code", "number", "plan"]
        without, with_number = self._rows(
            customers_kind(TODAY), header, ["A1", "", "Gold plan"], ["A1", "138", "Gold plan"]
        )
        self.assertEqual(without.errors, [(2, "plan", "Gold plan", "number_missing", "")])
        self.assertFalse(with_number.errors)
