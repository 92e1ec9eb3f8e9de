"""Properties of the file tools; needs hypothesis, see ``tests/__init__.py``."""

import csv
import io
from contextlib import suppress
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools.import_rows import CellRefused, Currency, parse_amount, parse_number
from ..tools.table_file import FileRefused, open_table

amounts = st.decimals(-(10**9), 10**9, places=2)
cells = st.text("aZ0-., ;\t\"'元¥（李欧阳\u3000\ue000", min_size=1)
YUAN = Currency("CNY", "¥")
# how fast the machine is at the moment is not what is tested
patient = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@tagged("vip_import")
class TestImportProperties(BaseCase):
    @patient
    @given(amounts, st.sampled_from(["{:.2f}", "{:,.2f}", "¥{:,.2f}", "{:.2f}元", " {} CNY"]))
    def test_amount_written_is_amount_read(self, amount, spelling):
        self.assertEqual(parse_amount(spelling.format(amount), YUAN), amount)

    @patient
    @given(st.text())
    def test_any_text_is_an_amount_or_a_reason(self, text):
        try:
            amount = parse_amount(text, YUAN)
        except CellRefused:
            return
        self.assertIsInstance(amount, Decimal | None)

    @patient
    @given(st.text("0123456789", min_size=1), st.data())
    def test_number_in_any_spelling(self, digits, data):
        noise = st.sampled_from(["", " ", "-", "　", "–"])
        written = "".join(digit + data.draw(noise) for digit in digits)
        self.assertEqual(parse_number(written), digits)

    @patient
    @given(
        st.lists(st.lists(cells, min_size=2, max_size=2), min_size=1),
        st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
        st.sampled_from(",;\t"),
    )
    def test_table_written_is_table_read(self, rows, encoding, delimiter):
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter).writerows([["编码", "名称"], *rows])
        with open_table(io.BytesIO(text.getvalue().encode(encoding))) as table:
            self.assertEqual(table.header, ["编码", "名称"])
            self.assertEqual(list(table.rows), list(enumerate(rows, 2)))

    @patient
    @given(st.binary(max_size=2000), st.sampled_from([b"", b"PK\x03\x04", b"a,b\n"]))
    def test_any_bytes_are_a_table_or_refused(self, content, start):
        with suppress(FileRefused), open_table(io.BytesIO(start + content)) as table:
            list(table.rows)
