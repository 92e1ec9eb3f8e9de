"""The end of a month as a manager ends it, over HTTP: the standard's worked example from the records to the
figures, two people at once, and what an approver opens again."""

import contextlib
import json
import threading
import time

import pytest
from conftest import Refused

BOSS, OTHER, APPROVER = "month_boss", "month_other", "month_approver"
RACER, RACE_APPROVER = "month_racer", "month_race_approver"
CODE = """
import json
from dateutil.relativedelta import relativedelta
from odoo.fields import Command
company = env["res.company"].create({"name": NAME})
company.resource_calendar_id.tz = "Asia/Shanghai"
env.user.company_ids = [Command.link(company.id)]
env = env(context={"allowed_company_ids": company.ids})
keys = {}
for login, groups in LOGINS.items():
    user = env["res.users"].create({
        "name": login, "login": login, "company_id": company.id, "company_ids": [Command.set(company.ids)],
        "group_ids": [Command.set([env.ref(f"vip_customer.group_vip_{name}").id for name in groups])]})
    keys[login] = env["res.users.apikeys"].with_user(user).sudo()._generate("rpc", "tests", None)
month = company._vip_today().replace(day=1) - relativedelta(months=1)
before = month - relativedelta(months=1)
team = env["crm.team"].create({"name": NAME, "company_id": company.id})
manager = env["res.users"].search([("login", "=", next(iter(LOGINS)))])
partners = env["res.partner"].create([{"name": f"Counted {n}", "company_id": company.id} for n in range(212)])
env["vip.membership"]._ensure(partners.ids, company)
env["vip.manager.assignment"]._post(
    partners.vip_membership_id, manager, team, month - relativedelta(years=1))
gold = env.ref("vip_customer.tier_gold")
env.flush_all()
env.cr.execute_values(
    "INSERT INTO vip_tier_history (partner_id, company_id, tier_id, date_from, source) VALUES %s",
    [(partner.id, company.id, gold.id,
      month - relativedelta(years=1) if n < 200 else month + relativedelta(days=14), "run")
     for n, partner in enumerate(partners)])
env.cr.execute("UPDATE vip_membership SET tier_id = %s, base_tier_id = %s WHERE partner_id = ANY(%s)",
               [gold.id, gold.id, partners.ids])
policy = env["vip.tier.policy"].create({
    "name": NAME, "company_id": company.id, "date_from": before, "date_to": before + relativedelta(years=1),
    "rule_ids": [Command.create({"tier_id": env.ref("vip_customer.tier_diamond").id})]})
policy.action_open()
open(OUTPUT, "w").write(json.dumps({
    "policy": policy.id, "keys": keys, "partners": partners.ids, "month": str(month), "before": str(before)}))
env.cr.commit()
"""
FIGURES = {
    "opening:sum": 200,
    "joined:sum": 12,
    "moved_in:sum": 0,
    "moved_out:sum": 0,
    "churned_scheduled:sum": 5,
    "churned_arrears:sum": 1,
    "left_tier:sum": 0,
    "closing:sum": 206,
    "average:sum": 203,
}


class Call(threading.Thread):
    """One call of one person; ``answer`` is what he gets, ``refusal`` what he is told."""

    def __init__(self, system, login, method, record, model="vip.kpi.month", **arguments):
        super().__init__()
        self.system, self.what = system, (login, model, method)
        self.arguments = {"ids": [record], **arguments}
        self.answer, self.refusal = None, ""
        self.start()

    def run(self):
        try:
            self.answer = self.system.json2(*self.what, **self.arguments)
        except Refused as error:
            self.refusal = str(error)


def make(system, name, logins):
    """A company of its own: ids of its customers and its policy, and its last two months that are over."""
    output = system.log.with_name("month-end")
    system.shell(f"NAME, LOGINS, OUTPUT = {name!r}, {logins!r}, {str(output)!r}\n{CODE}")
    made = json.loads(output.read_text(encoding="utf-8"))
    output.unlink()
    system._keys |= made["keys"]
    return made


@pytest.fixture(scope="module")
def book(system):
    manager = ["manager"]
    return make(
        system,
        "Month end",
        {BOSS: manager, OTHER: manager, APPROVER: ["manager", "approver"]},
    )


