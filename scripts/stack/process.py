"""Running other programs: output to a file, progress to the terminal, nothing left behind."""

import contextlib
import fcntl
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from .errors import Stop

# Linux sends the program SIGTERM when we die, even by SIGKILL.
END_WITH_PARENT = ("setpriv", "--pdeathsig", "TERM")

_running: set[subprocess.Popen[str]] = set()
_closing = threading.Event()


class Interrupted(Exception):
    """The script is ending; a thread of it wanted to start something."""


class Failed(Exception):
    """A program ended with an error; `output` is what it said."""

    def __init__(self, command: Sequence[str], code: int, output: str) -> None:
        super().__init__(f"{' '.join(command)} ended with {code}: {output[-2000:]}")
        self.code = code
        self.output = output


def capture(command: Sequence[str], stdin: str = "", **options: Any) -> str:
    """The standard output of a short program; Failed when it ends with an error."""
    done = subprocess.run(command, capture_output=True, text=True, input=stdin, **options)
    if done.returncode:
        raise Failed(command, done.returncode, done.stdout + done.stderr)
    return str(done.stdout)


def run(
    command: Sequence[str],
    log: Path,
    watch: Callable[[str], None] = lambda line: None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    own_group: bool = True,
) -> None:
    """Run a long program; its output is appended to `log`, and `watch` sees it line by line."""
    log.parent.mkdir(parents=True, exist_ok=True)
    lines: deque[str] = deque(maxlen=200)
    with (
        log.open("a", encoding="utf-8") as file,
        started(
            command, env=env, cwd=cwd, stdin=stdin, stdout=subprocess.PIPE, own_group=own_group
        ) as process,
    ):
        assert process.stdout
        for line in process.stdout:
            file.write(line)
            file.flush()
            lines.append(line)
            watch(line.rstrip())
    if process.returncode:
        raise Failed(command, process.returncode, "".join(lines))


@contextlib.contextmanager
def started(
    command: Sequence[str],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    stdout: int | IO[str] = subprocess.DEVNULL,
    own_group: bool = True,
    pass_fds: Sequence[int] = (),
) -> Iterator[subprocess.Popen[str]]:
    """A program that ends with the block or with us, and with it everything it started.

    For that it gets a process group of its own, away from the terminal; a program that must ask
    something there (sudo) cannot have one.
    """
    if _closing.is_set():
        raise Interrupted(f"{command[0]} is not started any more")
    process = subprocess.Popen(
        [*END_WITH_PARENT, *command],
        env=env,
        cwd=cwd,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        start_new_session=own_group,
        pass_fds=pass_fds,
    )
    _running.add(process)
    try:
        if stdin is not None:
            assert process.stdin
            process.stdin.write(stdin)
            process.stdin.close()
        yield process
        process.wait()
    finally:
        end_group(process)
        _running.discard(process)


def end_everything() -> None:
    """End every program that runs now, and start no other: other threads must come to an end."""
    _closing.set()
    for process in list(_running):
        end_group(process)


def end_group(process: subprocess.Popen[str], patience: float = 15) -> None:
    """End a process and everything it started: first asked, then killed."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            break
        _signal(process, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to the process group of a process, or to the process that has none."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        process.send_signal(number)
    except PermissionError:
        # Only sudo runs as somebody else; it ends when its terminal or its work does.
        pass


def wait_until(condition: Callable[[], bool], seconds: float, step: float = 0.2) -> bool:
    """Whether `condition` came true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(step)
    return True


def stop_on_signals() -> None:
    """Let SIGTERM and SIGHUP unwind the program like Ctrl-C, so that every `finally` runs."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)


class Lock:
    """A lock between processes; the file says who holds it. Freed by the system when we die."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("a+")

    def take(self) -> bool:
        """Whether the lock is ours now."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()
        return True

    def holder(self) -> int | None:
        """The process that holds the lock, None when it is free."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            return int(self._file.read() or 0)
        fcntl.flock(self._file, fcntl.LOCK_UN)
        return None

    def free(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def held(self, patience: float, say: Callable[[str], None]) -> Iterator[None]:
        """Hold the lock for the block, waiting for another holder to finish."""
        if not self.take():
            say(f"Waiting for process {self.holder()}, which is setting up this checkout")
            if not wait_until(self.take, patience):
                raise Stop(
                    f"Process {self.holder()} has been setting up this checkout for too long.",
                    f"Look at it (ps {self.holder()}), end it, and run the same command again.",
                )
        try:
            yield
        finally:
            self.free()
