import io
import zipfile
from datetime import datetime
from unittest.mock import patch

import openpyxl

from odoo.tests import BaseCase, tagged

from ..tools import table_file
from ..tools.table_file import FileRefused, Unreadable, open_table


def sheet(rows, hidden=0):
    """Bytes of a workbook with these rows in its first visible sheet."""
    workbook = openpyxl.Workbook()
    for _ in range(hidden):
        workbook.create_sheet(index=0).sheet_state = "hidden"
    workbook.active = hidden
    for row in rows:
        workbook.worksheets[hidden].append(row)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def repacked(content, name, change):
    """The archive with one part changed."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            data = old.read(part)
            new.writestr(part, change(data) if part == name else data)
    return stream.getvalue()


@tagged("vip_import")
class TestTableFile(BaseCase):
    def read(self, content):  # pylint: disable=method-required-super
        with open_table(io.BytesIO(content)) as table:
            return table.header, list(table.rows)

    def assertRefused(self, content, code, **params):
        with self.assertRaises(FileRefused) as caught:
            self.read(content)
        self.assertEqual((caught.exception.code, caught.exception.params), (code, params))

    # ------------------------------------------------------------
    # WHAT IS READ
    # ------------------------------------------------------------

    def test_encodings(self):
        expected = (["姓名", "城市"], [(2, ["欧阳锋", "成都"])])
        for encoding in ("utf-8", "utf-8-sig", "gb18030"):
            with self.subTest(encoding):
                self.assertEqual(self.read("姓名,城市\n欧阳锋,成都\n".encode(encoding)), expected)

    def test_delimiters(self):
        for delimiter in ",;\t":
            with self.subTest(delimiter):
                text = f'a{delimiter}b\r\n"x{delimiter}y"{delimiter}2\r\n'
                self.assertEqual(self.read(text.encode())[1], [(2, [f"x{delimiter}y", "2"])])

    def test_lines_are_those_of_the_editor(self):
        text = 'a,b\n\n"two\nlines",1\n\nlast,2\n'
        lines = [line for line, _cells in self.read(text.encode())[1]]
        self.assertEqual(lines, [3, 6])

    def test_sheet_values(self):
        day = datetime(2026, 1, 1)
        rows = [[], ["账期", "金额"], [day, 12.5], [None, None], ["x", "=A3*2", "beyond"]]
        self.assertEqual(
            self.read(sheet(rows)),
            (
                ["账期", "金额"],
                [(3, [day, 12.5, None]), (5, ["x", Unreadable.FORMULA, "beyond"])],
            ),
        )

    def test_sheet_error_cell(self):
        content = sheet([["a"], ["#N/A"]])
        self.assertEqual(self.read(content)[1], [(2, [Unreadable.ERROR, None])])

    def test_first_visible_sheet(self):
        self.assertEqual(self.read(sheet([["a"], [1]], hidden=2))[0], ["a"])

    def test_wrong_dimension_is_not_believed(self):
        content = repacked(
            sheet([["a", "b"], [1, 2]]),
            "xl/worksheets/sheet1.xml",
            lambda data: data.replace(b'ref="A1:B2"', b'ref="A1"'),
        )
        self.assertEqual(self.read(content), (["a", "b"], [(2, [1, 2, None])]))

    # ------------------------------------------------------------
    # WHAT IS REFUSED
    # ------------------------------------------------------------

    def test_empty(self):
        self.assertRefused(b"", "empty")
        self.assertRefused(b"\xef\xbb\xbf\r\n \r\n", "empty")
        self.assertRefused(sheet([]), "empty")

    def test_only_a_header(self):
        self.assertRefused(b"number,month\n\n", "no_rows")
        self.assertRefused(sheet([["number", "month"]]), "no_rows")

    def test_wrong_type(self):
        self.assertRefused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_excel")
        self.assertRefused(b"%PDF-1.7", "foreign", kind="PDF")
        self.assertRefused(b"\x89PNG\r\n", "foreign", kind="PNG")
        self.assertRefused(b"  <!DOCTYPE html><table>", "foreign", kind="HTML / XML")
        self.assertRefused(b"a,b\n1,\0\n", "binary")

    def test_archive_that_is_no_workbook(self):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("bills.csv", "a,b")
        self.assertRefused(stream.getvalue(), "no_workbook")

    def test_broken_workbook(self):
        content = sheet([["a"], [1]])
        self.assertRefused(content[: len(content) // 2], "broken_workbook")
        cut = repacked(content, "xl/worksheets/sheet1.xml", lambda data: data[:-30])
        self.assertRefused(cut, "broken_workbook")

    def test_document_type_definition(self):
        def bomb(data):
            entities = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]>'
            return data.replace(b"<worksheet", entities + b"<worksheet", 1)

        content = repacked(sheet([["a"], [1]]), "xl/worksheets/sheet1.xml", bomb)
        self.assertRefused(content, "doctype")

    def test_too_big(self):
        with self.assertRaises(FileRefused) as caught, open_table(io.BytesIO(b"a" * 10), 5):
            pass
        self.assertEqual(caught.exception.code, "too_big")
        stream = io.BytesIO()
        stream.seek(200 * table_file.MEGABYTE - 1)
        stream.write(b"\n")
        self.assertRefused(stream.getvalue(), "too_big", size_mb=200, limit_mb=100)

    def test_bomb(self):
        def blown_up(data):
            return data + b" " * (30 * table_file.MEGABYTE)

        content = repacked(sheet([["a"], [1]]), "xl/worksheets/sheet1.xml", blown_up)
        self.assertLess(len(content), 100_000)
        self.assertRefused(content, "unpacks_too_big", limit_mb=500)

    def test_bomb_by_its_true_size(self):
        content = sheet([["a"], [1]])
        with patch.object(table_file, "MAX_UNPACKED_BYTES", 2000):
            self.assertRefused(content, "unpacks_too_big", limit_mb=0)

    def test_undecodable(self):
        self.assertRefused("姓名\n李\n".encode() + b"\xff\n", "undecodable", line=3)
        self.assertRefused("姓名\n李\n".encode("gb18030") + b"\xff\n", "undecodable", line=3)
        self.assertRefused("a,b\n1,2\n".encode("utf-16"), "undecodable", line=1)

    def test_quote_never_closed(self):
        self.assertRefused(b'a,b\n1,2\n3,"x\n4,5\n', "broken_csv", line=3)
