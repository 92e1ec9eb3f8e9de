"""Write the calendar that the addon ships: the dates of its occasions and the lunar months.

Both come out of a calendar library, so that the addon needs none while it runs. To ship further
years, change LAST_YEAR and run it again; the rows that are there keep their ids.
"""

import argparse
import importlib
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from stack import console, wheels
from stack.errors import Stop
from stack.paths import ADDONS, RUN, SCRIPTS

REQUIREMENT = SCRIPTS / "requirements-calendar.txt"
LOG = RUN / "logs" / "festivals.log"
DATA = ADDONS / "vip_customer" / "data"

FIRST_YEAR, LAST_YEAR = 2026, 2037
# Occasion -> month and day.
SOLAR = {"new_year": (1, 1), "labour_day": (5, 1), "national_day": (10, 1)}
LUNAR = {
    "lantern": (1, 15),
    "dragon_boat": (5, 5),
    "zhongyuan": (7, 15),
    "mid_autumn": (8, 15),
    "double_ninth": (9, 9),
}
QINGMING = "清明"

HEADER = """\
<?xml version="1.0" encoding="UTF-8" ?>
<!-- Written by scripts/festivals. -->
<odoo noupdate="1">
"""
FOOTER = "</odoo>\n"
Month = tuple[int, int, bool, date, int]  # year, month, leap, first day, number of days


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="scripts/festivals", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "folder",
        metavar="DIR",
        type=Path,
        nargs="?",
        default=DATA,
        help="where to; the addon's data",
    )
    folder = parser.parse_args(arguments).folder
    library = fetch()
    months = lunar_months(library)
    for name, text in (
        ("vip_occasion_date_data.xml", date_table(occasion_dates(library, months))),
        ("vip_lunar_month_data.xml", month_table(months)),
    ):
        write(folder / name, text)


def fetch() -> Any:
    """The calendar library, straight out of the package as pip gets it."""
    with wheels.fetched(REQUIREMENT, "cnlunar", LOG) as wheel:
        sys.path.insert(0, str(wheel))
        return importlib.import_module("cnlunar")


def lunar_months(library: Any) -> list[Month]:
    """The months of all lunar years that reach into the years shipped, whole years only."""
    days = [date(FIRST_YEAR - 1, 1, 1) + timedelta(days=i) for i in range(366 * 15)]
    found = []
    for (year, month, is_leap), group in groupby(days, lambda day: _lunar(library, day)[:3]):
        if FIRST_YEAR - 1 <= year <= LAST_YEAR:
            in_month = list(group)
            found.append((year, month, is_leap, in_month[0], len(in_month)))
    return found


def _lunar(library: Any, day: date) -> tuple[int, int, bool, int]:
    lunar = library.Lunar(datetime.combine(day, time(12)))
    return lunar.lunarYear, lunar.lunarMonth, bool(lunar.isLunarLeapMonth), lunar.lunarDay


def occasion_dates(library: Any, months: Sequence[Month]) -> Iterator[tuple[str, date]]:
    """(occasion, date) for all years shipped, by occasion."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    first_days = {(year, month): day for year, month, leap, day, _days in months if not leap}
    for year in years:
        yield "spring_festival_eve", first_days[year, 1] - timedelta(days=1)
        solar_terms = library.Lunar(datetime(year, 6, 1, 12)).thisYearSolarTermsDic
        yield "qingming", date(year, *solar_terms[QINGMING])
        for occasion, (month, day) in SOLAR.items():
            yield occasion, date(year, month, day)
        for occasion, (month, day) in LUNAR.items():
            yield occasion, first_days[year, month] + timedelta(days=day - 1)


def date_table(dates: Iterator[tuple[str, date]]) -> str:
    rows = [
        f'    <record id="{occasion}_{day.year}" model="vip.occasion.date">\n'
        f'        <field name="occasion_id" ref="occasion_{occasion}" />\n'
        f'        <field name="date">{day}</field>\n'
        "    </record>\n"
        for occasion, day in sorted(dates, key=lambda row: row[1])
    ]
    return HEADER + "".join(rows) + FOOTER


def month_table(months: Sequence[Month]) -> str:
    rows = [
        f'    <record id="lunar_month_{year}_{month:02}{"_leap" if leap else ""}" model="vip.lunar.month">\n'
        f'        <field name="year" eval="{year}" />\n'
        f'        <field name="month" eval="{month}" />\n'
        f'        <field name="is_leap" eval="{leap}" />\n'
        f'        <field name="date_from">{day}</field>\n'
        f'        <field name="days" eval="{days}" />\n'
        "    </record>\n"
        for year, month, leap, day, days in months
    ]
    return HEADER + "".join(rows) + FOOTER


def write(target: Path, text: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Stop(f"Cannot write {target}: {error.strerror}.", "Name another folder.")
    console.say(f"{target}: {text.count('<record ')} rows")


if __name__ == "__main__":
    console.script(main)
