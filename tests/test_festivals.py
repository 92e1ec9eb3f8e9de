"""The calendar that the addon ships is what the calendar library says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from stack.paths import ADDONS, SCRIPTS

SHIPPED = ADDONS / "vip_customer" / "data"
TABLES = ("vip_occasion_date_data.xml", "vip_lunar_month_data.xml")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("calendar")
    done = subprocess.run(
        [SCRIPTS / "festivals", folder],
        env={"PYTHON": sys.executable, **os.environ},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("table", TABLES)
def test_shipped_table_is_up_to_date(folder, table):
    """After a change of the script or its library: run scripts/festivals and commit what it wrote."""
    assert (SHIPPED / table).read_text("utf-8") == (folder / table).read_text("utf-8")


def test_known_days(folder):
    """A few days everybody knows, among them the leap months and the late one of 2033."""
    dates = (folder / "vip_occasion_date_data.xml").read_text("utf-8")
    for occasion, day in (
        ("spring_festival_eve", "2026-02-16"),
        ("qingming", "2026-04-05"),
        ("mid_autumn", "2026-09-25"),
        ("dragon_boat", "2028-05-28"),
        ("mid_autumn", "2033-09-08"),
    ):
        ref = f'<field name="occasion_id" ref="occasion_{occasion}" />'
        assert f'{ref}\n        <field name="date">{day}</field>' in dates
    months = (folder / "vip_lunar_month_data.xml").read_text("utf-8")
    for month in ("2025_06", "2028_05", "2031_03", "2033_11", "2036_06"):
        assert f"lunar_month_{month}_leap" in months
    assert len(re.findall(r'id="lunar_month_\d+_\d+_leap"', months)) == 5
