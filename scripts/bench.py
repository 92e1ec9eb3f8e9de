"""Measure the speed of the programme against bare SQL, against Odoo's own ways, and print ratios.

Everything happens on a private PostgreSQL in .run/bench, which is removed at the end. Each measurement
runs in a process of its own on a fresh copy of the same database, the sides in turn; medians count.
"Work" is processor time of the process and its PostgreSQL session: comparable even while others use
the machine.
"""

import argparse
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from stack import console, machine, odoo, process
from stack.databases import Databases
from stack.errors import Stop
from stack.paths import ROOT, RUN, own_addons
from stack.postgres import Cluster

FOLDER = RUN / "bench"
# For all sides alike: nothing is written for the case of a crash, nothing runs on its own.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_wal_size": "16GB",
}
# Other ways are measured on a part of a big book and counted per customer or row.
ORM_PART, LOAD_PART, CARD_PART = 20_000, 5_000, 5_000
RISK_PARTS = (20_000, 100_000)
GIB_PER_MILLION = 16


@dataclass
class Bench:
    """The book, and the measurements on copies of it."""

    databases: Databases
    customers: int
    repeat: int

    @property
    def orm_part(self) -> int:
        return min(ORM_PART, self.customers)

    @property
    def load_part(self) -> int:
        return min(LOAD_PART, self.customers)

    def prepare(self) -> None:
        console.say("Installing the addons")
        log = self.databases.log("install")
        self.databases.install("installed", own_addons(), log, "--log-level", "warn")

    def write_book(self) -> None:
        console.say(f"Writing a book of {self.customers:,} customers with twelve bills each")
        self.databases.copy("installed", "book")
        self.measure("book", "book", self.customers)
        self.databases.cluster.sql("VACUUM (ANALYZE, FREEZE)", "book")

    def write_year(self) -> None:
        console.say(f"Writing a year of dated records of {self.customers:,} customers")
        self.databases.copy("installed", "year")
        self.measure("year", "year", self.customers)
        self.databases.cluster.sql("VACUUM (ANALYZE, FREEZE)", "year")

    def measure(self, name: str, *arguments: object) -> dict[str, Any]:
        """Run a program of benchmarks/; the figures it reports."""
        environment = self.databases.environment
        path = f"{self.databases.cluster.programs}:{environment['PATH']}"
        python_path = f"{environment['PYTHONPATH']}:{ROOT}"
        output = process.capture(
            [
                str(self.databases.odoo.python), "-B", "-m", f"benchmarks.{name}",
                *map(str, arguments),
            ],
            env=environment | {"PATH": path, "PYTHONPATH": python_path},
            cwd=ROOT,
        )  # fmt: skip
        return json.loads(output.splitlines()[-1]) if output else {}

    def on_copy(self, name: str, *arguments: object, source: str = "book") -> dict[str, Any]:
        """Run a program on a fresh copy of the book."""
        self.databases.copy(source, "copy")
        return self.measure(name, "copy", *arguments)

    def in_turn(self, source: str = "book", **sides: Any) -> dict[str, dict[str, Any]]:
        """Measure each side `repeat` times, one after the other; the medians of its figures."""
        rounds = []
        for turn in range(self.repeat):
            console.hint(f"{', '.join(sides)}: {turn + 1} of {self.repeat}")
            rounds.append(
                {side: self.on_copy(*program, source=source) for side, program in sides.items()}
            )
        return {side: _medians([figures[side] for figures in rounds]) for side in sides}


