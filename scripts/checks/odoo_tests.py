"""The tests inside the addons, browser tours included, and Odoo's own linting tests on our addons."""

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Sequence

from stack import machine, oddities, process
from stack.console import say
from stack.errors import Stop
from stack.workshop import Workshop

from . import Check, Result

BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
# Odoo waits ten seconds for the browser and skips the test then; on a machine that has just read it from
# disk for the first time, or is busy, it takes longer.
NOT_STARTED = "Failed to detect chrome devtools port"

# These classes test the linters themselves or read all of Odoo's code; checks.static runs Odoo's
# checkers on our code instead.
NOT_ON_US = ("TestPyLint", "TestSqlLint", "TestGetTextLint", "TestI18nChecks")
LINT_TAGS = ",".join(["/test_lint", *(f"-/test_lint:{name}" for name in NOT_ON_US)])


# The tests that take longest, by the test tag of their classes, which run after the installation only.
APART = {"browser": "vip_browser", "rights": "vip_security"}


def check_addons(workshop: Workshop, arguments: Sequence[str]) -> Result:
    """Update our addons on a copy, which runs all their tests; or those of the given test tags."""
    need_browser()
    tags = ",".join(arguments) or ",".join(f"/{addon}" for addon in workshop.addons)
    return _run(workshop, "addons", ["-u", ",".join(workshop.addons)], tags)


def check_share(name: str) -> Check:
    """One of the shares that `check_addons` can be divided into: those of APART, or the rest.

    Each has a database of its own, so that they can run at the same time. What runs after the
    installation only needs no update.
    """

    def check(workshop: Workshop, _arguments: Sequence[str]) -> Result:
        if name == "browser":
            need_browser()
        action = [] if name in APART else ["-u", ",".join(workshop.addons)]
        return _run(workshop, f"addons-{name}", action, share_tags(name, workshop.addons))

    return check


def share_tags(name: str, addons: Sequence[str]) -> str:
    """The test tags of a share."""
    if name in APART:
        return ",".join(f"{APART[name]}/{addon}" for addon in addons)
    return ",".join([*(f"/{addon}" for addon in addons), *(f"-{tag}" for tag in APART.values())])


def check_lint(workshop: Workshop, _arguments: Sequence[str]) -> Result:
    """Odoo's own linting tests, with our addons among those they look at."""
    result = _run(workshop, "odoo-lint", ["-i", "test_lint"], LINT_TAGS)
    expected = "eslint tool not found"
    result.remarks = [problem for problem in result.problems if expected in problem]
    result.problems = [problem for problem in result.problems if expected not in problem]
    return result


def need_browser() -> None:
    """Chromium and Chinese letters: without a browser Odoo would skip the tours silently."""
    if not any(map(shutil.which, BROWSERS)):
        say("Installing Chromium for the browser tours")
        machine.install(["chromium", "fonts-noto-cjk"], "Chromium")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser:
        raise Stop(
            "There is no Chromium, which the browser tours need.",
            f"Install one that is called {' or '.join(BROWSERS)}, and run again.",
        )
    _warm_up(browser)


def _warm_up(browser: str) -> None:
    """Open an empty page once, so that the tours do not wait for the disk; whether it opens they say."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        contextlib.suppress(subprocess.TimeoutExpired),
    ):
        subprocess.run(
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", f"--user-data-dir={profile}",
                "--dump-dom", "about:blank",
            ],
            capture_output=True, check=False, timeout=60,
        )  # fmt: skip


def _run(workshop: Workshop, name: str, action: Sequence[str], tags: str) -> Result:
    """Run Odoo tests, and once more where the browser did not start in time."""
    result = _run_once(workshop, name, action, tags)
    if any(NOT_STARTED in problem for problem in result.problems):
        say(f"{name}: the browser did not start in time; once more")
        result = _run_once(workshop, name, action, tags)
    return result


def _run_once(workshop: Workshop, name: str, action: Sequence[str], tags: str) -> Result:
    """Run Odoo tests on a copy of `installed`; anything worse than INFO in the log is a problem."""
    databases = workshop.databases
    database = workshop.copy("installed", name.replace("-", "_"))
    log = databases.fresh_log(name)
    problems = []
    try:
        databases.call(
            log, "server", "-d", database, *action, "--test-tags", tags, "--stop-after-init",
            "--http-port", str(machine.free_port()), "--max-cron-threads", "0",
            "--screenshots", str(databases.folder / "screenshots"),
        )  # fmt: skip
    except process.Failed as failure:
        problems.append(f"Odoo ended with {failure.code}")
    finally:
        databases.drop(database)
    text = log.read_text(encoding="utf-8")
    problems += oddities.in_log(text)
    problems += [f"skipped {what}" for what in oddities.skipped_in(text)]
    tests = oddities.tests_in(text)
    if not tests:
        problems.append(f"no test was run for {tags}")
    return Result(f"{tests} tests", problems)
