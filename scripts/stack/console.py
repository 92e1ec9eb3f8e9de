"""Progress on the terminal: one line per step, with the seconds since the start."""

import sys
import time
from collections.abc import Callable, Sequence

from . import process
from .errors import Stop

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


def script(main: Callable[[Sequence[str]], int | None]) -> None:
    """Run a script's main function and end the program; every way it can end says so plainly."""
    process.stop_on_signals()
    try:
        sys.exit(main(sys.argv[1:]))
    except Stop as stop:
        plain()
        print(stop, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        plain("Interrupted. The same command goes on from here.")
        sys.exit(130)
