"""What the cells of an import mean: headers to columns, spellings to values, faults to reasons.

How to use::

    kind = billing_kind(today, Currency("CNY", "¥"))
    reader = RowReader(kind, table.header)
    for row in reader.parse(table.rows):
        row.line, row.values, row.errors      # values in the order of kind.columns

How it works. A kind of import is a list of columns, each with the names its header may bear and a
function from cell to value. Months, dates and other values that repeat are parsed once and then
remembered: a million bills have a dozen months. Keys, codes and values are read in half-width
characters (NFKC); names and addresses stay as they were written.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache, partial
from typing import Any, NamedTuple

from .number_key import number_key
from .table_file import FileRefused, Unreadable

EARLIEST = date(1970, 1, 1)
EARLIEST_BIRTHDAY = date(1900, 1, 1)
MAX_AMOUNT = Decimal(10) ** 12
MAX_TEXT = 255

CURRENCY_SPELLINGS = {"CNY": ("¥", "元", "RMB", "人民币")}
NUMBER_STATES = {
    "active": ("正常", "在用"),
    "suspended": ("停机",),
    "cancelling": ("预销", "预销户"),
    "closed": ("销户", "已销户"),
}
# the services that are shipped, by the names they have there, in whatever language the book is kept
SERVICES = {
    "DATA": ("Mobile data", "移动数据"),
    "SEC": ("Secretary", "移动秘书"),
    "GPS": ("Positioning", "定位服务"),
    "INTER": (
        "Interactive services",
        "Interactive services (e.g. share trading)",
        "互动服务",
        "互动服务（如股票交易）",
    ),
}
CALENDARS = {"solar": ("公历", "阳历"), "lunar": ("农历", "阴历")}

# marks of writing direction and zero width, as address books put them around numbers
INVISIBLE = dict.fromkeys([0x00AD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF])
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)
EXCEL_ERRORS = {"#N/A", "#REF", "#VALUE", "#NAME", "#DIV/0", "#NULL", "#NUM"}
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
COUNT = re.compile(r"(\d{1,2})(\.0+)?")
TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
DATES = [
    re.compile(pattern + TIME)
    for pattern in (
        r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})",
        r"(\d{4})()(\d{2})(\d{2})",
        r"(\d{4})(年)(\d{1,2})月(\d{1,2})日?",
    )
]
MONTHS = [
    re.compile(pattern)
    for pattern in (r"(\d{4})[-/](\d{1,2})", r"(\d{4})\.?(\d{2})", r"(\d{4})年(\d{1,2})月?份?")
]
# sign, currency, sign, figures, currency
AMOUNT = re.compile(r"(-?)([^\d.,+-]*)(-?)([\d.,]+)([^\d.,+-]*)")
GROUPED = re.compile(r"\d+(\.\d+)?|\d{1,3}(,\d{3})+(\.\d+)?")


class CellRefused(ValueError):
    """A cell that cannot be taken; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RowError(NamedTuple):
    """:ivar column: name of the column, empty where it is the whole row
    :ivar code: the reason, a key of the sentences kept beside ``vip.import``
    :ivar detail: what the sentence names besides: another line, a customer"""

    line: int
    column: str
    value: str
    code: str
    detail: str = ""


class Row(NamedTuple):
    line: int
    values: list[Any]
    errors: list[RowError]


class Currency:
    """How amounts of the company are written; ``digits`` decimals are kept, half rounds up."""

    def __init__(self, code: str, symbol: str, digits: int = 2) -> None:
        names = (code, symbol, *CURRENCY_SPELLINGS.get(code, ()))
        self.marks = {_half_width(name).upper() for name in names}
        self.unit = Decimal(1).scaleb(-digits)
        decimals = rf"(\.\d{{1,{digits}}})?" if digits else ""
        self.plain = re.compile(rf"-?\d{{1,12}}{decimals}")


# ------------------------------------------------------------
# CELLS
# ------------------------------------------------------------


def _half_width(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(INVISIBLE))
    return text.strip()


def cell_text(cell: Any) -> str:
    """The cell as a person reads it, in half-width characters.

    >>> [cell_text(cell) for cell in ("　１３８ ", 13800138000, 10086.0, 0.1, None)]
    ['138', '13800138000', '10086', '0.1', '']

    :raise CellRefused: ``formula``, ``excel_error``
    """
    if isinstance(cell, str):
        text = _half_width(cell)
        if text.startswith("#") and text.rstrip("!?").upper() in EXCEL_ERRORS:
            raise CellRefused("excel_error")
        return text
    if cell is None:
        return ""
    if isinstance(cell, Unreadable):
        raise CellRefused(cell.value)
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def parse_text(cell: Any) -> str | None:
    """Free text as written, spaces at its ends and line breaks aside.

    >>> parse_text(" 朝阳区（北）\\n1 号 ")
    '朝阳区（北） 1 号'
    """
    if not cell_text(cell):
        return None
    text = cell if isinstance(cell, str) else cell_text(cell)
    return _checked_text(" ".join(text.split()))


