"""The standard's flow of somebody who asks to leave, through the doors that people use: three answers from
four sources, and how it may end; who comes second; and a final refusal that nothing stops."""

import base64
import contextlib
import json
import threading
import time
from datetime import date, timedelta

import pytest
from conftest import Refused

SOURCES = ("hotline", "hall", "list", "work_record")
DESK, MANAGER, LEAD = "keep_desk", "keep_manager", "keep_lead"
# A refusal that takes longer than this waited for somebody.
AT_ONCE = 20
CODE = """
import json
from datetime import date
from dateutil.relativedelta import relativedelta
from odoo.fields import Command
company = env.company
company.vip_retention_calendar_id.tz = company.resource_calendar_id.tz = "Asia/Shanghai"
gold = env.ref("vip_customer.tier_gold")
users = {user.login: user for user in env["res.users"].search([("login", "=like", "keep_%")])}
team = env["crm.team"].create({"name": "Keep", "company_id": company.id, "user_id": users["keep_lead"].id})
partners = env["res.partner"].create([
    {"name": f"Leaver {n}", "ref": f"KEEP-{START + n}"} for n in range(COUNT)])
env["vip.service.number"].create([
    {"partner_id": partner.id, "number": str(13900000000 + START + n), "activated_on": "2020-01-01"}
    for n, partner in enumerate(partners)])
members = partners.vip_membership_id
members._assign(users["keep_manager"], team)
members.write({"tier_id": gold.id})
month = company._vip_today().replace(day=1)
env["vip.billing.fact"].create([
    {"partner_id": partner.id, "number_id": partner.vip_number_ids.id, "amount": 700,
     "month": month - relativedelta(months=back)}
    for partner in partners for back in range(1, 13)])
open(OUTPUT, "w").write(json.dumps(partners.ids))
env.cr.commit()
"""


class Desk:
    """People who work cases in one served system."""

    def __init__(self, system):
        self.system = system
        self.made = 0

    def call(self, login, model, method, *ids, **arguments):
        if ids:
            arguments["ids"] = list(ids)
        return self.system.json2(login, model, method, **arguments)

    def customers(self, count):
        """Ids of so many new gold customers with a number and bills."""
        output = self.system.log.with_name("keep-customers")
        self.system.shell(f"START, COUNT, OUTPUT = {self.made}, {count}, {str(output)!r}\n{CODE}")
        self.made += count
        found = json.loads(output.read_text(encoding="utf-8"))
        output.unlink()
        return found

    def offer(self, code):
        [offer] = self.call(LEAD, "vip.retention.offer", "search", domain=[("code", "=", code)])
        return offer

    def reason(self, code):
        [reason] = self.call(LEAD, "vip.retention.reason", "search", domain=[("code", "=", code)])
        return reason

    def case(self, case_id, login=LEAD):
        fields = [
            "state",
            "outcome",
            "user_id",
            "deadline",
            "dispatched_at",
            "value_at_stake",
            "watch_until",
        ]
        return self.call(login, "vip.retention.case", "read", case_id, fields=fields)[0]

    def leaves(self, partner_id, source, closing):
        """The request of a customer from a source; its case, and who works on it."""
        if source == "list":
            self.imported(partner_id, closing)
        elif source == "work_record":
            self.call(
                MANAGER,
                "vip.departure",
                "create",
                vals_list=[{"partner_id": partner_id, "effective_on": closing}],
            )
        else:
            wizard = self.call(
                DESK,
                "vip.retention.open",
                "create",
                vals_list=[{"partner_id": partner_id, "source": source, "effective_on": closing}],
            )
            self.call(DESK, "vip.retention.open", "action_confirm", *wizard)
        domain = [("partner_id", "=", partner_id), ("state", "!=", "closed")]
        [case_id] = self.call(LEAD, "vip.retention.case", "search", domain=domain)
        return case_id, DESK if source in ("hotline", "hall") else MANAGER

    def imported(self, partner_id, closing):
        """The nightly list with one line."""
        [partner] = self.call(LEAD, "res.partner", "read", partner_id, fields=["ref"])
        rows = (
            f"customer_code,kind,requested_on,effective_on\n{partner['ref']},scheduled,,{closing}\n"
        )
        [job] = self.call(
            "keep_import",
            "vip.import",
            "create",
            vals_list=[
                {
                    "kind": "departures",
                    "filename": f"departures-{partner_id}.csv",
                    "file": base64.b64encode(rows.encode()).decode(),
                }
            ],
        )
        self.call("keep_import", "vip.import", "action_check", job)
        self.call("keep_import", "vip.import", "action_run", job)
        [found] = self.call(
            "keep_import", "vip.import", "read", job, fields=["state", "ok_count", "error_count"]
        )
        assert (found["state"], found["ok_count"], found["error_count"]) == ("done", 1, 0)

    def proposed(self, case_id, login, code="PLAN_FIT", reason="T_FIT"):
        self.call(
            login, "vip.retention.case", "write", case_id, vals={"reason_id": self.reason(reason)}
        )
        return self.call(
            login, "vip.retention.case", "action_propose", case_id, offer_id=self.offer(code)
        )

    def watch_ends(self, case_id, bill):
        """The last day of the watch was yesterday; its month has a bill, or is complete without one."""
        yesterday = date.today() - timedelta(days=2)
        self.system.shell(
            f"case = env['vip.retention.case'].browse({case_id})\n"
            f"case.watch_until = {str(yesterday)!r}\n"
            f"month = {str(yesterday.replace(day=1))!r}\n"
            "months = env['vip.billing.month']\n"
            "facts = env['vip.billing.fact']\n"
            "line = case.kept_number_ids\n"
            f"bill, found = {bill}, facts.search([('number_id', '=', line.id), ('month', '=', month)])\n"
            "values = {'partner_id': case.partner_id.id, 'number_id': line.id, 'month': month,"
            " 'amount': bill}\n"
            "found.write({'amount': bill}) if found else facts.create(values)\n"
            "if not bill:\n"
            "    known = months.search([('company_id', '=', env.company.id), ('month', '=', month)])\n"
            "    known = known or months.create({'company_id': env.company.id, 'month': month})\n"
            "    known.complete = True\n"
            "env['vip.retention.case']._judge(env.company, 100)\n"
            "env.cr.commit()\n"
        )


