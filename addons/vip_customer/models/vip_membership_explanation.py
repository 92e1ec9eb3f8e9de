from datetime import timedelta
from decimal import Decimal

from odoo import models
from odoo.tools import SQL, format_amount, format_date

from ..tools import tier_rules


class VipMembership(models.Model):
    """Why this tier: figures, rule, what is missing to keep it and to reach the next one."""

    _inherit = "vip.membership"  # pylint: disable=consider-merging-classes-inherited

    def _explain(self, money=True):
        """The explanation of ``res.partner.vip_explain_tier()``, as plain data.

        Figures and ``earned`` are those of today by the policy in force. ``to_keep`` and ``to_next``
        look at the next assessment (the day after the validity ends) on the bills so far.

        :param money: False leaves out amounts, scores and bounds, for who may not see them
        """
        self.ensure_one()
        today = self.company_id._vip_today()
        # whoever is told the explanation is told by which policy and override; the caller checked him
        policy = self.env["vip.tier.policy"].sudo()._in_force(self.company_id, today)
        override = self.env["vip.tier.override"].sudo()._in_force(self.partner_id, {self: today})
        override = override.get(self, self.env["vip.tier.override"])
        result = {
            "tier": self.tier_id.code or False,
            "tier_name": self.tier_id.name or False,
            "since": _iso(self.since),
            "valid_until": _iso(self.valid_until),
            "earned": False,
            "figures": {},
            "rule": False,
            "to_keep": False,
            "to_next": False,
            "override": override._explain(),
            "eligible": not self._is_closed(),
            "reasons": [],
        }
        if policy:
            result.update(self._explain_by_policy(policy, today, money))
        result["reasons"] = self._explain_reasons(policy, override, result, today)
        return result

    def _explanation_values(self):
        """The explanation as sentences, for the template ``tier_explanation``."""
        self.ensure_one()
        result = self._explain()
        goals = []
        if goal := result["to_keep"]:
            title = self.env._(
                "To keep %(tier)s: bills from %(first)s to %(last)s", **self._goal_terms(goal)
            )
            goals.append(self._goal_values(title, goal))
        if goal := result["to_next"]:
            title = self.env._(
                "To reach %(tier)s: bills from %(first)s to %(last)s", **self._goal_terms(goal)
            )
            goals.append(self._goal_values(title, goal))
        return {
            "reasons": result["reasons"],
            "figures": self._figure_values(result["figures"]) if result["figures"] else [],
            "goals": goals,
        }

    def _goal_terms(self, goal):
        return {
            "tier": goal["tier_name"],
            "first": goal["counted_from"][:7],
            "last": goal["by"][:7],
        }

    def _figure_values(self, figures):
        """Pairs of label and value."""
        first, last = (
            format_date(self.env, figures[name], date_format="yyyy-MM")
            for name in ("window_from", "window_to")
        )
        tenure = figures["tenure_months"] if figures["joined_on"] else self.env._("unknown")
        return [
            (self.env._("Bills that count"), f"{first} – {last}"),
            (self.env._("Total"), self._money(figures["total"])),
            (
                self.env._("Average of %s months", figures["months"]),
                self._money(figures["average"]),
            ),
            (self.env._("Tenure in months"), tenure),
            (self.env._("Arrears suspensions"), figures["arrears_count"]),
            (
                self.env._(
                    "Score, with %(points)s for years with us and %(penalty)s off for arrears",
                    points=figures["band_points"],
                    penalty=figures["penalty"],
                ),
                figures["score"],
            ),
        ]

    def _goal_values(self, title, goal):
        options = []
        for option in goal["options"]:
            gaps = []
            if option["spend"]:
                gaps.append(self.env._("bills of %s still missing", self._money(option["spend"])))
            if option["score"]:
                gaps.append(self.env._("%s points still missing", option["score"]))
            if option["tenure"] is False:
                gaps.append(self.env._("joining date unknown"))
            elif option["tenure"]:
                gaps.append(self.env._("%s months still missing", option["tenure"]))
            options.append((option["rule"], gaps))
        return {"title": title, "met": goal["met"], "options": options}

    def _money(self, amount):
        return format_amount(self.env, amount, self.currency_id)

    def _is_closed(self):
        """Whether the customer has numbers and none of them is open, or has left."""
        # only whether one is open
        numbers = self.partner_id.sudo().vip_number_ids
        return not any(number._is_open() for number in numbers) if numbers else bool(self.closed_on)

    def _explain_by_policy(self, policy, today, money):
        standard = policy._standard()
        assessed_on = max(today, (self.valid_until or policy.date_to) + timedelta(days=1))
        now = tier_rules.window_of(standard, today)
        then = tier_rules.window_of(standard, assessed_on)
        bills = self._bills_by_month(min(now.first, then.first))
        figures = self._figures(standard, now, today, bills)
        ahead = self._figures(standard, then, assessed_on, bills)
        is_closed = self._is_closed()
        rule = None if is_closed else tier_rules.earned_rule(standard, figures)
        # its conditions are part of the explanation
        rule_record = self.env["vip.tier.rule"].sudo().browse(rule and rule.id)
        higher = min(
            (tier for tier in standard.tiers if tier.rank > self.tier_id.rank),
            key=tier_rules.rank,
            default=None,
        )
        return {
            "earned": rule_record.tier_id.code or False,
            "rule": rule_record._describe_conditions(money) if rule else False,
            "figures": self._plain_figures(figures, now, money),
            "to_keep": self._gap(self.tier_id._plain(), standard, ahead, then, money),
            # without an open number no bill leads to a tier
            "to_next": not is_closed and self._gap(higher, standard, ahead, then, money),
        }

    def _bills_by_month(self, first):
        """Dict month -> (sum of bills, arrears suspensions) from ``first`` on, all numbers together."""
        self.env["vip.billing.fact"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT month, sum(amount)::text, sum(arrears_suspensions)::int
                     FROM vip_billing_fact
                    WHERE partner_id = %s AND month >= %s GROUP BY month""",
                self.partner_id.id,
                first,
            )
        )
        # as text, because Odoo's cursor reads numeric as float
        return {month: (Decimal(amount), arrears) for month, amount, arrears in rows}

    def _figures(self, standard, window, as_of, bills):
        inside = [bill for month, bill in bills.items() if window.first <= month <= window.last]
        total = sum((amount for amount, _arrears in inside), Decimal(0))
        arrears = sum(arrears for _amount, arrears in inside)
        return tier_rules.figures_of(
            standard, window, as_of, total, arrears, self.joined_on or None
        )

    def _plain_figures(self, figures, window, money):
        result = {
            "window_from": _iso(window.first),
            "window_to": _iso(_last_day(window.last)),
            "months": figures.months,
            "arrears_count": figures.arrears,
            "joined_on": _iso(self.joined_on),
            "tenure_months": False if figures.tenure is None else figures.tenure,
        }
        if money:
            result |= {
                "total": float(figures.total),
                "average": float(figures.average.quantize(Decimal("0.0001"), "ROUND_FLOOR")),
                "band_points": figures.band_points,
                "penalty": figures.penalty,
                "score": figures.score,
            }
        return result

    def _gap(self, tier, standard, figures, window, money):
        """What is missing for ``tier`` by the end of the window, for each of its rules."""
        if not tier:
            return False
        record = self.env["vip.tier"].browse(tier.id)
        rules = [rule for rule in standard.rules if rule.tier.rank >= tier.rank]
        options = []
        for rule in standard.rules:
            if rule.tier.id != tier.id:
                continue
            gaps = tier_rules.missing(rule, standard, figures)
            option = {"tenure": gaps["tenure"] or False if "tenure" in gaps else 0}
            if money:
                option |= {
                    "rule": self.env["vip.tier.rule"].browse(rule.id)._describe_conditions(),
                    "spend": float(gaps.get("total", 0)),
                    "score": int(gaps.get("score", 0)),
                }
            options.append(option)
        return {
            "tier": record.code,
            "tier_name": record.name,
            "counted_from": _iso(window.first),
            "by": _iso(_last_day(window.last)),
            "met": any(not tier_rules.missing(rule, standard, figures) for rule in rules),
            "options": options,
        }

    def _explain_reasons(self, policy, override, result, today):
        reasons = []
        if not policy:
            reasons.append(self.env._("No tier policy is in force today, so nothing is assessed."))
        if not result["eligible"]:
            reasons.append(self.env._("The customer has no open number, so he has no tier."))
        if not self.joined_on:
            reasons.append(
                self.env._(
                    "Joining date unknown: conditions on tenure do not hold, and no years count."
                )
            )
        if self.tier_id:
            reasons.append(
                self.env._(
                    "%(tier)s since %(since)s, valid until %(until)s.",
                    tier=self.tier_id.name,
                    since=format_date(self.env, self.since),
                    until=format_date(self.env, self.valid_until),
                )
            )
        if self.is_overdue:
            reasons.append(self.env._("Validity over, waiting for assessment."))
        if override:
            reasons.append(override._describe())
        if policy and result["eligible"]:
            reasons.append(self._explain_earned(policy, result))
        return reasons

    def _explain_earned(self, policy, result):
        figures = result["figures"]
        if "total" not in figures:
            earned = self.env["vip.tier"].search([("code", "=", result["earned"])], limit=1)
            return self.env._("By the policy in force: %s.", earned.name or self.env._("no tier"))
        terms = {
            "total": format_amount(self.env, figures["total"], policy.currency_id),
            "average": format_amount(self.env, figures["average"], policy.currency_id),
            "months": figures["months"],
            "score": figures["score"],
        }
        if not result["earned"]:
            return self.env._(
                "The bills of the window come to %(total)s, on average %(average)s over %(months)s "
                "months, score %(score)s: no rule of the policy in force holds.",
                **terms,
            )
        earned = self.env["vip.tier"].search([("code", "=", result["earned"])], limit=1)
        return self.env._(
            "The bills of the window come to %(total)s, on average %(average)s over %(months)s months, "
            "score %(score)s: that earns %(tier)s (%(rule)s).",
            **terms,
            tier=earned.name,
            rule=result["rule"],
        )


def _iso(day):
    return day.isoformat() if day else False


def _last_day(month):
    return tier_rules.add_months(month, 1) - timedelta(days=1)
