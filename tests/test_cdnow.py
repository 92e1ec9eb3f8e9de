"""Real input: a year of purchases of 23 570 customers, imported, judged and applied.

The expected tiers are worked out here from the raw file, without any code of ours.
"""

import base64
import os
import subprocess
import sys
import zipfile
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from stack.paths import SCRIPTS

BOUNDS = [("diamond", Decimal(500)), ("gold", Decimal(250)), ("silver", Decimal(100))]
VALID_UNTIL = "1999-01-31"
ROWS = {"customers": 23_570, "billing": 55_379}

# What an import may touch; a row that is written again gets another xmin.
STATE = """
    SELECT (SELECT md5(string_agg(id || ' ' || xmin, ',' ORDER BY id)) FROM vip_billing_fact),
           (SELECT md5(string_agg(id || ' ' || xmin, ',' ORDER BY id)) FROM vip_membership),
           (SELECT md5(string_agg(id || ' ' || xmin, ',' ORDER BY id)) FROM res_partner),
           (SELECT md5(string_agg(id || ' ' || xmin, ',' ORDER BY id)) FROM vip_tier_history),
           (SELECT md5(string_agg(id || ' ' || xmin, ',' ORDER BY id)) FROM vip_billing_month)
"""


@pytest.fixture(scope="session")
def raw_lines(tmp_path_factory) -> list[str]:
    """The lines of the raw file: customer, day, pieces, amount."""
    folder = tmp_path_factory.mktemp("package")
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "lifetimes==0.11.3"]
    done = subprocess.run([*command, "-d", folder], capture_output=True, text=True)
    if done.returncode:
        pytest.fail(
            "The package lifetimes 0.11.3, which ships the data, cannot be downloaded; a package"
            f" index must be reachable through pip. pip said: {done.stderr[-500:]}"
        )
    (wheel,) = folder.glob("*.whl")
    text = zipfile.ZipFile(wheel).read("lifetimes/datasets/CDNOW_master.txt").decode()
    return text.splitlines()[1:]