def parse_code(cell: Any) -> str | None:
    """A key that is compared: half-width characters.

    >>> parse_code("Ａ００１"), parse_code(" "), parse_code(10086)
    ('A001', None, '10086')
    """
    text = cell_text(cell)
    if SCIENTIFIC.fullmatch(text):
        raise CellRefused("scientific")
    return _checked_text(text) if text else None


def parse_number(cell: Any) -> str | None:
    """A service number as a key.

    >>> parse_number("１３８ 0013-8000"), parse_number(13800138000.0), parse_number("-")
    ('13800138000', '13800138000', None)
    """
    if type(cell) is str and cell.isascii() and cell.isdigit() and len(cell) <= MAX_TEXT:
        return cell
    return number_key(parse_code(cell)) or None


def _checked_text(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise CellRefused("too_long")
    if CONTROL.search(text):
        raise CellRefused("control_characters")
    return text


def parse_email(cell: Any) -> str | None:
    """
    >>> parse_email(" li@example.com ")
    'li@example.com'
    """
    text = parse_code(cell)
    if text and not EMAIL.fullmatch(text):
        raise CellRefused("email_invalid")
    return text


@lru_cache(maxsize=1024, typed=True)
def parse_count(cell: Any) -> int | None:
    """
    >>> parse_count("２"), parse_count(1.0), parse_count("3.0"), parse_count("")
    (2, 1, 3, None)
    """
    text = cell_text(cell)
    if not text:
        return None
    found = COUNT.fullmatch(text)
    if not found:
        raise CellRefused("count_invalid")
    return int(found[1])


@lru_cache(maxsize=4096, typed=True)
def parse_month(cell: Any) -> date | None:
    """First day of the month.

    >>> cells = ["2026-01", "202601", "2026/1", "２０２６年１月", "2026-01-31", "2026/1/1 0:00"]
    >>> {str(parse_month(cell)) for cell in [*cells, 202601, datetime(2026, 1, 5)]}
    {'2026-01-01'}

    :raise CellRefused: ``month_invalid``
    """
    text = cell_text(cell)
    if not text:
        return None
    for pattern in MONTHS:
        found = pattern.fullmatch(text)
        if found and not isinstance(cell, float):  # 2026.1 may have been 2026.10
            return _day(found[1], found[2], "1", "month_invalid")
    try:
        return parse_date(cell).replace(day=1)
    except CellRefused:
        raise CellRefused("month_invalid")


@lru_cache(maxsize=4096, typed=True)
def parse_date(cell: Any) -> date | None:
    """
    >>> cells = ["2026-01-10", "20260110", "2026/1/10", "2026年1月10日", "2026-01-10 00:00:00"]
    >>> {str(parse_date(cell)) for cell in [*cells, 20260110, datetime(2026, 1, 10, 8)]}
    {'2026-01-10'}

    :raise CellRefused: ``date_invalid``
    """
    if isinstance(cell, date):
        return cell.date() if isinstance(cell, datetime) else cell
    text = cell_text(cell)
    if not text:
        return None
    for pattern in DATES:
        found = pattern.fullmatch(text)
        if found:
            return _day(found[1], found[3], found[4], "date_invalid")
    raise CellRefused("date_invalid")


def _day(year: str, month: str, day: str, code: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise CellRefused(code)


def parse_bounded(cell: Any, parse: Callable, earliest: date, latest: date) -> date | None:
    """A month or date between two days, both included.

    :raise CellRefused: ``too_early``, ``in_future``, and what ``parse`` raises
    """
    day = parse(cell)
    if day is None or earliest <= day <= latest:
        return day
    raise CellRefused("too_early" if day < earliest else "in_future")


def parse_amount(cell: Any, currency: Currency) -> Decimal | None:
    """An amount rounded to the currency; thousands separators and its currency's signs are read.

    >>> yuan = Currency("CNY", "¥")
    >>> cells = ["650", "¥1,234.50", "１２３４.５元", "-CNY 5", 0.615]
    >>> [str(parse_amount(cell, yuan)) for cell in cells]
    ['650', '1234.50', '1234.50', '-5.00', '0.62']

    :raise CellRefused: ``amount_invalid``; ``amount_ambiguous`` for ``1.234,50`` and ``1,23``;
        ``amount_currency`` for another currency; ``amount_too_large`` from 10^12 on
    """
    if type(cell) is str and currency.plain.fullmatch(cell):
        return Decimal(cell)
    if isinstance(cell, float):
        cell = format(Decimal(repr(cell)), "f")
    text = cell_text(cell).upper().replace("\u2212", "-").replace(" ", "")
    if not text:
        return None
    found = AMOUNT.fullmatch(text)
    if not found or isinstance(cell, bool | date) or (found[1] and found[3]):
        raise CellRefused("amount_invalid")
    sign, before, inner_sign, figures, after = found.groups()
    marks = {before, after} - {""}
    if not marks <= currency.marks:
        raise CellRefused("amount_currency" if _is_money(marks) else "amount_invalid")
    if not GROUPED.fullmatch(figures):
        raise CellRefused("amount_ambiguous")
    amount = Decimal(sign + inner_sign + figures.replace(",", ""))
    if abs(amount) >= MAX_AMOUNT:
        raise CellRefused("amount_too_large")
    return amount.quantize(currency.unit, ROUND_HALF_UP)


def _is_money(marks: set[str]) -> bool:
    """Whether these look like currencies: a sign of one, or three letters."""
    return any(
        re.fullmatch("[A-Z]{3}", mark) or any(unicodedata.category(char) == "Sc" for char in mark)
        for mark in marks
    )


def parse_choice(cell: Any, spellings: dict[str, str], code: str) -> str | None:
    """
    >>> parse_choice("停机", _spellings(NUMBER_STATES), "state_invalid")
    'suspended'

    :raise CellRefused: ``code``
    """
    text = cell_text(cell).casefold()
    if text and text not in spellings:
        raise CellRefused(code)
    return spellings.get(text)


def _spellings(names: dict[str, Sequence[str]]) -> dict[str, str]:
    """Each spelling in any case -> its name."""
    return {folded(alias): name for name, others in names.items() for alias in (name, *others)}


def folded(text: str) -> str:
    """A name as it is compared: in half-width characters, any case, with or without spaces between.

    >>> folded("Mobile Data"), folded("互动服务（如股票交易）")
    ('mobile_data', '互动服务(如股票交易)')
    """
    return _half_width(text).casefold().replace(" ", "_")


# ------------------------------------------------------------
# KINDS
# ------------------------------------------------------------

# each column of each kind; another addon adds those of its own
HEADERS = {
    "customer_code": ("客户编码", "客户编号"),
    "name": ("客户名称", "客户姓名", "姓名"),
    "number": ("服务号码", "手机号码", "手机号"),
    "activated_on": ("入网时间", "入网日期", "开户日期"),
    "branch": ("归属营业部", "营业部", "归属部门"),
    "manager": ("客户经理",),
    "birthday": ("生日", "出生日期"),
    "birthday_calendar": ("历法",),
    "email": ("电子邮箱", "邮箱"),
    "street": ("地址", "联系地址"),
    "city": ("城市",),
    "number_state": ("号码状态", "状态"),
    "plan": ("套餐", "资费套餐"),
    "contract_end": ("合约到期日",),
    "month": ("账期", "月份"),
    "amount": ("出账金额", "消费金额", "账单金额"),
    "arrears_suspensions": ("欠费停机次数", "欠停次数"),
    "service": ("服务", "增值业务"),
    "taken_up_on": ("开通日期",),
    "ended_on": ("关闭日期",),
}


def header_label(column: str, lang: str | None) -> str:
    """
    >>> header_label("amount", "zh_CN"), header_label("amount", "en_US")
    ('出账金额', 'amount')
    """
    return HEADERS[column][0] if (lang or "").startswith("zh") else column


class Kind(NamedTuple):
    """:ivar columns: name -> function from cell to value
    :ivar required: groups of which one column has to be there, and one cell filled in each row
    :ivar needing: columns that mean nothing in a row without another one, and that one"""

    columns: dict[str, Callable[[Any], Any]]
    required: tuple[tuple[str, ...], ...]
    needing: dict[str, str] = {}


def customers_kind(today: date) -> Kind:
    """The columns of customers and their numbers."""
    past = partial(parse_bounded, parse=parse_date, earliest=EARLIEST, latest=today)
    states, calendars = _spellings(NUMBER_STATES), _spellings(CALENDARS)
    return Kind(
        {
            "customer_code": parse_code,
            "name": parse_text,
            "number": parse_number,
            "activated_on": past,
            "branch": parse_text,
            "manager": parse_text,
            "birthday": partial(past, earliest=EARLIEST_BIRTHDAY),
            "birthday_calendar": partial(
                parse_choice, spellings=calendars, code="calendar_invalid"
            ),
            "email": parse_email,
            "street": parse_text,
            "city": parse_text,
            "number_state": partial(parse_choice, spellings=states, code="state_invalid"),
            "plan": parse_text,
            "contract_end": partial(past, latest=date.max),
        },
        required=(("customer_code",),),
        needing=dict.fromkeys(("number_state", "plan", "contract_end"), "number"),
    )


def billing_kind(today: date, currency: Currency) -> Kind:
    """The columns of monthly bills."""
    return Kind(
        {
            "number": parse_number,
            "customer_code": parse_code,
            "month": partial(parse_bounded, parse=parse_month, earliest=EARLIEST, latest=today),
            "amount": partial(parse_amount, currency=currency),
            "arrears_suspensions": parse_count,
        },
        required=(("number", "customer_code"), ("month",), ("amount",)),
    )


def vas_kind(today: date) -> Kind:
    """The columns of value-added services that customers use."""
    past = partial(parse_bounded, parse=parse_date, earliest=EARLIEST, latest=today)
    return Kind(
        {
            "number": parse_number,
            "customer_code": parse_code,
            "service": parse_code,
            "taken_up_on": past,
            "ended_on": past,
        },
        required=(("number", "customer_code"), ("service",), ("taken_up_on",)),
    )


# ------------------------------------------------------------
# ROWS
# ------------------------------------------------------------


class RowReader:
    """Turns the rows under a header into values and errors.

    :ivar labels: name of a column -> its label in this header
    :ivar unknown: the labels of the header that belong to no column
    """

    def __init__(self, kind: Kind, header: Sequence[str]) -> None:
        """:raise FileRefused: ``missing_column``, ``doubled_column``"""
        self.kind = kind
        self.width = len(header)
        self.labels: dict[str, str] = {}
        self.unknown: list[str] = []
        positions: dict[str, int] = {}
        names = _spellings({name: HEADERS[name] for name in kind.columns})
        for position, label in enumerate(header):
            name = names.get(folded(label))
            if name in positions:
                raise FileRefused("doubled_column", first=self.labels[name], second=label)
            if name:
                positions[name] = position
                self.labels[name] = label
            elif label:
                self.unknown.append(label)
        for group in kind.required:
            if positions.keys().isdisjoint(group):
                raise FileRefused("missing_column", columns=group)
        index = {name: i for i, name in enumerate(kind.columns)}
        self._plan = [
            (index[name], position, name, kind.columns[name])
            for name, position in positions.items()
        ]
        self._required = [[index[name] for name in group] for group in kind.required]
        self._needing = [
            (index[name], index[other]) for name, other in kind.needing.items() if name in positions
        ]

    def parse(self, rows: Iterable[tuple[int, Sequence[Any]]]) -> Iterator[Row]:
        """The rows one by one; cells that are not there are empty ones."""
        blank = [None] * len(self.kind.columns)
        for line, cells in rows:
            values = blank.copy()
            errors = []
            width = len(cells)
            for index, position, name, parse in self._plan:
                if position < width:
                    try:
                        values[index] = parse(cells[position])
                    except CellRefused as fault:
                        errors.append(RowError(line, name, shown(cells[position]), fault.code))
            if width > self.width:
                errors += self._extra(line, cells)
            if not errors:
                errors = self._missing(line, values)
            yield Row(line, values, errors)

    def _extra(self, line: int, cells: Sequence[Any]) -> list[RowError]:
        extra = [cell for cell in cells[self.width :] if cell not in (None, "")]
        return [RowError(line, "", shown(extra[0]), "extra_cells")] if extra else []

    def _missing(self, line: int, values: list[Any]) -> list[RowError]:
        errors = []
        names = list(self.kind.columns)
        for group in self._required:
            for index in group:
                if values[index] is not None:
                    break
            else:
                code = "value_missing" if len(group) == 1 else "key_missing"
                errors.append(RowError(line, names[group[0]], "", code))
        for index, other in self._needing:
            if values[index] is not None and values[other] is None:
                errors.append(RowError(line, names[index], str(values[index]), "number_missing"))
        return errors


def shown(cell: Any) -> str:
    """The cell for an error file: short, and never a formula in the eyes of a spreadsheet.

    >>> shown("=1+1"), shown("-5"), shown(None), len(shown("x" * 500))
    ("'=1+1", '-5', '', 80)
    """
    if cell is None or isinstance(cell, Unreadable):
        return ""
    text = CONTROL.sub(" ", str(cell))[:80].strip()
    harmless = not text.startswith(("=", "+", "-", "@")) or re.fullmatch(r"-[\d.,]+", text)
    return text if harmless else f"'{text}"
