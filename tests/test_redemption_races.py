"""Who gets the last unit: forced races of people who redeem, cancel and correct at the same time."""

import contextlib
import json
import threading
import time

import pytest

RACES = 1000
# races held at once; each has two people
BATCH = 10
CODE = """
import json
from datetime import timedelta
from odoo.fields import Command
ref = env.ref
company = env["res.company"].search([("name", "=", "Race Mobile")])
if not company:
    company = env["res.company"].create({"name": "Race Mobile"})
    env["res.users"].search([("login", "=like", "redeem_%")]).write(
        {"company_ids": [Command.set(company.ids)], "company_id": company.id})
env = env(context={**env.context, "allowed_company_ids": company.ids, "tracking_disable": True})
env.user.company_ids |= company
today = company._vip_today()
policy = env["vip.tier.policy"].search([("company_id", "=", company.id)])
if not policy:
    gold, diamond = ref("vip_customer.tier_gold"), ref("vip_customer.tier_diamond")
    policy = env["vip.tier.policy"].create({
        "name": "Redemptions", "company_id": company.id, "window": "rolling", "window_months": 12,
        "date_from": today.replace(day=1), "date_to": today + timedelta(days=60),
        "rule_ids": [
            Command.create({"tier_id": gold.id}),
            Command.create({"tier_id": diamond.id, "min_total_spend": 1000}),
        ],
    })
    policy.action_open()
    env["vip.benefit"].create({
        "name": "Last unit", "code": "RACE", "unit": "unit", "unit_value": 10,
        "category_id": env["vip.benefit.category"].search([], limit=1).id,
        "tier_benefit_ids": [
            Command.create({"tier_id": gold.id, "quantity": 1}),
            Command.create({"tier_id": diamond.id, "quantity": 4}),
        ],
    })
partners = env["res.partner"].create([{"name": "Racer"} for _ in range(COUNT)])
env["vip.membership"]._ensure(partners.ids, company)

def assess(apply):
    run = env["vip.tier.run"].create({"policy_id": policy.id, "as_of": today})
    run._compute_lines()
    run.state = "approved"
    if apply:
        run._apply()
    return run.id

assess(apply=True)
run = False
if RISE:
    month = today.replace(day=1) - timedelta(days=1)
    env["vip.billing.fact"].create([
        {"partner_id": partner.id, "month": month.replace(day=1), "amount": 2000}
        for partner in partners])
    run = assess(apply=False)
open(OUTPUT, "w").write(json.dumps([partners.ids, run]))
env.cr.commit()
"""


class Call(threading.Thread):
    """One call of one person: what he gets or is told, the status, how long after the start."""

    def __init__(self, system, login, model, method, **arguments):
        super().__init__()
        self.system, self.what, self.arguments = system, (login, model, method), arguments
        self.answer, self.refusal, self.status = None, "", 200
        self.ended = 0.0
        self.start()

    def run(self):
        try:
            self.answer = self.system.json2(*self.what, **self.arguments)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.refusal, self.status = str(error), getattr(error, "status", 0)
        self.ended = time.monotonic()


@pytest.fixture(scope="module")
def people(system):
    system.users(
        redeem_desk_a="vip_customer.group_vip_desk",
        redeem_desk_b="vip_customer.group_vip_desk",
        redeem_lead="vip_customer.group_vip_manager",
        redeem_boss="vip_customer.group_vip_manager",
    )
    for login in ("redeem_desk_a", "redeem_desk_b", "redeem_lead", "redeem_boss"):
        system.api_key(login)
    return system


def customers(system, count, rise=False):
    """Ids of new gold customers with one unit each, and of an approved run that makes them diamond."""
    output = system.log.with_name("race-customers")
    system.shell(f"COUNT, RISE, OUTPUT = {count}, {rise}, {str(output)!r}\n{CODE}")
    found, run = json.loads(output.read_text(encoding="utf-8"))
    output.unlink()
    return found, run