@pytest.fixture(scope="session")
def spent(raw_lines) -> dict[str, Decimal]:
    """Customer -> what he spent in 1997."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for line in filter(None, map(str.split, raw_lines)):
        customer, day, _pieces, amount = line
        totals[customer] += Decimal(amount) if day.startswith("1997") else 0
    return totals


@pytest.fixture(scope="session")
def expected(spent) -> dict[str, str | None]:
    """Customer -> tier."""
    return {
        customer: next((tier for tier, bound in BOUNDS if total >= bound), None)
        for customer, total in spent.items()
    }


def sample(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call scripts/sample."""
    return subprocess.run(
        [SCRIPTS / "sample", *map(str, arguments)],
        env={"PYTHON": sys.executable, **os.environ, **environment},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> Path:
    """The folder with customers.csv and billing.csv."""
    folder = tmp_path_factory.mktemp("cdnow")
    done = sample("cdnow", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def book(system, files):
    """The system with both files imported by a user who may do nothing else."""
    system.users(
        cdnow_import="vip_customer.group_vip_import",
        cdnow_manager="vip_customer.group_vip_manager",
        cdnow_approver="vip_customer.group_vip_manager,vip_customer.group_vip_approver",
    )
    for kind, rows in ROWS.items():
        outcome = run_import(system, files, kind)
        assert outcome["created_count"] == rows
    return system


def run_import(system, files: Path, kind: str) -> dict:
    """Import a file over /json/2, as a nightly job would; the outcome."""
    content = base64.b64encode((files / f"{kind}.csv").read_bytes()).decode()
    [job] = system.json2(
        "cdnow_import",
        "vip.import",
        "create",
        vals_list=[{"kind": kind, "filename": f"{kind}.csv", "file": content}],
    )
    system.json2("cdnow_import", "vip.import", "action_run", ids=[job])
    # The server of these tests has no scheduler; big files wait for it.
    system.shell("env.ref('vip_customer.ir_cron_run_imports').method_direct_trigger()")
    names = ["state", "row_count", "error_count", "created_count", "changed_count", "message"]
    [outcome] = system.json2("cdnow_import", "vip.import", "read", ids=[job], fields=names)
    assert outcome["state"] == "done", outcome
    assert (outcome["row_count"], outcome["error_count"]) == (ROWS[kind], 0), outcome
    return outcome


@pytest.fixture(scope="module")
def applied(book) -> int:
    """The run of 1997, computed by the manager, approved by somebody else, applied."""
    tiers = book.json2("cdnow_manager", "vip.tier", "search_read", domain=[], fields=["code"])
    tier_ids = {tier["code"]: tier["id"] for tier in tiers}
    [policy] = book.json2(
        "cdnow_manager",
        "vip.tier.policy",
        "create",
        vals_list=[
            {
                "name": "CDNOW 1998",
                "date_from": "1998-02-01",
                "date_to": VALID_UNTIL,
                "window": "calendar_year",
                "rule_ids": [
                    [0, 0, {"tier_id": tier_ids[tier], "min_total_spend": float(bound)}]
                    for tier, bound in BOUNDS
                ],
            }
        ],
    )
    book.json2("cdnow_manager", "vip.tier.policy", "action_open", ids=[policy])
    [run] = book.json2(
        "cdnow_manager",
        "vip.tier.run",
        "create",
        vals_list=[{"policy_id": policy, "as_of": "1998-02-01"}],
    )
    book.json2("cdnow_manager", "vip.tier.run", "action_compute", ids=[run])
    [computed] = book.json2("cdnow_manager", "vip.tier.run", "read", ids=[run])
    if computed["incomplete_warning"]:
        # The shop won most of its customers in the first quarter: bills grow fewer by themselves.
        book.json2(
            "cdnow_approver", "vip.tier.run", "write", ids=[run], vals={"accept_incomplete": True}
        )
    book.json2("cdnow_approver", "vip.tier.run", "action_approve", ids=[run])
    book.json2("cdnow_manager", "vip.tier.run", "action_apply", ids=[run])
    return run


def test_every_customer_has_the_tier_he_earned(book, applied, expected):
    rows = book.sql(
        """SELECT p.ref, t.code, m.valid_until::text
             FROM vip_membership m
             JOIN res_partner p ON p.id = m.partner_id
             LEFT JOIN vip_tier t ON t.id = m.tier_id
            WHERE p.ref IS NOT NULL"""  # other tests have customers here, too
    )
    assert len(rows) == len(expected) == ROWS["customers"]
    assert {code: tier for code, tier, _valid in rows} == expected
    assert {valid for _code, tier, valid in rows if tier} == {VALID_UNTIL}


def test_the_history_says_the_same(book, applied, expected):
    rows = book.sql(
        """SELECT p.ref, t.code
             FROM vip_tier_history h
             JOIN res_partner p ON p.id = h.partner_id
             JOIN vip_tier t ON t.id = h.tier_id
            WHERE h.run_id = %s AND h.date_from = '1998-02-01' AND h.date_to IS NULL""",
        applied,
    )
    assert len(rows) == len(dict(rows))
    assert dict(rows) == {code: tier for code, tier in expected.items() if tier}


def test_the_lines_show_what_was_spent(book, applied, spent, expected):
    rows = book.sql(
        """SELECT p.ref, l.total_spend
             FROM vip_tier_run_line l
             JOIN res_partner p ON p.id = l.partner_id
            WHERE l.run_id = %s""",
        applied,
    )
    assert dict(rows) == {code: spent[code] for code, tier in expected.items() if tier}


@pytest.mark.parametrize("kind", ROWS)
def test_importing_again_changes_nothing(book, applied, files, kind):
    before = book.sql(STATE)
    outcome = run_import(book, files, kind)
    assert (outcome["created_count"], outcome["changed_count"]) == (0, 0)
    assert book.sql(STATE) == before


class TestSample:
    """What scripts/sample says when it cannot go on."""

    def test_files_exist(self, files):
        done = sample("cdnow", files)
        assert done.returncode == 1
        assert "customers.csv exists" in done.stderr
        assert "another folder" in done.stderr

    def test_folder_not_writable(self):
        done = sample("cdnow", "/proc/cdnow")
        assert done.returncode == 1
        assert "Cannot write to /proc/cdnow" in done.stderr
        assert "another folder" in done.stderr

    def test_no_network(self, tmp_path):
        nowhere = "http://127.0.0.1:9"
        only = {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1"}
        done = sample("cdnow", tmp_path, PIP_INDEX_URL=nowhere, **only)
        assert done.returncode == 1
        assert "No network" in done.stderr
        assert "Connect" in done.stderr
        assert not list(tmp_path.iterdir())
