"""A workbook of figures: numbers stay numbers, texts stay texts whatever they begin with."""

import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import xlsxwriter

FORMATS = {
    "integer": "#,##0",
    "decimal": "#,##0.0",
    "rate": "0.00%",
    "money": "#,##0.00",
    "date": "yyyy-mm-dd",
}
EMPTY = "–"


class Cell(NamedTuple):
    """``kind``: a key of ``FORMATS``, ``text`` or ``title``. A value that is False or None is an empty
    figure."""

    kind: str
    value: Any


class Sheet(NamedTuple):
    """``heading``: lines above the table. ``columns``: title and width of each."""

    name: str
    heading: Sequence[str]
    columns: Sequence[tuple[str, int]]
    rows: Sequence[Sequence[Cell]]


def sheet_name(name: str) -> str:
    """
    >>> sheet_name("By tier: gold/silver [2026]")
    'By tier  gold silver  2026 '
    >>> len(sheet_name("x" * 40))
    31
    """
    return re.sub(r"[\[\]:*?/\\]", " ", name)[:31]


def workbook(sheets: Iterable[Sheet]) -> bytes:
    """The file. Headers and the first column stay in place when one scrolls."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        formats = {kind: book.add_format({"num_format": code}) for kind, code in FORMATS.items()}
        formats |= {
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
            "title": book.add_format({"bold": True, "bg_color": "#EEEEEE"}),
            "heading": book.add_format({"bold": True, "font_size": 12}),
            "header": book.add_format(
                {"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"}
            ),
            "empty": book.add_format({"align": "right"}),
        }
        for sheet in sheets:
            _write(book.add_worksheet(sheet_name(sheet.name)), sheet, formats)
    return stream.getvalue()


def _write(page, sheet: Sheet, formats: dict):
    for line, text in enumerate(sheet.heading):
        # over the columns beside it
        page.write_string(line, 0, text, None if line else formats["heading"])
    top = len(sheet.heading) + 1
    for column, (title, width) in enumerate(sheet.columns):
        page.set_column(column, column, width)
        page.write_string(top, column, title, formats["header"])
    for line, row in enumerate(sheet.rows, top + 1):
        for column, (kind, value) in enumerate(row):
            if kind in ("text", "title"):
                page.write_string(line, column, value or "", formats[kind])
            elif value is None or value is False:
                page.write_string(line, column, EMPTY, formats["empty"])
            elif kind == "date":
                page.write_datetime(line, column, value, formats[kind])
            else:
                page.write_number(line, column, value, formats[kind])
    page.freeze_panes(top + 1, 1)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.repeat_rows(top)
