"""Properties of the file tools, with examples from hypothesis."""

import csv
import io
from contextlib import suppress
from decimal import Decimal
from functools import wraps
from unittest import skipIf

from odoo.tests import BaseCase, tagged

from ..tools.import_rows import CellRefused, Currency, parse_amount, parse_number
from ..tools.table_file import FileRefused, open_table

try:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st
except ImportError:  # the official image has no hypothesis; the skip says so in the log
    st = None

YUAN = Currency("CNY", "¥")
CELL = "aZ0-., ;\t\"'元¥（李欧阳\u3000\ue000"


def examples(strategies):
    """``given``, but only when the test runs: hypothesis may be missing.

    :param strategies: function without arguments that returns one strategy per argument of the test
    """

    def decorate(test):
        @wraps(test)
        def run(self):
            # how fast the machine is at the moment is not what is tested
            @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
            @given(st.tuples(*strategies()))
            def check(values):
                test(self, *values)

            check()

        return run

    return decorate


@skipIf(st is None, "hypothesis is not installed: the properties of the file tools were left out")
@tagged("vip_import")
class TestImportProperties(BaseCase):
    @examples(
        lambda: (
            st.decimals(-(10**9), 10**9, places=2),
            st.sampled_from(["{:.2f}", "{:,.2f}", "¥{:,.2f}", "{:.2f}元", " {} CNY"]),
        )
    )
    def test_amount_written_is_amount_read(self, amount, spelling):
        self.assertEqual(parse_amount(spelling.format(amount), YUAN), amount)

    @examples(lambda: (st.text(),))
    def test_any_text_is_an_amount_or_a_reason(self, text):
        try:
            amount = parse_amount(text, YUAN)
        except CellRefused:
            return
        self.assertIsInstance(amount, Decimal | None)

    @examples(lambda: (st.text("0123456789", min_size=1), st.data()))
    def test_number_in_any_spelling(self, digits, data):
        noise = st.sampled_from(["", " ", "-", "　", "–"])
        written = "".join(digit + data.draw(noise) for digit in digits)
        self.assertEqual(parse_number(written), digits)

    @examples(
        lambda: (
            st.lists(st.lists(st.text(CELL, min_size=1), min_size=2, max_size=2), min_size=1),
            st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
            st.sampled_from(",;\t"),
        )
    )
    def test_table_written_is_table_read(self, rows, encoding, delimiter):
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter).writerows([["编码", "名称"], *rows])
        with open_table(io.BytesIO(text.getvalue().encode(encoding))) as table:
            self.assertEqual(table.header, ["编码", "名称"])
            self.assertEqual(list(table.rows), list(enumerate(rows, 2)))

    @examples(lambda: (st.binary(max_size=2000), st.sampled_from([b"", b"PK\x03\x04", b"a,b\n"])))
    def test_any_bytes_are_a_table_or_refused(self, content, start):
        with suppress(FileRefused), open_table(io.BytesIO(start + content)) as table:
            list(table.rows)
