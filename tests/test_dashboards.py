"""The dashboards that the addon ships are what the script writes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from stack.paths import ADDONS, SCRIPTS

SHIPPED = ADDONS / "vip_retention" / "data" / "files"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dashboards")
    done = subprocess.run(
        [SCRIPTS / "dashboards", folder],
        env={"PYTHON": sys.executable, **os.environ},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_shipped_dashboards_are_up_to_date(folder):
    """After a change of the script: run scripts/dashboards and commit what it wrote."""
    written = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    shipped = {path.name: path.read_text("utf-8") for path in SHIPPED.glob("*_dashboard.json")}
    assert shipped == written


def test_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [SCRIPTS / "dashboards", tmp_path / "file" / "below"],
        env={"PYTHON": sys.executable, **os.environ},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "Name another folder." in done.stderr
