"""Two people at once: a race is forced by holding the row of one customer while both set out."""

import contextlib
import threading
import time

import pytest

CUSTOMERS = 20
CODE = f"""
from datetime import date, timedelta
today = env.company._vip_today()
policy = env["vip.tier.policy"].search([("name", "=", "Races")])
if not policy:
    policy = env["vip.tier.policy"].create({{
        "name": "Races", "date_from": today.replace(day=1), "date_to": today + timedelta(days=60),
        "rule_ids": [(0, 0, {{"tier_id": env.ref("vip_customer.tier_gold").id}})],
    }})
    policy.action_open()
partners = env["res.partner"].create([{{"name": "Racer"}} for _ in range({CUSTOMERS})])
numbers = env["vip.service.number"].create([
    {{"partner_id": partner.id, "number": f"race-{{partner.id}}"}} for partner in partners])
for _ in range(2):
    run = env["vip.tier.run"].create({{"policy_id": policy.id, "as_of": today}})
    run.with_user(env.ref("base.user_admin")).action_compute()
    run.with_user(env["res.users"].search([("login", "=", "race_approver")])).action_approve()
env.cr.commit()
"""


class Call(threading.Thread):
    """One call of one person; ``answer`` is what he gets, ``refusal`` what he is told."""

    def __init__(self, system, login, model, method, **arguments):
        super().__init__()
        self.system, self.what, self.arguments = system, (login, model, method), arguments
        self.answer, self.refusal = None, ""
        self.start()

    def run(self):
        try:
            self.answer = self.system.json2(*self.what, **self.arguments)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.refusal = str(error)


@pytest.fixture
def book(system):
    """Ids of fresh customers, and of two approved runs that give all of them gold."""
    if not system.sql("SELECT 1 FROM res_users WHERE login = 'race_boss'"):
        system.users(
            race_boss="vip_customer.group_vip_manager",
            race_approver="vip_customer.group_vip_manager,vip_customer.group_vip_approver",
        )
    system.shell(CODE)
    runs = [row[0] for row in system.sql("SELECT id FROM vip_tier_run ORDER BY id DESC LIMIT 2")]
    for login in ("race_boss", "race_approver"):
        system.api_key(login)
    partners = system.sql(
        "SELECT partner_id FROM vip_service_number ORDER BY id DESC LIMIT %s", CUSTOMERS
    )
    return [row[0] for row in partners], runs


@contextlib.contextmanager
def held(system, partner):
    """Nobody can change this customer's membership while this lasts."""
    with contextlib.closing(system.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM vip_membership WHERE partner_id = %s FOR UPDATE", [partner])
        yield
        connection.rollback()


def wait_until_blocked(system):
    deadline = time.monotonic() + 20
    while not system.sql("SELECT 1 FROM pg_locks WHERE NOT granted"):
        assert time.monotonic() < deadline, "nobody waits for the held row"
        time.sleep(0.05)


def open_rows(system, partners):
    return system.sql(
        """SELECT t.code FROM vip_tier_history h LEFT JOIN vip_tier t ON t.id = h.tier_id
            WHERE h.partner_id = ANY(%s) AND h.date_to IS NULL""",
        partners,
    )


@pytest.mark.parametrize("is_same_run", [True, False])
def test_two_people_apply(system, book, is_same_run):
    """The same run twice, or two runs of one policy: exactly one is applied, the other is told."""
    partners, (first_run, second_run) = book
    with held(system, partners[0]):
        first = Call(system, "race_boss", "vip.tier.run", "action_apply", ids=[first_run])
        wait_until_blocked(system)
        other_run = first_run if is_same_run else second_run
        second = Call(system, "race_approver", "vip.tier.run", "action_apply", ids=[other_run])
        second.join()
        assert "Somebody is applying a run of “Races”" in second.refusal
    first.join()
    assert first.answer is True, first.refusal
    assert open_rows(system, partners) == [("gold",)] * CUSTOMERS
    again = Call(system, "race_approver", "vip.tier.run", "action_apply", ids=[other_run])
    again.join()
    sentence = "applied already" if is_same_run else "Bills, rules or tiers changed since"
    assert sentence in again.refusal
    assert len(open_rows(system, partners)) == CUSTOMERS


@pytest.mark.parametrize("closes_held", [True, False])
def test_number_closes_while_a_run_is_applied(system, book, closes_held):
    """Whoever comes first: in the end the customer has no tier, and his history says so."""
    partners, (run, _other) = book
    closing = partners[0] if closes_held else partners[-1]
    [(number,)] = system.sql("SELECT id FROM vip_service_number WHERE partner_id = %s", closing)
    with held(system, partners[0]):
        applying = Call(system, "race_boss", "vip.tier.run", "action_apply", ids=[run])
        wait_until_blocked(system)
        closed = Call(
            system,
            "race_approver",
            "vip.service.number",
            "write",
            ids=[number],
            vals={"state": "closed"},
        )
        closed.join(timeout=2)  # it may have to wait for the run
    closed.join()
    applying.join()
    assert closed.answer is True, closed.refusal
    assert applying.answer is True or "Bills, rules or tiers changed" in applying.refusal
    [(tier, closed_on)] = system.sql(
        "SELECT tier_id, closed_on FROM vip_membership WHERE partner_id = %s", closing
    )
    assert tier is None
    assert closed_on
    assert open_rows(system, [closing]) in ([], [(None,)])
    others = [partner for partner in partners if partner != closing]
    expected = [("gold",)] * len(others) if applying.answer else []
    assert open_rows(system, others) == expected
