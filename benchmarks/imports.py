"""Bring in the bills of one more month, one for each customer: ``import`` | ``load`` | ``rows``.

``import``  an import of our own
``load``    Odoo's own import, for a part of the rows, customers and numbers by their ids
``rows``    write the same rows to a file for psql's COPY
"""

import base64
import csv
import io
import sys
from pathlib import Path

from dateutil.relativedelta import relativedelta

from odoo import api

from .session import Clock, environment, report

COLUMNS = ["partner_id", "company_id", "number_id", "month", "amount", "arrears_suspensions"]


def bills(env: api.Environment) -> list[tuple]:
    """Customer, company, number's id, month, amount, suspensions, number; the order of numbers is no
    order of the tables."""
    env.cr.execute("SELECT max(month) FROM vip_billing_fact")
    month = env.cr.fetchone()[0] + relativedelta(months=1)
    env.cr.execute(
        """SELECT partner_id, company_id, id, %s, (id %% 90000) / 100.0, (id %% 100 = 0)::int, number
             FROM vip_service_number ORDER BY md5(number)""",
        [month],
    )
    return env.cr.fetchall()


def import_(env: api.Environment, rows: list[tuple]) -> None:
    job = env["vip.import"].search([])
    job.action_run()
    job._cron_run()  # big files are left to the scheduler
    env.cr.commit()
    assert (job.state, job.created_count) == ("done", len(rows)), job.message


def prepare_import(env: api.Environment, rows: list[tuple]) -> None:
    """The file waits in the database, as it does when somebody has uploaded it."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["number", "month", "amount", "arrears_suspensions"])
    writer.writerows((number, *values) for _p, _c, _n, *values, number in rows)
    content = base64.b64encode(file.getvalue().encode())
    env["vip.import"].create({"kind": "billing", "filename": "bills.csv", "file": content})
    env.cr.commit()
    env.invalidate_all()


def load(env: api.Environment, rows: list[tuple]) -> None:
    fields = ["partner_id/.id", "number_id/.id", "month", "amount", "arrears_suspensions"]
    data = [
        [str(partner), str(number), str(month), str(amount), str(arrears)]
        for partner, _company, number, month, amount, arrears, _number in rows
    ]
    result = env["vip.billing.fact"].load(fields, data)
    env.cr.commit()
    assert result["ids"] and len(result["ids"]) == len(rows), result["messages"]


def write_rows(rows: list[tuple], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target).writerows(row[: len(COLUMNS)] for row in rows)


def main(database: str, way: str, part: str, file: str = "") -> None:
    with environment(database) as env:
        rows = bills(env)[: int(part)]
        if way == "rows":
            write_rows(rows, Path(file))
            report(copy=f"COPY vip_billing_fact ({', '.join(COLUMNS)})")
            return
        if way == "import":
            prepare_import(env, rows)
        clock = Clock(env)
        (import_ if way == "import" else load)(env, rows)
        report(**clock.read(), rows=len(rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