@pytest.fixture(scope="module")
def desk(system):
    system.users(
        keep_desk="vip_customer.group_vip_desk",
        keep_manager="vip_customer.group_vip_user",
        keep_other="vip_customer.group_vip_user",
        keep_lead="vip_customer.group_vip_lead",
        keep_boss="vip_customer.group_vip_manager",
        keep_import="vip_customer.group_vip_import",
    )
    for login in (DESK, MANAGER, LEAD, "keep_other", "keep_boss", "keep_import"):
        system.api_key(login)
    return Desk(system)


@pytest.fixture(scope="module")
def closing():
    """A working week ahead."""
    return str(date.today() + timedelta(days=14))


@pytest.mark.parametrize("source", SOURCES)
def test_accepted_and_kept(desk, closing, source):
    [customer] = desk.customers(1)
    case_id, agent = desk.leaves(customer, source, closing)
    case = desk.case(case_id, agent)
    assert case["value_at_stake"] == 8400
    assert bool(case["dispatched_at"]) == (agent == MANAGER)
    desk.proposed(case_id, agent)
    desk.call(agent, "vip.retention.case", "action_accept", case_id)
    assert desk.case(case_id)["state"] == "doing"
    with pytest.raises(Refused, match="Give the reference of the order"):
        desk.call(agent, "vip.retention.case", "done", case_id)
    desk.call(agent, "vip.retention.case", "done", case_id, reference="ORDER-1")
    case = desk.case(case_id)
    assert (case["state"], case["outcome"]) == ("watch", False)
    desk.watch_ends(case_id, bill=1)
    case = desk.case(case_id)
    assert (case["state"], case["outcome"]) == ("closed", "saved")
    assert departures(desk, customer) == ["withdrawn"]


