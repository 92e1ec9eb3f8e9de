"""A CSV or XLSX file as a stream of rows, whoever made it and whatever is wrong with it.

How to use::

    with open_table(stream) as table:
        table.header                     # ["客户编码", "账期", ...]
        for line, cells in table.rows:   # line as the user's editor or Excel counts it
            ...

How it works. The kind of file is told from its first bytes, never from its name. CSV is read once
to learn its encoding (UTF-8 with or without BOM, else GB18030) and once more row by row; XLSX is
unpacked once to nothing, counting bytes and looking for document type definitions, before a parser
sees it. Memory does not grow with the number of rows, but for the shared strings of an XLSX.

What cannot be read as a whole raises :class:`FileRefused`; a cell without a value of its own is an
:class:`Unreadable` in its row, and costs the user that row only.
"""

import codecs
import csv
import enum
import io
import itertools
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, BinaryIO, NamedTuple

import openpyxl

MEGABYTE = 1024 * 1024
MAX_BYTES = 100 * MEGABYTE
# An XLSX of a million bills unpacks to some 150 MB, ten to twenty times its size.
MAX_UNPACKED_BYTES = 500 * MEGABYTE
MAX_UNPACKED_RATIO = 200
RATIO_FREE_BYTES = 10 * MEGABYTE  # small parts may be as repetitive as they like
MAX_SHEET_ROWS = 1_048_576
CHUNK = 256 * 1024

OLD_EXCEL = b"\xd0\xcf\x11\xe0"
ZIP = b"PK\x03\x04"
FOREIGN = {
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7z",
    b"\x1f\x8b": "gzip",
    b"{\\rtf": "RTF",
    b"<": "HTML / XML",
}
DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))

# zipfile answers a part packed in a way of its own, or with a password, with the last two
BAD_ARCHIVE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)


class FileRefused(ValueError):
    """The whole file cannot be taken.

    :ivar code: ``too_big`` (size_mb, limit_mb), ``empty``, ``no_rows``, ``old_excel``, ``foreign``
        (kind), ``binary``, ``undecodable`` (line), ``broken_csv`` (line), ``no_workbook``,
        ``broken_workbook``, ``unpacks_too_big`` (limit_mb), ``doctype``; by the header
        ``missing_column`` (columns), ``doubled_column`` (first, second)
    :ivar params: the values its sentence names
    """

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


class Unreadable(enum.Enum):
    """A cell of a sheet that holds no value of its own."""

    FORMULA = "formula"
    ERROR = "excel_error"


class Table(NamedTuple):
    header: list[str]
    rows: Iterator[tuple[int, list[Any]]]


@contextmanager
def open_table(stream: BinaryIO, max_bytes: int = MAX_BYTES) -> Iterator[Table]:
    """The header and the rows, at least one, of a seekable file; empty rows are left out.

    Cells of a CSV are str; those of a sheet are None, str, int, float, bool, a date or time, or an
    :class:`Unreadable`. A row may be shorter or longer than the header.

    >>> with open_table(io.BytesIO("账期;金额\\n\\n2026-01;12,5\\n".encode("gb18030"))) as table:
    ...     table.header, list(table.rows)
    (['账期', '金额'], [(3, ['2026-01', '12,5'])])

    :raise FileRefused: on opening, or while the rows are read
    """
    _check_size(stream, max_bytes)
    start = _start(stream)
    if start.startswith(ZIP):
        _check_archive(stream)
        rows = _sheet_rows(stream)
    else:
        _check_kind(start)
        rows = _csv_rows(stream)
    with closing(rows):
        _line, header = next(rows, (0, None))
        if header is None:
            raise FileRefused("empty")
        first = next(rows, None)
        if first is None:
            raise FileRefused("no_rows")
        yield Table(_labels(header), itertools.chain([first], rows))


def _labels(header: list[Any]) -> list[str]:
    """The header as text, without the empty cells at its end."""
    labels = [str(cell).strip() if isinstance(cell, str | int) else "" for cell in header]
    while labels and not labels[-1]:
        labels.pop()
    return labels


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: stream.read(CHUNK), b"")


# ------------------------------------------------------------
# KIND OF FILE
# ------------------------------------------------------------


