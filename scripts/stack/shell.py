"""Odoo's shell, kept open: code after code without starting an Odoo for each.

with Shell.open(databases, "mine", log) as shell:
    shell.run("env['res.partner'].create({'name': 'Li'}); env.cr.commit()")
"""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from . import process
from .databases import Databases

# What the shell runs: each code in a transaction of its own, with what others changed meanwhile, as a
# request has it; nothing is kept but what the code commits. Its answer is the traceback, if any.
LOOP = """
import json, os, traceback
from odoo.modules.registry import Registry

def run(code):
    registry = Registry(env.cr.dbname).check_signaling()
    with registry.cursor() as cr:
        mine = env(cr=cr)
        try:
            exec(code, {{"__name__": "__main__", "env": mine, "self": mine.user, "odoo": odoo}})
            registry.signal_changes()
        except BaseException:
            registry.reset_changes()
            return traceback.format_exc()
        finally:
            cr.rollback()

with os.fdopen({codes}) as codes, os.fdopen({answers}, "w") as answers:
    for line in codes:
        print(json.dumps(run(json.loads(line))), file=answers, flush=True)
"""


@dataclass(frozen=True)
class Shell:
    """A shell that waits for code."""

    codes: IO[str]
    answers: IO[str]
    log: Path

    @classmethod
    @contextlib.contextmanager
    def open(cls, databases: Databases, database: str, log: Path) -> Iterator["Shell"]:
        """A shell on a database for the block; what Odoo says goes to `log`."""
        (code_end, codes), (answers, answer_end) = os.pipe(), os.pipe()
        ends = (code_end, answer_end)
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(log.open("a", encoding="utf-8"))
            stack.enter_context(
                process.started(
                    databases.odoo.command("shell", "-d", database, "--no-http"),
                    env=databases.environment,
                    stdin=LOOP.format(codes=code_end, answers=answer_end),
                    stdout=file,
                    pass_fds=ends,
                )
            )
            for end in ends:
                os.close(end)
            # closed first: then the shell comes to its end
            yield cls(
                codes=stack.enter_context(os.fdopen(codes, "w", encoding="utf-8")),
                answers=stack.enter_context(os.fdopen(answers, encoding="utf-8")),
                log=log,
            )

    def run(self, code: str) -> None:
        """Run code, where `env` is the environment of the superuser; it commits by itself."""
        print(json.dumps(code), file=self.codes, flush=True)
        answer = self.answers.readline()
        problem = json.loads(answer) if answer else f"it is gone: see {self.log}"
        if problem:
            raise process.Failed(["odoo", "shell"], 1, problem)
