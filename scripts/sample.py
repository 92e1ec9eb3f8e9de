"""Write real data as import files.

cdnow   every purchase of 23 570 customers of a record shop, January 1997 to June 1998,
        as customers.csv and billing.csv (one bill per customer and month)
"""

import argparse
import csv
import io
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from stack import console, wheels
from stack.errors import Stop
from stack.paths import RUN, SCRIPTS

REQUIREMENT = SCRIPTS / "requirements-sample.txt"
MEMBER = "lifetimes/datasets/CDNOW_master.txt"
LOG = RUN / "logs" / "sample.log"


@dataclass(frozen=True)
class Purchase:
    """One line of the raw file."""

    customer: str
    day: date
    amount: Decimal


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="scripts/sample", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("name", choices=["cdnow"], help="which data")
    parser.add_argument("folder", metavar="DIR", type=Path, help="where to, created if missing")
    options = parser.parse_args(arguments)
    targets = [options.folder / name for name in ("customers.csv", "billing.csv")]
    prepare(options.folder, targets)
    purchases = list(read(fetch()))
    for target, (header, rows) in zip(
        targets, (customer_table(purchases), billing_table(purchases)), strict=True
    ):
        count = write(target, header, rows)
        console.say(f"{target}: {count:,} rows")


def prepare(folder: Path, targets: Iterable[Path]) -> None:
    """Stop, before anything is fetched, unless the files can be written there."""
    for target in targets:
        if target.exists():
            raise Stop(f"{target} exists.", "Remove it, or name another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise Stop(f"Cannot write to {folder}: {error.strerror}.", "Name another folder.")


def fetch() -> str:
    """The raw file as text, out of the package as pip gets it; nothing of it is run."""
    console.say("Fetching the package that ships the data (0.6 MB)")
    with wheels.fetched(REQUIREMENT, "lifetimes", LOG) as wheel, zipfile.ZipFile(wheel) as archive:
        return archive.read(MEMBER).decode("ascii")


def read(text: str) -> Iterator[Purchase]:
    """The purchases of the raw file: customer, day, pieces, amount, separated by spaces."""
    for line in text.splitlines()[1:]:
        if fields := line.split():
            customer, day, _pieces, amount = fields
            yield Purchase(customer, datetime.strptime(day, "%Y%m%d").date(), Decimal(amount))


def customer_table(purchases: Iterable[Purchase]) -> tuple[list[str], list[tuple]]:
    """Every customer; he is with us since his first purchase."""
    since: dict[str, date] = {}
    for purchase in purchases:
        since[purchase.customer] = min(purchase.day, since.get(purchase.customer, purchase.day))
    rows = [(code, f"CDNOW {code}", day.isoformat()) for code, day in sorted(since.items())]
    return ["customer_code", "name", "activated_on"], rows


def billing_table(purchases: Iterable[Purchase]) -> tuple[list[str], list[tuple]]:
    """One bill per customer and month: the sum of his purchases in it."""
    bills: dict[tuple[str, str], Decimal] = {}
    for purchase in purchases:
        key = purchase.customer, purchase.day.strftime("%Y-%m")
        bills[key] = bills.get(key, Decimal(0)) + purchase.amount
    rows = [(code, month, str(amount)) for (code, month), amount in sorted(bills.items())]
    return ["customer_code", "month", "amount"], rows


def write(target: Path, header: Sequence[str], rows: Sequence[tuple]) -> int:
    """Write a table as CSV, whole or not at all; the number of rows."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    unfinished = target.with_suffix(".part")
    try:
        unfinished.write_text(text.getvalue(), encoding="utf-8")
        unfinished.rename(target)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise Stop(
            f"Cannot write {target}: {error.strerror}.", "Free some space, or name another folder."
        )
    return len(rows)


if __name__ == "__main__":
    console.script(main)