def _check_size(stream: BinaryIO, max_bytes: int) -> None:
    size = stream.seek(0, io.SEEK_END)
    if size > max_bytes:
        raise FileRefused("too_big", size_mb=size // MEGABYTE, limit_mb=max_bytes // MEGABYTE)


def _start(stream: BinaryIO) -> bytes:
    stream.seek(0)
    return stream.read(1024).removeprefix(codecs.BOM_UTF8).lstrip()


def _check_kind(start: bytes) -> None:
    if not start:
        raise FileRefused("empty")
    if start.startswith(OLD_EXCEL):
        raise FileRefused("old_excel")
    for signature, kind in FOREIGN.items():
        if start.startswith(signature):
            raise FileRefused("foreign", kind=kind)


# ------------------------------------------------------------
# CSV
# ------------------------------------------------------------


def _csv_rows(stream: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    encoding = _encoding(stream)
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    try:
        delimiter = _delimiter(text)
        text.seek(0)
        # strict: a quote that is never closed would swallow the rows behind it without a word
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        line = 1
        try:
            for cells in reader:
                if any(cells):
                    yield line, cells
                line = reader.line_num + 1
        except csv.Error:
            raise FileRefused("broken_csv", line=line) from None
    finally:
        text.detach()  # the stream stays the caller's


def _encoding(stream: BinaryIO) -> str:
    """``utf-8-sig`` or ``gb18030``, whichever the whole file is written in."""
    faults = []
    for encoding in ("utf-8-sig", "gb18030"):
        fault = _fault_line(stream, encoding)
        if fault is None:
            return encoding
        faults.append(fault)
    # one bad byte in a file of either kind: the right encoding is the one that came further
    raise FileRefused("undecodable", line=max(faults))


def _fault_line(stream: BinaryIO, encoding: str) -> int | None:
    """The first line that is not written in ``encoding``, None when all are."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    try:
        for chunk in _chunks(stream):
            decoder.decode(chunk)
            if b"\0" in chunk:
                raise FileRefused("binary")
            line += chunk.count(b"\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as fault:
        return line + fault.object[: fault.start].count(b"\n")
    return None


def _delimiter(text: io.TextIOWrapper) -> str:
    """The one of ``,``, ``;`` and tab that is found most often in the header."""
    header = next((line for line in iter(lambda: text.readline(CHUNK), "") if line.strip()), "")
    return max(",;\t", key=header.count)


# ------------------------------------------------------------
# XLSX
# ------------------------------------------------------------


def _check_archive(stream: BinaryIO) -> None:
    """Unpack every part once, keeping nothing: neither sizes nor contents are taken on trust."""
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = archive.infolist()
            if "[Content_Types].xml" not in archive.namelist():
                raise FileRefused("no_workbook")
            _check_unpacked(sum(part.file_size for part in parts))
            unpacked = 0
            for part in parts:
                unpacked += _check_part(archive, part, MAX_UNPACKED_BYTES - unpacked)
    except BAD_ARCHIVE:
        raise FileRefused("broken_workbook") from None


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, room: int) -> int:
    """Unpacked size of the part, at most ``room`` bytes."""
    unpacked = 0
    tail = b""
    with archive.open(part) as content:
        for chunk in _chunks(content):
            unpacked += len(chunk)
            _check_unpacked(unpacked, room)
            if unpacked > max(RATIO_FREE_BYTES, MAX_UNPACKED_RATIO * part.compress_size):
                raise FileRefused("unpacks_too_big", limit_mb=MAX_UNPACKED_BYTES // MEGABYTE)
            chunk = tail + chunk
            if any(doctype in chunk for doctype in DOCTYPES):
                raise FileRefused("doctype")
            tail = chunk[-max(map(len, DOCTYPES)) :]
    return unpacked


def _check_unpacked(size: int, room: int = MAX_UNPACKED_BYTES) -> None:
    if size > room:
        raise FileRefused("unpacks_too_big", limit_mb=MAX_UNPACKED_BYTES // MEGABYTE)


def _sheet_rows(stream: BinaryIO) -> Iterator[tuple[int, list[Any]]]:
    """The rows of the first visible sheet, each one cell wider than the first that is not empty.

    Odd XML in a sheet can make the parser raise anything; whatever it is, the workbook is broken.
    """
    stream.seek(0)
    try:
        workbook = openpyxl.load_workbook(stream, read_only=True, keep_links=False)
        sheet = next(sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible")
        sheet.reset_dimensions()  # some programmes write "A1" whatever the size
        first, width = _first_row(sheet)
        for line, row in enumerate(sheet.iter_rows(min_row=first, max_col=width + 1), first):
            cells = [_cell_value(cell) for cell in row]
            if any(cell not in (None, "") for cell in cells):
                yield line, cells
            if line > MAX_SHEET_ROWS:
                raise FileRefused("broken_workbook")
    except FileRefused:
        raise
    except Exception as fault:
        raise FileRefused("broken_workbook") from fault


def _first_row(sheet: Any) -> tuple[int, int]:
    """Number and width of the first row with a value."""
    for line, row in enumerate(itertools.islice(sheet.iter_rows(), MAX_SHEET_ROWS), 1):
        width = max((i for i, cell in enumerate(row, 1) if cell.value not in (None, "")), default=0)
        if width:
            return line, width
    raise FileRefused("empty")


def _cell_value(cell: Any) -> Any:
    if cell.data_type == "f":
        return Unreadable.FORMULA
    if cell.data_type == "e":
        return Unreadable.ERROR
    return cell.value
