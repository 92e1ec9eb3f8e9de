"""Progress on the terminal: one line per step, with the seconds since the start."""

import errno
import sys
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

from . import process
from .errors import Stop, explain

_started = time.monotonic()
_live = sys.stdout.isatty()


def elapsed() -> str:
    return f"[{time.monotonic() - _started:4.0f} s]"


def say(text: str) -> None:
    """Print a finished line; it stays."""
    print(f"{_erase()}{elapsed()} {text}", flush=True)


def hint(text: str) -> None:
    """Show what is going on inside a step; on a terminal the next line replaces it."""
    if _live:
        print(f"{_erase()}{elapsed()}   {text[:90]}", end="", flush=True)


def plain(text: str = "") -> None:
    print(f"{_erase()}{text}", flush=True)


def _erase() -> str:
    return "\r\033[K" if _live else ""


NOT_OURS_TO_MEND = {
    errno.ENOSPC: "The disk is full: free some space and run the same command again.",
    errno.EDQUOT: "Your quota is used up: free some space and run the same command again.",
    errno.EACCES: "An earlier run as another user (root?) made it: run as that user, or remove .run.",
    errno.EPERM: "An earlier run as another user (root?) made it: run as that user, or remove .run.",
}


def script(main: Callable[[Sequence[str]], int | None]) -> None:
    """Run a script's main function and end the program; every way it can end says so plainly."""
    process.stop_on_signals()
    try:
        sys.exit(main(sys.argv[1:]))
    except Stop as stop:
        _give_up(stop)
    except process.Failed as failure:
        _give_up(explain("running a program", str(failure), "See the logs in .run/*/logs."))
    except OSError as error:
        if error.errno not in NOT_OURS_TO_MEND:
            raise
        _give_up(Stop(f"{error}.", NOT_OURS_TO_MEND[error.errno]))
    except KeyboardInterrupt:
        plain("Interrupted. The same command goes on from here.")
        sys.exit(130)


def _give_up(stop: Stop) -> NoReturn:
    plain()
    print(stop, file=sys.stderr)
    sys.exit(1)