@pytest.mark.parametrize("source", SOURCES)
def test_considering_then_accepted(desk, closing, source):
    [customer] = desk.customers(1)
    case_id, agent = desk.leaves(customer, source, closing)
    desk.proposed(case_id, agent)
    desk.call(agent, "vip.retention.case", "action_consider", case_id)
    case = desk.case(case_id)
    assert (case["state"], case["user_id"][1]) == ("considering", MANAGER)
    assert case["deadline"] < f"{closing} 00:00:00"
    if agent == DESK:
        with pytest.raises(Refused, match="was dispatched to keep_manager"):
            desk.call(DESK, "vip.retention.case", "action_accept", case_id)
    desk.call(MANAGER, "vip.retention.case", "action_accept", case_id)
    desk.call(MANAGER, "vip.retention.case", "done", case_id, reference="ORDER-2")
    assert desk.case(case_id)["state"] == "watch"


@pytest.mark.parametrize("source", SOURCES)
def test_refused(desk, closing, source):
    """He leaves on his day: the request and its date stay as they were."""
    [customer] = desk.customers(1)
    case_id, agent = desk.leaves(customer, source, closing)
    desk.proposed(case_id, agent)
    desk.call(agent, "vip.retention.case", "action_refuse", case_id)
    case = desk.case(case_id)
    assert (case["state"], case["outcome"]) == ("closed", "refused")
    assert departures(desk, customer) == ["announced"]
    desk.call(agent, "vip.retention.case", "write", case_id, vals={"survey": "A shorter contract"})
    with pytest.raises(Refused, match="no offers and no contacts any more"):
        desk.call(
            agent, "vip.retention.case", "action_propose", case_id, offer_id=desk.offer("EXPLAIN")
        )


def test_withdrawn(desk, closing):
    [customer] = desk.customers(1)
    case_id, agent = desk.leaves(customer, "hotline", closing)
    desk.proposed(case_id, agent, "CREDIT_L")
    desk.call(agent, "vip.retention.case", "action_withdraw", case_id)
    assert desk.case(case_id)["outcome"] == "withdrawn"
    assert departures(desk, customer) == ["withdrawn"]


def test_approved_by_the_lead(desk, closing):
    [customer] = desk.customers(1)
    case_id, agent = desk.leaves(customer, "hall", closing)
    proposal = desk.proposed(case_id, agent, "CREDIT_L")
    with pytest.raises(Refused, match="waits for approval by"):
        desk.call(agent, "vip.retention.case", "action_accept", case_id)
    with pytest.raises(Refused, match="is decided by"):
        desk.call(agent, "vip.retention.proposal", "action_approve", proposal)
    desk.call(LEAD, "vip.retention.proposal", "action_approve", proposal)
    desk.call(agent, "vip.retention.case", "action_accept", case_id)
    assert desk.case(case_id)["state"] == "doing"


def test_ported(desk):
    """He ports out today: the number is gone, and he never answered."""
    [customer] = desk.customers(1)
    next_week = str(date.today() + timedelta(days=7))
    [departure] = desk.call(
        MANAGER,
        "vip.departure",
        "create",
        vals_list=[{"partner_id": customer, "kind": "port_out", "effective_on": next_week}],
    )
    domain = [("partner_id", "=", customer)]
    [case_id] = desk.call(LEAD, "vip.retention.case", "search", domain=domain)
    with pytest.raises(Refused, match="ports his number out"):
        desk.proposed(case_id, MANAGER, "VAS_TRIAL")
    [asked] = desk.call(LEAD, "vip.departure", "read", departure, fields=["requested_on"])
    desk.call(LEAD, "vip.departure", "take_effect", departure, day=asked["requested_on"])
    assert desk.case(case_id)["outcome"] == "no_answer"
    assert departures(desk, customer) == ["effective"]


def test_lost_after_all(desk, closing):
    """Accepted is not kept: without a bill at the end of the watch he is lost."""
    [customer] = desk.customers(1)
    case_id, agent = desk.leaves(customer, "hall", closing)
    desk.proposed(case_id, agent, "EXPLAIN")
    desk.call(agent, "vip.retention.case", "action_accept", case_id)
    desk.watch_ends(case_id, bill=0)
    assert desk.case(case_id)["outcome"] == "lost_after_watch"


def departures(desk, customer):
    domain = [("partner_id", "=", customer)]
    rows = desk.call(
        LEAD, "vip.departure", "search_read", domain=domain, fields=["state"], order="id"
    )
    return [row["state"] for row in rows]


