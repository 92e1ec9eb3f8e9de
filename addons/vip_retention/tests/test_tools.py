import doctest
from datetime import date
from importlib import import_module
from pkgutil import iter_modules
from unittest import skipIf

from odoo.tests import BaseCase, tagged

from odoo.addons.vip_customer.tests.test_tools_import_properties import examples, st
from odoo.addons.vip_customer.tools.import_rows import CellRefused, RowReader

from .. import tools
from ..tools.departure_rows import KINDS, departures_kind, parse_kind

TODAY = date(2026, 3, 10)


@tagged("vip_departure")
class TestTools(BaseCase):
    def test_doctests(self):
        """The examples in ``tools/`` are true."""
        for module in iter_modules(tools.__path__):
            with self.subTest(module=module.name):
                failed, attempted = doctest.testmod(
                    import_module(f"{tools.__name__}.{module.name}")
                )
                self.assertFalse(failed, "the log shows what came out instead")
                self.assertTrue(attempted, "a tool without an example")

    def test_headers(self):
        for header in (
            ["服务号码", "离网类型", "申请时间", "销户日期", "渠道", "原因"],
            ["手机号", "销户类型", "申请日期", "生效日期", "受理渠道", "离网原因"],
            ["NUMBER", "Kind", "requested on", "effective_on", "channel", "reason"],
        ):
            with self.subTest(header):
                self.assertFalse(RowReader(departures_kind(TODAY), header).unknown)


@skipIf(st is None, "hypothesis is not installed: the properties of the file tools were left out")
@tagged("vip_departure")
class TestDepartureProperties(BaseCase):
    @examples(lambda: (st.text(),))
    def test_any_text_is_a_kind_or_a_reason(self, text):
        try:
            kind = parse_kind(text)
        except CellRefused as fault:
            self.assertEqual(fault.code, "departure_kind_invalid")
            return
        self.assertIn(kind, {None, *KINDS})

    @examples(lambda: (st.lists(st.text(), min_size=7, max_size=7),))
    def test_any_row_is_read_or_refused(self, cells):
        kind = departures_kind(TODAY)
        [row] = RowReader(kind, list(kind.columns)).parse([(2, cells)])
        self.assertTrue(row.errors or (row.values[2] in KINDS and (row.values[0] or row.values[1])))
