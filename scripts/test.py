"""Run every test there is, or one part with arguments of its own.

  scripts/test                        everything
  scripts/test lint                   linters, types, patterns of older Odoo versions
  scripts/test addons [TAGS]          tests and browser tours in the addons, by Odoo's test tags
  scripts/test odoo-lint              Odoo's own linting tests on our addons
  scripts/test translations           the committed .pot and zh_CN.po against the addons
  scripts/test lifecycle              update, uninstall, install again, install with demo data
  scripts/test system [PYTEST ARGS]   whole-system tests and tests of the scripts, in tests/

Everything lives in the folder .run/test of this checkout; logs are in .run/test/logs.
"""

import argparse
import contextlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from checks import Check, Result, lifecycle, odoo_tests, static, system, translations
from stack import console, process
from stack.errors import Stop
from stack.workshop import FOLDER, Workshop

PARTS: dict[str, Check] = {
    "addons": odoo_tests.check_addons,
    "system": system.check,
    "lifecycle": lifecycle.check,
    "odoo-lint": odoo_tests.check_lint,
    "lint": static.check,
    "translations": translations.check,
}
# These begin while the databases are prepared.
WITHOUT_DATABASE = {"lint"}
# Everything, the longest first, because two run at a time; the tests of the addons in shares.
EVERYTHING: dict[str, Check] = {
    "lint": static.check,
    "addons-rest": odoo_tests.check_share("rest"),
    "addons-browser": odoo_tests.check_share("browser"),
    "system": system.check,
    "addons-rights": odoo_tests.check_share("rights"),
    "lifecycle": lifecycle.check,
    "odoo-lint": odoo_tests.check_lint,
    "translations": translations.check,
}
MOST_SHOWN = 60


@dataclass
class Outcome:
    part: str
    result: Result
    seconds: float

    def row(self) -> str:
        verdict = "FAILED" if self.result.problems else "ok"
        return f"  {self.part:<15} {verdict:<7} {self.seconds:5.0f} s  {self.result.looked_at}"


def main(arguments: Sequence[str]) -> int:
    options = _parse(arguments)
    lock = process.Lock(FOLDER / "test.lock")
    if not lock.take():
        raise Stop(
            f"Another scripts/test runs in this checkout (process {lock.holder()}).",
            "Wait for it, end it, or test in another clone: they do not disturb each other.",
        )
    checks = {options.part: PARTS[options.part]} if options.part else EVERYTHING
    early = {part: check for part, check in checks.items() if part in WITHOUT_DATABASE}
    late = {part: check for part, check in checks.items() if part not in WITHOUT_DATABASE}
    outcomes: list[Outcome] = []
    with Workshop() as workshop, _two_at_a_time() as pool:

        def start(these: dict[str, Check]) -> list[Future[Outcome]]:
            return [
                pool.submit(_run, part, check, workshop, options.arguments)
                for part, check in these.items()
            ]

        running = start(early)
        if late:
            outcomes.append(_prepare(workshop))
            running += start(late)
        outcomes += [future.result() for future in running]
    return _summary(outcomes)


@contextlib.contextmanager
def _two_at_a_time() -> Iterator[ThreadPoolExecutor]:
    """Two threads, whose programs end at once when we are interrupted or one thread fails."""
    with ThreadPoolExecutor(2) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            process.end_everything()
            raise


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/test", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("part", nargs="?", choices=PARTS, help="one part; all when left out")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the part understands")
    return parser.parse_args(arguments)


def _prepare(workshop: Workshop) -> Outcome:
    """The databases that the parts copy from; installing our addons is a test already."""
    begin = time.monotonic()
    workshop.make_template()
    result = Result("our addons on a database without demo data", workshop.make_installed())
    return Outcome("install", result, time.monotonic() - begin)


def _run(part: str, check: Check, workshop: Workshop, arguments: Sequence[str]) -> Outcome:
    """Run a part; what stops it is a problem of this part alone."""
    begin = time.monotonic()
    try:
        result = check(workshop, arguments)
    except (Stop, process.Failed) as error:
        result = Result("did not come to its end", [str(error)])
    outcome = Outcome(part, result, time.monotonic() - begin)
    console.say(f"{part}: {'FAILED' if result.problems else 'ok'}")
    return outcome


def _summary(outcomes: Sequence[Outcome]) -> int:
    """Print what was found; gives the exit code."""
    console.plain()
    for outcome in outcomes:
        problems = outcome.result.problems
        for problem in problems[:MOST_SHOWN]:
            console.plain(f"{outcome.part}: {problem}")
        if len(problems) > MOST_SHOWN:
            console.plain(f"{outcome.part}: and {len(problems) - MOST_SHOWN} more")
        for remark in outcome.result.remarks:
            console.plain(f"{outcome.part} (not run): {remark}")
    console.plain(f"\n  {console.elapsed().strip('[] ')} in all; logs in {FOLDER / 'logs'}\n")
    for outcome in outcomes:
        console.plain(outcome.row())
    failed = [outcome.part for outcome in outcomes if outcome.result.problems]
    console.plain(f"\n  {'FAILED: ' + ', '.join(failed) if failed else 'Everything passed.'}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    console.script(main)