class Together(threading.Thread):
    """One call of one person, when everybody calls."""

    def __init__(self, desk, start, login, method, *ids, model="vip.retention.case", **arguments):
        super().__init__()
        self.make = lambda: desk.call(login, model, method, *ids, **arguments)
        self.start_signal, self.answer, self.refusal = start, None, ""
        self.start()

    def run(self):
        self.start_signal.wait()
        try:
            self.answer = self.make()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.refusal = str(error)


def all_at_once(calls):
    for call in calls:
        call.start_signal.set()
    for call in calls:
        call.join()
    return calls


def test_two_agents_answer_at_once(desk, closing):
    """Of three people who answer one case at the same time, one does; the others are told what happened."""
    for customer in desk.customers(5):
        case_id, agent = desk.leaves(customer, "hotline", closing)
        desk.proposed(case_id, agent, "EXPLAIN")
        start = threading.Event()
        calls = all_at_once(
            [
                Together(desk, start, DESK, "action_accept", case_id),
                Together(desk, start, LEAD, "action_accept", case_id),
                Together(desk, start, MANAGER, "action_withdraw", case_id),
            ]
        )
        told = [call.refusal for call in calls if call.refusal]
        assert len(told) == 2, [call.refusal for call in calls]
        assert all("since" in refusal or "was closed by" in refusal for refusal in told), told


def test_two_agents_open_at_once(desk):
    """Two people who note the same customer's request at once end in one case."""
    for customer in desk.customers(5):
        start = threading.Event()
        values = [{"partner_id": customer}]
        calls = all_at_once(
            [
                Together(desk, start, login, "create", vals_list=values)
                for login in (DESK, MANAGER, LEAD)
            ]
        )
        assert [call.refusal for call in calls if call.refusal] == []
        assert len({tuple(call.answer) for call in calls}) == 1
        assert departures(desk, customer) == ["announced"]


def test_two_people_call_at_once(desk, closing):
    """Of three people who note an attempt at the same time one does; once a day is enough."""
    for customer in desk.customers(5):
        case_id, _agent = desk.leaves(customer, "work_record", closing)
        phone, no_answer = (
            desk.call(LEAD, model, "search", domain=[("code", "=", code)])[0]
            for model, code in (("vip.channel", "phone"), ("vip.interaction.result", "no_answer"))
        )
        start = threading.Event()
        terms = {"channel_id": phone, "result_id": no_answer}
        calls = all_at_once(
            [
                Together(desk, start, login, "contact", case_id, **terms)
                for login in (MANAGER, LEAD, "keep_boss")
            ]
        )
        told = [call.refusal for call in calls if call.refusal]
        assert len(told) == 2, [call.refusal for call in calls]
        assert all("Once a day is enough" in refusal for refusal in told), told
        [[made]] = desk.system.sql(
            "SELECT count(*) FROM vip_interaction WHERE retention_case_id = %s", case_id
        )
        assert made == 1


@contextlib.contextmanager
def held(system, case_id):
    """Somebody works on this case, and does not let go."""
    with contextlib.closing(system.connect()) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT id FROM vip_retention_case WHERE id = %s FOR UPDATE", (case_id,))
        cursor.execute(
            "SELECT id FROM vip_retention_proposal WHERE case_id = %s FOR UPDATE", (case_id,)
        )
        yield
        connection.rollback()


@pytest.mark.parametrize("login", [DESK, MANAGER, "keep_other", LEAD, "keep_boss"])
def test_nobody_holds_up_a_final_refusal(desk, closing, login):
    """Somebody else holds the case as firmly as the database knows: the refusal is noted at once, ends the
    case for everybody, and closes it as soon as he lets go."""
    [customer] = desk.customers(1)
    case_id, agent = desk.leaves(customer, "hotline", closing)
    desk.proposed(case_id, agent, "CREDIT_L")
    begun = time.monotonic()
    with held(desk.system, case_id):
        assert desk.call(login, "vip.retention.case", "action_refuse", case_id) is True
        assert time.monotonic() - begun < AT_ONCE
    with pytest.raises(Refused, match=r"final refusal in .* was noted by"):
        desk.call(LEAD, "vip.retention.case", "action_dispatch", case_id)
    [[triggers]] = desk.system.sql(
        "SELECT count(*) FROM ir_cron_trigger t JOIN ir_model_data d ON d.res_id = t.cron_id"
        " WHERE d.module = 'vip_retention' AND d.name = 'ir_cron_refusals'"
    )
    assert triggers
    desk.system.shell("env['vip.retention.case']._cron_refusals()\nenv.cr.commit()\n")
    case = desk.case(case_id)
    assert (case["state"], case["outcome"]) == ("closed", "refused")
    [[who]] = desk.system.sql(
        "SELECT u.login FROM vip_retention_case c JOIN res_users u ON u.id = c.closed_by WHERE c.id = %s",
        case_id,
    )
    assert who == login


