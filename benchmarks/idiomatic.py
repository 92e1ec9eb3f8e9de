"""The yearly run as a careful Odoo developer would write it with the ORM alone.

Bills are summed by ``_read_group``, lines and history created in batches, memberships written in
groups of equal values, everything in chunks that leave the cache again. It does the same work as the
run (but for overrides, which the book has none of) and gives the same lines, history and memberships:
applying judges everybody again and refuses lines that would differ.
"""

from collections import defaultdict
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import split_every

from odoo.addons.vip_customer.tools import tier_rules, tier_sql

CHUNK = 5000
FIELDS = ["run_id", "company_id", *tier_sql.COLUMNS]


def compute(run, members) -> None:
    """Judge ``members`` by the run's policy and write their lines."""
    for chunk in _chunks(members):
        run.env["vip.tier.run.line"].create(_judged(run, chunk))


def apply(run, members) -> None:
    """Make the lines of ``members`` true, if they still are what would be computed now."""
    for chunk in _chunks(members):
        lines = run.env["vip.tier.run.line"].search(
            [("run_id", "=", run.id), ("membership_id", "in", chunk.ids)]
        )
        judged = {values["membership_id"]: values for values in _judged(run, chunk)}
        for noted in lines.read(FIELDS, load=None):
            del noted["id"]
            if judged.pop(noted["membership_id"], None) != noted:
                raise UserError("Bills, rules or tiers changed since the run was computed.")
        if judged:
            raise UserError("Bills, rules or tiers changed since the run was computed.")
        _post(run, lines)


def _chunks(members):
    env = members.env
    for ids in split_every(CHUNK, members.ids):
        yield members.browse(ids)
        env.flush_all()
        env.invalidate_all()


def _judged(run, members) -> list[dict]:
    """The values of the lines of ``members``, in their order."""
    standard = run.policy_id._standard()
    window = tier_rules.window_of(standard, run.as_of)
    bills = {
        partner.id: (Decimal(str(round(total, 2))), arrears)
        for partner, total, arrears in run.env["vip.billing.fact"]._read_group(
            [
                ("partner_id", "in", members.partner_id.ids),
                ("month", ">=", window.first),
                ("month", "<=", window.last),
            ],
            ["partner_id"],
            ["amount:sum", "arrears_suspensions:sum"],
        )
    }
    has_open_number = {
        partner.id: any(state != "closed" for state in states)
        for partner, states in run.env["vip.service.number"]._read_group(
            [("partner_id", "in", members.partner_id.ids), ("date_to", "=", False)],
            ["partner_id"],
            ["state:array_agg"],
        )
    }
    vals_list = []
    for member in members:
        total, arrears = bills.get(member.partner_id.id, (Decimal(0), 0))
        figures = tier_rules.figures_of(
            standard, window, run.as_of, total, arrears, member.joined_on or None
        )
        is_open = has_open_number.get(member.partner_id.id, not member.closed_on)
        rule = tier_rules.earned_rule(standard, figures) if is_open else None
        standing = tier_rules.Standing(
            member.tier_id._plain(),
            member.base_tier_id._plain(),
            member.base_valid_until or None,
            is_open=is_open,
        )
        decision = tier_rules.decide(standard, standing, rule and rule.tier, run.as_of)
        if member.tier_id or decision.tier or rule:
            vals_list.append(_line(run, member, figures, is_open, rule, decision))
    return vals_list


def _line(run, member, figures, is_open, rule, decision) -> dict:
    average = (figures.total / figures.months).quantize(Decimal("0.0001"), ROUND_DOWN)
    base = decision.base.id if decision.base else False
    base_valid_until = decision.base_valid_until or False
    return {
        "run_id": run.id,
        "company_id": member.company_id.id,
        "membership_id": member.id,
        "partner_id": member.partner_id.id,
        "old_tier_id": member.tier_id.id,
        "old_valid_until": member.valid_until,
        "old_base_tier_id": member.base_tier_id.id,
        "old_base_valid_until": member.base_valid_until,
        "total_spend": float(figures.total),
        "spend_months": figures.months,
        "average_spend": float(average),
        "arrears_count": figures.arrears,
        "tenure_months": figures.tenure,
        "score": figures.score,
        "rule_id": rule.id if rule else False,
        "earned_tier_id": rule.tier.id if rule else False,
        "proposed_tier_id": base,
        "proposed_valid_until": base_valid_until,
        "override_id": False,
        "is_open": is_open,
        "base_tier_id": base,
        "base_valid_until": base_valid_until,
        "new_tier_id": decision.tier.id if decision.tier else False,
        "new_valid_until": decision.valid_until or False,
        "movement": decision.movement,
    }


def _post(run, lines) -> None:
    changed = lines.filtered(
        lambda line: (
            line.old_tier_id != line.new_tier_id or line.old_valid_until != line.new_valid_until
        )
    )
    groups = defaultdict(list)
    for line in changed:
        key = (
            line.base_tier_id.id, line.base_valid_until, line.new_tier_id.id, line.new_valid_until,
            line.movement, line.new_tier_id != line.old_tier_id,
        )  # fmt: skip
        groups[key].append(line.membership_id.id)
    for (base, base_valid, tier, valid, movement, is_new), ids in groups.items():
        vals = {
            "base_tier_id": base,
            "base_valid_until": base_valid,
            "tier_id": tier,
            "valid_until": valid,
            "movement": movement,
        }
        if is_new:
            vals["since"] = run.as_of if tier else False
        changed.membership_id.browse(ids).write(vals)
    History = run.env["vip.tier.history"]
    rows = History.search([("partner_id", "in", changed.partner_id.ids), ("date_to", "=", False)])
    # The model refuses write; its trigger lets an open row be ended, which is all this does.
    models.BaseModel.write(rows, {"date_to": run.as_of - timedelta(days=1)})
    rows.flush_recordset()  # one open row per customer, also for a moment
    History.create(
        [
            {
                "partner_id": line.partner_id.id,
                "company_id": line.company_id.id,
                "tier_id": line.new_tier_id.id,
                "date_from": run.as_of,
                "valid_until": line.new_valid_until,
                "source": "run",
                "run_id": run.id,
            }
            for line in changed
        ]
    )
