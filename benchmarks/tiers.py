"""Compute and apply the yearly run that waits in the book: ``run`` | ``idiom`` | ``record``.

``run``     as people do it: compute, approve, apply, each in a transaction of its own
``idiom``   the same by the ORM alone, for a part of the book
``record``  as ``run``, and write the statements that PostgreSQL was sent to a file for psql
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from odoo import api
from odoo.sql_db import Cursor

from . import idiomatic
from .session import APPROVER, MANAGER, Clock, as_user, environment, peak_memory_mb, report

BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ"

# What was said about the customers of a part of the book and done to them.
OUTCOME = """
    SELECT md5(string_agg(q::text, '' ORDER BY q.partner_id))
      FROM (SELECT l.partner_id, l.movement, round(l.total_spend, 2), round(l.average_spend, 4),
                   l.score, l.tenure_months, l.arrears_count, l.rule_id, l.earned_tier_id,
                   m.tier_id, m.valid_until, m.base_tier_id, m.base_valid_until, m.since,
                   h.tier_id, h.date_from, h.valid_until, h.run_id
              FROM vip_tier_run_line l
              JOIN vip_membership m ON m.id = l.membership_id
              LEFT JOIN vip_tier_history h ON h.partner_id = l.partner_id AND h.date_to IS NULL
             WHERE l.membership_id <= %s) q
"""


def run(env: api.Environment, end_transaction: Callable[[], None]) -> None:
    """Compute, approve, apply."""
    waiting = env["vip.tier.run"].search([])
    for login, action in (
        (MANAGER, "action_compute"),
        (APPROVER, "action_approve"),
        (MANAGER, "action_apply"),
    ):
        getattr(as_user(waiting, login), action)()
        env.flush_all()
        end_transaction()
        env.invalidate_all()


def record(env: api.Environment, file: Path) -> None:
    """Write the statements of ``run``, parameters filled in, transactions as they were."""
    statements = [BEGIN]

    def end_transaction() -> None:
        env.cr.commit()
        statements.extend(["COMMIT", BEGIN])

    with recorded(statements):
        run(env, end_transaction)
    statements.append("COMMIT")
    file.write_text(";\n".join(statements) + ";\n", encoding="utf-8")


@contextmanager
def recorded(statements: list[str]) -> Iterator[None]:
    """Add what PostgreSQL is sent to ``statements``."""
    execute = Cursor.execute

    def keep(cursor: Cursor, *arguments, **options) -> None:
        execute(cursor, *arguments, **options)
        statements.append(cursor._obj.query.decode())

    with patch.object(Cursor, "execute", keep):
        yield


def main(database: str, way: str, customers: str, file: str = "") -> None:
    with environment(database) as env:
        registry_mb = peak_memory_mb()
        part = env["vip.membership"].search([], order="id", limit=int(customers))
        clock = Clock(env)
        if way == "record":
            record(env, Path(file))
        elif way == "run":
            run(env, env.cr.commit)
        else:
            waiting = env["vip.tier.run"].search([])
            idiomatic.compute(waiting, part)
            env.cr.commit()
            idiomatic.apply(waiting, part)
            env.cr.commit()
        spent, grown_mb = clock.read(), peak_memory_mb() - registry_mb
        env.cr.execute(OUTCOME, [part[-1:].id])
        [outcome] = env.cr.fetchone()
        report(**spent, grown_mb=grown_mb, outcome=outcome)


if __name__ == "__main__":
    main(*sys.argv[1:])