def test_no_approver_holds_up_a_final_refusal(desk, closing):
    """Somebody decides at that moment whether the tier is kept that he was promised: the refusal is noted and
    closes the case at once, and the override ends when it is free."""
    [customer] = desk.customers(1)
    case_id, _agent = desk.leaves(customer, "hotline", closing)
    desk.proposed(case_id, LEAD, "TIER_HOLD", "P_TIER")
    desk.call(LEAD, "vip.retention.case", "action_accept", case_id)
    [[override_id]] = desk.system.sql(
        "SELECT override_id FROM vip_retention_proposal WHERE case_id = %s", case_id
    )
    begun = time.monotonic()
    with contextlib.closing(desk.system.connect()) as connection:
        connection.cursor().execute(
            "SELECT id FROM vip_tier_override WHERE id = %s FOR UPDATE", (override_id,)
        )
        assert desk.call(DESK, "vip.retention.case", "action_refuse", case_id) is True
        assert time.monotonic() - begun < AT_ONCE
        connection.rollback()
    assert desk.case(case_id)["outcome"] == "refused"
    desk.system.shell("env['vip.tier.override']._cron_follow_dates()\nenv.cr.commit()\n")
    [[state]] = desk.system.sql("SELECT state FROM vip_tier_override WHERE id = %s", override_id)
    assert state == "refused"


def test_what_belongs_to_him_holds_up_no_final_refusal(desk, closing):
    """Somebody holds his page and what was planned in the case: it is closed there and then, the rest follows
    by itself."""
    [customer] = desk.customers(1)
    case_id, agent = desk.leaves(customer, "work_record", closing)
    begun = time.monotonic()
    with contextlib.closing(desk.system.connect()) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT id FROM vip_membership WHERE partner_id = %s FOR UPDATE", (customer,)
        )
        cursor.execute(
            "SELECT id FROM mail_activity WHERE res_model = 'vip.retention.case' AND res_id = %s"
            " FOR UPDATE",
            (case_id,),
        )
        assert cursor.rowcount
        assert desk.call(agent, "vip.retention.case", "action_refuse", case_id) is True
        assert time.monotonic() - begun < AT_ONCE
        connection.rollback()
    assert desk.case(case_id)["outcome"] == "refused"
    desk.system.shell("env['vip.retention.case']._cron_refusals()\nenv.cr.commit()\n")
    [[left]] = desk.system.sql(
        "SELECT count(*) FROM mail_activity WHERE res_model = 'vip.retention.case' AND res_id = %s",
        case_id,
    )
    assert left == 0
    [[channel, who]] = desk.system.sql(
        "SELECT c.code, u.login FROM vip_interaction i JOIN vip_channel c ON c.id = i.channel_id"
        " JOIN res_users u ON u.id = i.user_id WHERE i.retention_case_id = %s",
        case_id,
    )
    assert (channel, who) == ("phone", MANAGER)


def test_a_refusal_beats_an_acceptance(desk, closing):
    """Of an acceptance and a final refusal at the same time the refusal remains, whoever came first."""
    for customer in desk.customers(5):
        case_id, agent = desk.leaves(customer, "hotline", closing)
        desk.proposed(case_id, agent, "EXPLAIN")
        start = threading.Event()
        [refused, _accepted] = all_at_once(
            [
                Together(desk, start, "keep_other", "action_refuse", case_id),
                Together(desk, start, LEAD, "action_accept", case_id),
            ]
        )
        assert refused.refusal == ""
        desk.system.shell("env['vip.retention.case']._cron_refusals()\nenv.cr.commit()\n")
        assert desk.case(case_id)["outcome"] == "refused"