@contextlib.contextmanager
def held(system, query, *values):
    """Nobody can change these rows while this lasts."""
    with contextlib.closing(system.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"{query} FOR UPDATE", values)
        yield
        connection.rollback()


def wait_until_blocked(system, count):
    deadline = time.monotonic() + 60
    with contextlib.closing(system.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        blocked = 0
        while blocked < count:
            assert time.monotonic() < deadline, f"{blocked} of {count} wait for the held rows"
            time.sleep(0.01)
            cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
            [(blocked,)] = cursor.fetchall()


ENTITLEMENTS = """
    SELECT e.id FROM vip_entitlement e JOIN vip_benefit b ON b.id = e.benefit_id AND b.code = 'RACE'
     WHERE e.partner_id = ANY(%s)"""


def counts(system, partners):
    """(granted, used, units in the ledger, lines of the ledger) of each customer."""
    return system.sql(
        """SELECT e.granted, e.used,
                  coalesce(sum(r.quantity) FILTER (WHERE r.state <> 'cancelled'), 0), count(r.id)
             FROM vip_entitlement e JOIN vip_benefit b ON b.id = e.benefit_id AND b.code = 'RACE'
             LEFT JOIN vip_redemption r ON r.entitlement_id = e.id
            WHERE e.partner_id = ANY(%s) GROUP BY e.id ORDER BY e.partner_id""",
        partners,
    )


@contextlib.contextmanager
def without_pauses(system):
    """Nobody is sent to sleep by Odoo before he is heard again."""
    before = len(system.log.read_text(encoding="utf-8"))
    yield
    assert "try again in" not in system.log.read_text(encoding="utf-8")[before:]


def race(system, partners, *calls):
    """The same calls for each of these customers, released together; what came of them by customer, and
    how long after the release the slowest one ended."""
    with held(system, ENTITLEMENTS, partners):
        racing = {
            partner: [
                Call(system, login, model, method, **{"ids": [partner]} | arguments(partner))
                for login, model, method, arguments in calls
            ]
            for partner in partners
        }
        wait_until_blocked(system, len(partners) * len(calls))
    released = time.monotonic()
    for competitors in racing.values():
        for call in competitors:
            call.join()
    return racing, max(c.ended for cs in racing.values() for c in cs) - released


def redeem(login, **arguments):
    return (
        login,
        "res.partner",
        "vip_redeem",
        lambda partner: {"benefit_code": "RACE", **arguments},
    )


def test_the_last_unit(people):
    """A thousand times two people take the last unit: one gets it, the other reads that it is used up."""
    partners, _run = customers(people, RACES)
    with without_pauses(people):
        for first in range(0, RACES, BATCH):
            racing, _seconds = race(
                people,
                partners[first : first + BATCH],
                redeem("redeem_desk_a"),
                redeem("redeem_desk_b"),
            )
            for competitors in racing.values():
                winner, loser = sorted(competitors, key=lambda call: call.status)
                assert winner.answer["remaining"] == 0, winner.refusal
                assert loser.status == 422, loser.refusal
                assert "“Last unit” is used up" in loser.refusal
    assert counts(people, partners) == [(1, 1, 1, 1)] * RACES


def test_the_same_request_at_once(people):
    """A system that sends its request three times gives once, and gets the same answer three times."""
    partners, _run = customers(people, 20)
    with without_pauses(people):
        racing, _seconds = race(
            people,
            partners[:BATCH],
            *[redeem(login, origin="call 1") for login in ("redeem_desk_a", "redeem_desk_b") * 2],
        )
    for competitors in racing.values():
        assert [call.status for call in competitors] == [200] * 4, competitors[0].refusal
        assert len({call.answer["redemption_id"] for call in competitors}) == 1
    assert counts(people, partners[:BATCH]) == [(1, 1, 1, 1)] * BATCH


def redeemed(system, partners):
    """Ids of a redemption of each of these customers, by customer."""
    return {
        partner: system.json2(
            "redeem_desk_a", "res.partner", "vip_redeem", ids=[partner], benefit_code="RACE"
        )["redemption_id"]
        for partner in partners
    }


def test_two_people_cancel(people):
    """The unit returns once, and the second one is told."""
    partners, _run = customers(people, BATCH)
    ids = redeemed(people, partners)

    def cancel(login):
        return (login, "vip.redemption", "action_cancel", lambda partner: {"ids": [ids[partner]]})

    with without_pauses(people):
        racing, _seconds = race(people, partners, cancel("redeem_desk_a"), cancel("redeem_desk_b"))
    for competitors in racing.values():
        winner, loser = sorted(competitors, key=lambda call: call.status)
        assert winner.answer is True, winner.refusal
        assert loser.status == 422
        assert "is cancelled already" in loser.refusal
    assert counts(people, partners) == [(1, 0, 0, 1)] * BATCH


def test_two_people_correct(people):
    """What was given once is returned once."""
    partners, _run = customers(people, BATCH)
    ids = redeemed(people, partners)
    people.json2("redeem_desk_a", "vip.redemption", "action_deliver", ids=list(ids.values()))

    def correct(login):
        return (
            login,
            "vip.redemption",
            "correct",
            lambda partner: {"ids": [ids[partner]], "quantity": 1, "reason": "By mistake"},
        )

    with without_pauses(people):
        racing, _seconds = race(people, partners, correct("redeem_boss"), correct("redeem_lead"))
    for competitors in racing.values():
        winner, loser = sorted(competitors, key=lambda call: call.status)
        assert winner.status == 200, winner.refusal
        assert loser.status == 422
        assert "0 can be returned, not 1" in loser.refusal
    assert counts(people, partners) == [(1, 0, 0, 2)] * BATCH


def test_redeeming_while_tiers_rise(people):
    """A run grants more while units are taken: nothing taken is forgotten, nothing granted is lost."""
    partners, run = customers(people, BATCH, rise=True)
    early, late = partners[0], partners[-1]
    membership = "SELECT id FROM vip_membership WHERE partner_id = %s"
    with held(people, membership, late):
        applying = Call(people, "redeem_boss", "vip.tier.run", "action_apply", ids=[run])
        wait_until_blocked(people, 1)
        # the run has not come to the entitlements yet
        before = people.json2(
            "redeem_desk_a", "res.partner", "vip_redeem", ids=[early], benefit_code="RACE"
        )
        assert before["remaining"] == 0
    applying.join()
    assert applying.answer is True, applying.refusal
    assert counts(people, [early]) == [(4, 1, 1, 1)]
    assert counts(people, partners[1:]) == [(4, 0, 0, 0)] * (BATCH - 1)
    for remaining in (2, 1, 0):
        told = people.json2(
            "redeem_desk_b", "res.partner", "vip_redeem", ids=[early], benefit_code="RACE"
        )
        assert told["remaining"] == remaining


def test_redeeming_from_what_a_run_is_writing(people):
    """The run has written the entitlement and is not done: who redeems waits, and has the new quantity."""
    partners, run = customers(people, BATCH, rise=True)
    last = ENTITLEMENTS.replace("= ANY(%s)", "= (SELECT max(p) FROM unnest(%s) p)")
    with held(people, last, partners):
        applying = Call(people, "redeem_boss", "vip.tier.run", "action_apply", ids=[run])
        wait_until_blocked(people, 1)
        redeeming = [
            Call(
                people,
                "redeem_desk_a",
                "res.partner",
                "vip_redeem",
                ids=[partner],
                benefit_code="RACE",
            )
            for partner in partners[:-1]
        ]
        time.sleep(1)
    for call in (applying, *redeeming):
        call.join()
        assert call.status == 200, call.refusal
    assert counts(people, partners) == [*[(4, 1, 1, 1)] * (BATCH - 1), (4, 0, 0, 0)]