@contextlib.contextmanager
def held(system, month, waiting):
    """Nobody gets at this month until so many wait for it."""
    with contextlib.closing(system.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM vip_kpi_month WHERE id = %s FOR UPDATE", [month])
        yield
        deadline = time.monotonic() + 20
        while system.sql("SELECT count(*) FROM pg_locks WHERE NOT granted")[0][0] < waiting:
            assert time.monotonic() < deadline, "nobody waits for the month"
            time.sleep(0.05)
        connection.rollback()


def states(system, *months):
    return [
        system.sql("SELECT state FROM vip_kpi_month WHERE id = %s", month)[0][0] for month in months
    ]


def at_once(*calls):
    for call in calls:
        call.join()
    return [call.answer for call in calls], [call.refusal for call in calls if call.refusal]


def test_month_end(system, book):
    """From what people note to the figures, frozen by one of two, and opened again by who may."""

    def call(login, method, *ids, model="vip.kpi.month", **arguments):
        if ids:
            arguments["ids"] = list(ids)
        return system.json2(login, model, method, **arguments)

    for n, partner in enumerate(book["partners"][:6]):
        departure = {
            "partner_id": partner,
            "kind": "scheduled" if n < 5 else "arrears",
            "requested_on": book["month"][:8] + "05",
            "effective_on": book["month"][:8] + "20",
        }
        call(BOSS, "create", model="vip.departure", vals_list=[departure])
    before, month = call(
        BOSS, "create", vals_list=[{"month": book["before"]}, {"month": book["month"]}]
    )
    call(BOSS, "action_compute", before, month)
    with pytest.raises(Refused, match="begins where the month before closed"):
        call(BOSS, "action_freeze", month)

    # two people freeze the same month: one does, the other is told who did
    with held(system, before, waiting=2):
        calls = [Call(system, login, "action_freeze", before) for login in (BOSS, OTHER)]
    answers, [told] = at_once(*calls)
    assert answers.count(True) == 1
    assert f"was frozen already, by {(BOSS, OTHER)[answers.index(True)]}" in told

    # one freezes the next month while the other reopens this one: never both
    with held(system, before, waiting=2):
        calls = [
            Call(system, BOSS, "action_freeze", month),
            Call(system, APPROVER, "action_reopen", before, reason="Race"),
        ]
    answers, [told] = at_once(*calls)
    if answers[0]:
        assert "cannot be reopened while" in told
        assert states(system, before, month) == ["frozen", "frozen"]
    else:
        assert "begins where the month before closed" in told
        assert states(system, before, month) == ["open", "open"]
        call(BOSS, "action_freeze", before, month)

    [group] = call(
        OTHER,
        "formatted_read_group",
        model="vip.kpi.report",
        domain=[("month_id", "=", month)],
        groupby=["month_id"],
        aggregates=[*FIGURES, "churn_rate:avg", "off_net_rate:avg"],
    )
    assert {name: group[name] for name in FIGURES} == FIGURES
    assert f"{group['churn_rate:avg']:.2%}" == "3.00%"
    assert f"{group['off_net_rate:avg']:.2%}" == "2.96%"

    for login, refusal in ((BOSS, "Only an approver"), (APPROVER, "Give the reason")):
        with pytest.raises(Refused, match=refusal):
            call(login, "action_reopen", month, reason="")
    [fact] = call(
        BOSS,
        "search",
        model="vip.kpi.fact",
        domain=[("month_id", "=", month), ("churned_arrears", "=", 1)],
    )
    with pytest.raises(Refused):
        call(APPROVER, "write", fact, model="vip.kpi.fact", vals={"churned_arrears": 0})

    # somebody was forgotten
    late = {
        "partner_id": book["partners"][6],
        "requested_on": book["month"][:8] + "05",
        "effective_on": book["month"][:8] + "21",
    }
    [departure] = call(BOSS, "create", model="vip.departure", vals_list=[late])
    [remark] = call(BOSS, "read", departure, model="vip.departure", fields=["remark"])
    assert remark["remark"] == "late"
    assert call(APPROVER, "action_reopen", month, reason="A departure was forgotten") is True
    call(BOSS, "action_compute", month)
    call(BOSS, "action_freeze", month)
    [reopening] = call(
        BOSS,
        "search_read",
        model="vip.kpi.reopening",
        domain=[("month_id", "=", month)],
        fields=["reason", "difference"],
    )
    assert reopening["reason"] == "A departure was forgotten"
    assert "Churned, scheduled 5 → 6, Closing 206 → 205" in reopening["difference"]


def test_run_of_a_month_that_is_being_frozen(system):
    """Tiers as of its last day are applied while somebody freezes the month: one of both, never both."""
    logins = {RACER: ["manager"], RACE_APPROVER: ["manager", "approver"]}
    made = make(system, "Month end and run", logins)
    [month] = system.json2(RACER, "vip.kpi.month", "create", vals_list=[{"month": made["month"]}])
    system.json2(RACER, "vip.kpi.month", "action_compute", ids=[month])
    [[last]] = system.sql("SELECT (%s::date + interval '1 month - 1 day')::date", made["month"])
    values = {"policy_id": made["policy"], "as_of": str(last)}
    [run] = system.json2(RACER, "vip.tier.run", "create", vals_list=[values])
    system.json2(RACER, "vip.tier.run", "action_compute", ids=[run])
    system.json2(RACE_APPROVER, "vip.tier.run", "action_approve", ids=[run])
    with held(system, month, waiting=2):
        calls = [
            Call(system, RACER, "action_freeze", month),
            Call(system, RACE_APPROVER, "action_apply", run, model="vip.tier.run"),
        ]
    answers, [told] = at_once(*calls)
    moved = system.sql("SELECT count(*) FROM vip_tier_history WHERE run_id = %s", run)
    if answers[0]:
        assert "Tiers cannot change on" in told
        assert (states(system, month), moved) == (["frozen"], [(0,)])
    else:
        assert "changed since its figures were computed" in told
        assert (states(system, month), moved) == (["open"], [(212,)])
