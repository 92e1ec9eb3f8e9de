"""What the cells of the daily list of departures mean; see ``import_rows.py`` of ``vip_customer``."""

from datetime import date
from functools import partial
from typing import Any

from odoo.addons.vip_customer.tools.import_rows import (
    EARLIEST,
    HEADERS,
    CellRefused,
    Kind,
    cell_text,
    folded,
    parse_bounded,
    parse_code,
    parse_date,
    parse_number,
)

KINDS = {
    "scheduled": ("Scheduled cancellation", "预约销户"),
    "arrears": ("Arrears cancellation", "欠费销户"),
    "port_out": ("Port-out", "携号转出"),
    "suspension": ("Suspension on request", "申请停机"),
}
SPELLINGS = {folded(name): code for code, names in KINDS.items() for name in (code, *names)}

HEADERS.update(
    {
        "kind": ("离网类型", "销户类型"),
        "requested_on": ("申请日期", "申请时间"),
        "effective_on": ("生效日期", "销户日期"),
        "channel": ("受理渠道", "渠道"),
        "reason": ("离网原因", "原因"),
    }
)


def parse_kind(cell: Any) -> str | None:
    """
    >>> [parse_kind(cell) for cell in ("携号转出", " Port-Out", "PORT_OUT", "port out", "", None)]
    ['port_out', 'port_out', 'port_out', 'port_out', None, None]

    :raise CellRefused: ``departure_kind_invalid``
    """
    text = cell_text(cell)
    if not text:
        return None
    if found := SPELLINGS.get(folded(text)):
        return found
    raise CellRefused("departure_kind_invalid")


def departures_kind(today: date) -> Kind:
    """The columns of the daily list of departures. Which day a row needs depends on its kind."""
    return Kind(
        {
            "number": parse_number,
            "customer_code": parse_code,
            "kind": parse_kind,
            "requested_on": partial(
                parse_bounded, parse=parse_date, earliest=EARLIEST, latest=today
            ),
            "effective_on": partial(
                parse_bounded, parse=parse_date, earliest=EARLIEST, latest=date.max
            ),
            "channel": parse_code,
            "reason": parse_code,
        },
        required=(("number", "customer_code"), ("kind",)),
    )
