"""Two people assign the same customers at once: one open row remains, and nobody is told nonsense."""

import contextlib
import json
import threading
import time

import pytest

CUSTOMERS = 5
CODE = f"""
import json
from odoo.fields import Command
company = env.company
partners = env["res.partner"].create([{{"name": "Assigned"}} for _ in range({CUSTOMERS})])
env["vip.membership"]._ensure(partners.ids, company)
members = partners.vip_membership_id
today = company._vip_today()
if ASSIGNED:
    members._assign(env["res.users"], env["crm.team"].search([], limit=1), today)
users = env["res.users"].search([("login", "=like", "assign_manager_%")], order="login")
open(OUTPUT, "w").write(json.dumps([members.ids, users.ids, str(today)]))
env.cr.commit()
"""


class Call(threading.Thread):
    """One call of one person; ``answer`` is what he gets, ``refusal`` what he is told."""

    def __init__(self, system, login, **arguments):
        super().__init__()
        self.system, self.login, self.arguments = system, login, arguments
        self.answer, self.refusal = None, ""
        self.start()

    def run(self):
        try:
            self.answer = self.system.json2(
                self.login, "vip.membership", "assign", **self.arguments
            )
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.refusal = str(error)


@pytest.fixture(scope="module")
def people(system):
    system.users(
        assign_boss_a="vip_customer.group_vip_manager",
        assign_boss_b="vip_customer.group_vip_manager",
        assign_manager_a="vip_customer.group_vip_user",
        assign_manager_b="vip_customer.group_vip_user",
    )
    for login in ("assign_boss_a", "assign_boss_b"):
        system.api_key(login)
    return system


@contextlib.contextmanager
def held(system, members):
    """Nobody can change these memberships while this lasts."""
    with contextlib.closing(system.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM vip_membership WHERE id = ANY(%s) FOR UPDATE", [members])
        yield
        connection.rollback()


def wait_until_blocked(system, count):
    deadline = time.monotonic() + 60
    query = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
    while system.sql(query)[0][0] < count:
        assert time.monotonic() < deadline, "nobody waits for the held rows"
        time.sleep(0.05)


@pytest.mark.parametrize("is_assigned", [True, False])
@pytest.mark.parametrize("day", ["today", "2099-01-01"])
def test_two_people_assign(people, is_assigned, day):
    """For today or a later day, the first time or again: both are heard, the second one counts."""
    output = people.log.with_name("assigned")
    people.shell(f"ASSIGNED, OUTPUT = {is_assigned}, {str(output)!r}\n{CODE}")
    members, managers, today = json.loads(output.read_text(encoding="utf-8"))
    output.unlink()
    day = today if day == "today" else day
    with held(people, members):
        calls = [
            Call(people, login, ids=members, manager_id=manager, team_id=False, day=day)
            for login, manager in zip(("assign_boss_a", "assign_boss_b"), managers, strict=True)
        ]
        wait_until_blocked(people, 2)
    for call in calls:
        call.join()
    assert [call.answer for call in calls] == [True, True], [call.refusal for call in calls]
    rows = people.sql(
        """SELECT m.id, a.manager_id, a.date_from::text, m.manager_id
             FROM vip_membership m JOIN vip_manager_assignment a ON a.partner_id = m.partner_id
            WHERE m.id = ANY(%s) AND a.date_to IS NULL""",
        members,
    )
    assert sorted(row[0] for row in rows) == sorted(members)
    assert len({row[1] for row in rows}) == 1, "all of them went to the same"
    assert {row[2] for row in rows} == {day}
    if day == today:
        assert all(row[1] == row[3] for row in rows)