def _medians(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    first = rounds[0]
    return {
        name: median(figures[name] for figures in rounds) if isinstance(value, float) else value
        for name, value in first.items()
    }


@dataclass
class Row:
    """One line of the table."""

    what: str
    goal: str
    measured: str
    seconds: str = ""

    def __str__(self) -> str:
        return f"  {self.what:<58} {self.goal:>9}  {self.measured:<34} {self.seconds}"


def main(arguments: Sequence[str]) -> None:
    options = _parse(arguments)
    lock = process.Lock(RUN / "bench.lock")
    if not lock.take():
        raise Stop(
            f"Another scripts/bench runs in this checkout (process {lock.holder()}).",
            "Wait for it, or end it.",
        )
    machine.need_space(2 + GIB_PER_MILLION * options.customers / 1e6, "Measuring")
    cluster = Cluster(FOLDER, SETTINGS)
    bench = Bench(Databases(odoo.prepare(), cluster, FOLDER), options.customers, options.repeat)
    try:
        cluster.start()
        bench.prepare()
        rows = []
        for write, parts in (
            (bench.write_book, OF_BOOK),
            (bench.write_year, OF_YEAR),
        ):
            wanted = [part for part in parts if part.__name__ in options.only]
            if wanted:
                write()
            rows += [row for part in wanted for row in part(bench)]
    except process.Failed as failure:
        raise Stop(f"A measurement failed: {failure}", "See the message above.")
    finally:
        _clean_up(cluster)
    console.say(
        f"{options.customers:,} customers, {options.repeat} measurements each; {_machine()}"
    )
    console.plain()
    for row in [Row("", "goal", "measured", "seconds (median)"), *rows]:
        console.plain(str(row))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--customers", metavar="N", type=int, default=100_000, help="100000")
    parser.add_argument(
        "--repeat", metavar="TIMES", type=int, default=3, help="measure each side so often (3)"
    )
    names = [part.__name__ for part in (*OF_BOOK, *OF_YEAR)]
    parser.add_argument(
        "--only", metavar="PART", nargs="+", choices=names, default=names, help=", ".join(names)
    )
    return parser.parse_args(arguments)


def tiers(bench: Bench) -> list[Row]:
    """Compute and apply a run: ours, the same statements bare, the same by the ORM."""
    console.say("Recording what a run sends to PostgreSQL")
    statements = FOLDER / "statements.sql"
    everybody = bench.customers
    bench.on_copy("tiers", "record", everybody, statements)
    console.say("Computing and applying a run")
    sides = bench.in_turn(
        ours=("tiers", "run", everybody),
        bare=("bare", statements),
    )
    ours, bare = sides["ours"], sides["bare"]
    console.say(f"The same by the ORM for {bench.orm_part:,} customers")
    orm = bench.on_copy("tiers", "idiom", bench.orm_part)
    if bench.orm_part == everybody and orm["outcome"] != ours["outcome"]:
        raise Stop("The ORM variant and the run disagree.", "Mend benchmarks/idiomatic.py.")
    per_customer = {kind: everybody * orm[kind] / bench.orm_part for kind in ("wall", "work")}
    return [
        Row(
            "Run, compute + apply : the same statements in psql",
            "<= 1.25",
            f"{_ratio(ours, bare)} x as long",
            _seconds(ours, bare),
        ),
        Row(
            f"Run by the ORM ({bench.orm_part:,} customers) : ours, per customer",
            ">= 8",
            f"{_ratio(per_customer, ours)} x as long",
            _seconds(per_customer, ours),
        ),
        Row("Memory of the run above the registry", "<= 50 MB", f"{ours['grown_mb']:.0f} MB"),
    ]


def grants(bench: Bench) -> list[Row]:
    """Grant a year's benefits to everybody; Odoo's own cards for customers."""
    console.say("Installing Odoo's loyalty programmes beside the book")
    bench.databases.copy("book", "loyalty")
    log = bench.databases.log("install")
    bench.databases.install("loyalty", ["loyalty"], log, "--log-level", "warn")
    bench.databases.cluster.sql("VACUUM (ANALYZE, FREEZE)", "loyalty")
    console.say("Granting what the tiers promise")
    sides = bench.in_turn(
        source="loyalty",
        ours=("grant", "ours"),
        cards=("grant", "loyalty", min(CARD_PART, bench.customers)),
    )
    ours, cards = sides["ours"], sides["cards"]
    rows = []
    for unit, name in (("rows", "entitlement"), ("customers", "customer")):
        per_unit = {kind: ours[unit] * cards[kind] / cards["rows"] for kind in ("wall", "work")}
        rows.append(
            Row(
                f"Odoo's loyalty wizard ({cards['rows']:,} cards) : grant, per {name}",
                ">= 35" if unit == "rows" else "-",
                f"{_ratio(per_unit, ours)} x as long",
                _seconds(per_unit, ours),
            )
        )
    again = {kind: ours[f"again_{kind}"] for kind in ("wall", "work")}
    return [
        *rows,
        Row(
            f"Granting again, 0 of {ours['rows']:,} rows written : grant",
            "<= 0.15",
            f"{_ratio(again, ours)} x as long",
            _seconds(again, ours),
        ),
    ]


def redemptions(bench: Bench) -> list[Row]:
    """Redeem in several processes at once."""
    console.say("Redeeming from one entitlement, and from a thousand")
    rows = []
    for where, what, goal in (("hot", "one row", ">= 5"), ("spread", "a thousand rows", ">= 3")):
        sides = bench.in_turn(ours=("redeem", "ours", where), orm=("redeem", "orm", where))
        ours, orm = sides["ours"]["rate"], sides["orm"]["rate"]
        rows.append(
            Row(
                f"Redemptions of {what} : read, compare, write by the ORM",
                goal,
                f"{ours / orm:.2f} x as many",
                f"{ours:.0f} : {orm:.0f} in a second",
            )
        )
    return rows


def imports(bench: Bench) -> list[Row]:
    """Bring in one bill of each customer: our import, Odoo's, COPY."""
    console.say("Importing a month of bills")
    rows = FOLDER / "rows.csv"
    command = bench.on_copy("imports", "rows", bench.customers, rows)["copy"]
    script = FOLDER / "copy.sql"
    script.write_text(f"\\copy {command[5:]} FROM '{rows}' CSV\n", encoding="utf-8")
    sides = bench.in_turn(
        ours=("imports", "import", bench.customers),
        bare=("bare", script),
        load=("imports", "load", bench.load_part),
    )
    ours, bare, load = sides["ours"], sides["bare"], sides["load"]
    per_row = {kind: bench.customers * load[kind] / bench.load_part for kind in ("wall", "work")}
    return [
        Row(
            f"Odoo's load() ({bench.load_part:,} rows) : billing import, per row",
            ">= 12",
            f"{_ratio(per_row, ours)} x as long",
            _seconds(per_row, ours),
        ),
        Row(
            "Speed of the billing import : bare COPY",
            ">= 0.50",
            f"{_ratio(bare, ours)} x as fast",
            _seconds(bare, ours),
        ),
    ]


def care(bench: Bench) -> list[Row]:
    """Plan a year of twenty touches for everybody, twice; write the same rows by bare SQL."""
    console.say("Planning a year of care")
    figures = bench.on_copy("care")
    first, second, bare = (
        {kind: figures[f"{turn}_{kind}"] for kind in ("wall", "work")}
        for turn in ("first", "second", "bare")
    )
    return [
        Row(
            f"A year of care, {figures['first_written']:,} touches : inserted bare",
            "",
            f"{_ratio(first, bare)} x as long",
            _seconds(first, bare),
        ),
        Row(
            f"The same again, {figures['second_written']} rows written : first",
            "0 rows",
            f"{_ratio(second, first)} x as long",
            _seconds(second, first),
        ),
        Row("Customers contacted too often in it", "0", f"{figures['beyond_limits']}"),
        Row("Memory of planning above the registry", "<= 50 MB", f"{figures['grown_mb']:.0f} MB"),
        Row(
            "My day over the whole book",
            "",
            f"{figures['my_day_queries']} queries",
            f"{figures['my_day_ms'] / 1000:.3f}",
        ),
    ]


def service(bench: Bench) -> list[Row]:
    """The list of many open service requests, and telling who has to know of late ones."""
    console.say("Looking at open service requests")
    figures = bench.on_copy("service")
    return [
        Row(
            f"Queries: list of 100 and of {figures['open']:,} open requests",
            "equal",
            f"{figures['few_queries']} and {figures['many_queries']}",
            f"{figures['few_ms'] / 1000:.3f} and {figures['many_ms'] / 1000:.3f}",
        ),
        Row(
            f"Late ones among them, {figures['told']} told",
            "",
            f"{figures['told_queries']} queries",
            f"{figures['told_wall']:.3f} (work {figures['told_work']:.3f})",
        ),
        Row(
            f"The same again, {figures['again']} told",
            "0",
            f"{figures['again_queries']} queries",
            f"{figures['again_wall']:.3f} (work {figures['again_work']:.3f})",
        ),
    ]


def retention(bench: Bench) -> list[Row]:
    """The retention desk with many open cases: screens, the night's watch, deadlines, the list."""
    console.say("Looking at open retention cases")
    figures = bench.on_copy("retention")
    return [
        *(
            Row(
                f"Queries: {name} of 8 and of 80 of {figures['open']:,} open cases",
                "equal",
                f"{few['queries']} and {many['queries']}",
                f"{few['ms'] / 1000:.3f} and {many['ms'] / 1000:.3f}",
            )
            for name, few, many in figures["screens"]
        ),
        Row(
            "The ladder of offers of one case",
            "",
            f"{figures['ladder']['queries']} queries",
            f"{figures['ladder']['ms'] / 1000:.3f}",
        ),
        Row(
            "The report over all cases",
            "",
            f"{figures['figures']['queries']} queries",
            f"{figures['figures']['ms'] / 1000:.3f}",
        ),
        *_turns(figures, "judged", "Watches that are over"),
        *_turns(figures, "told", "Late cases"),
        Row(
            f"The daily list, {figures['listed']:,} cases opened",
            "",
            f"{figures['listed_queries']:,} queries",
            f"{figures['listed_wall']:.3f} (work {figures['listed_work']:.3f})",
        ),
    ]


def _turns(figures: dict[str, Any], name: str, what: str) -> list[Row]:
    """The scheduled work, and the same again, when there is nothing left to do."""
    return [
        Row(
            f"{what}, {figures[turn]:,} {name}",
            goal,
            f"{figures[f'{turn}_queries']} queries",
            f"{figures[f'{turn}_wall']:.3f} (work {figures[f'{turn}_work']:.3f})",
        )
        for turn, goal in ((name, ""), (f"{name}_again", "0"))
    ]


def screens(bench: Bench) -> list[Row]:
    """Open the screens, with few rows and with many."""
    console.say("Opening screens")
    return [
        Row(
            f"Queries: {name}",
            "equal",
            f"{few['queries']} and {many['queries']}",
            f"{few['ms'] / 1000:.3f} and {many['ms'] / 1000:.3f}",
        )
        for name, few, many in bench.on_copy("screens")["screens"]
    ]


def lookup(bench: Bench) -> list[Row]:
    """Ask whose number is calling."""
    console.say("Looking up callers")
    found = bench.on_copy("lookup")
    return [
        Row(
            "Search for a number : raw look into the unique index",
            "<= 4",
            f"{found['search'] / found['raw']:.2f} x as long",
            f"{found['search']:.2f} : {found['raw']:.2f} ms",
        ),
        Row(
            f"Card of a caller ({found['queries']} queries), p99",
            "<= 15 ms",
            f"{found['card_p99']:.1f} ms, median {found['card']:.1f} ms, "
            f"work {found['card_work']:.1f} ms",
            f"raw: p99 {found['raw_p99']:.2f}, median {found['raw']:.2f} ms",
        ),
        Row(
            "Answer about an unknown number, median",
            "",
            f"{found['unknown']:.1f} ms",
        ),
    ]


def kpi(bench: Bench) -> list[Row]:
    """Compute and freeze a month end; pivots over the frozen ones and over the dated records."""
    console.say("Closing the months of a year")
    figures = bench.on_copy("kpi", bench.repeat, source="year")
    ours, bare, first = (
        {kind: figures[f"{side}_{kind}"] for kind in ("wall", "work")}
        for side in ("ours", "bare", "first")
    )
    return [
        Row(
            f"Month end of {figures['customers']:,}, again : statements in psql",
            "<= 1.25",
            f"{_ratio(ours, bare)} x as long",
            _seconds(ours, bare),
        ),
        Row("The same for the first time", "", "", _alone(first)),
        Row(
            "Freeze, looking whether anything does not reconcile",
            "",
            f"{figures['freeze'] / ours['wall']:.2f} x as long as computing",
            f"{figures['freeze']:.1f}",
        ),
        Row("Memory of the year's month ends", "<= 50 MB", f"{figures['grown_mb']:.0f} MB"),
        *(
            Row(
                f"Pivot {pivot['name']}, live : frozen",
                ">= 100",
                f"{pivot['live'] / pivot['frozen']:.0f} x as long",
                f"{pivot['live']:.1f} : {pivot['frozen']:.3f}",
            )
            for pivot in figures["pivots"]
        ),
    ]


def risk(bench: Bench) -> list[Row]:
    """A night of assessing risk, again, and the night after; memory with few customers and with many."""
    console.say("Assessing risk")
    few, many = (
        bench.on_copy("risk", min(part, bench.customers), source="year") for part in RISK_PARTS
    )
    customers = min(RISK_PARTS[1], bench.customers)
    return [
        *(
            Row(
                f"{what}, {many[f'{turn}_written']:,} rows written",
                goal,
                f"{many[f'{turn}_queries']} queries",
                _alone({kind: many[f"{turn}_{kind}"] for kind in ("wall", "work")}),
            )
            for turn, what, goal in (
                ("first", f"A night of risk of {customers:,}", "< 60 s"),
                ("again", "The same night again", "0 rows"),
                ("next", "The night after", ""),
            )
        ),
        Row(
            "Memory of it above the registry, of fewer and of all",
            "equal",
            f"{few['grown_mb']:.0f} and {many['grown_mb']:.0f} MB",
        ),
    ]


# What is measured on copies of which data.
OF_BOOK = (tiers, grants, redemptions, imports, care, service, retention, screens, lookup)
OF_YEAR = (kpi, risk)


def _alone(one: dict[str, float]) -> str:
    return f"{one['wall']:.1f} (work {one['work']:.1f})"


def _ratio(one: dict[str, float], other: dict[str, float]) -> str:
    return f"{one['wall'] / other['wall']:.2f} (work {one['work'] / other['work']:.2f})"


def _seconds(one: dict[str, float], other: dict[str, float]) -> str:
    return f"{one['wall']:.1f} : {other['wall']:.1f} (work {one['work']:.1f} : {other['work']:.1f})"


def _machine() -> str:
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} processors, load {load:.1f} at the end"


def _clean_up(cluster: Cluster) -> None:
    cluster.stop()
    for folder in {cluster.home, FOLDER}:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    console.script(main)
