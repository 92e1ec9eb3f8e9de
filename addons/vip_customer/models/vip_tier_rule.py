from odoo import api, fields, models
from odoo.tools import format_amount

from .vip_tier_policy import FIGURE_FIELDS

CONDITIONS = ("min_average_spend", "min_total_spend", "min_score", "min_tenure_months")


class VipTierRule(models.Model):
    """One way to earn a tier.

    SPECIFICATION

    Four conditions, each asked only where it is not 0: average monthly spend, total spend, score,
    tenure. All asked conditions must hold, and the policy's own minimum tenure with them. Bounds are
    inclusive and compare the unrounded figure: an average of exactly 700.00 meets 700.

    Any one rule is enough for its tier; the customer earns the highest-ranked tier that has a rule
    that holds. Rules of archived tiers are not looked at. Amounts are in the company's currency.
    The arithmetic is in ``tools/tier_rules.py``.
    """

    _name = "vip.tier.rule"
    _description = "VIP tier rule"
    _inherit = "vip.tier.policy.part"
    _order = "policy_id, tier_rank desc, sequence, id"
    _guarded_fields = frozenset({"company_id", "tier_rank"})

    currency_id = fields.Many2one(related="policy_id.currency_id")
    sequence = fields.Integer(default=10)
    tier_id = fields.Many2one("vip.tier", required=True, ondelete="restrict", index=True)
    tier_rank = fields.Integer(related="tier_id.rank", store=True, string="Rank")
    # conditions
    min_average_spend = fields.Monetary(
        string="Average monthly spend from", help="Of the months that count. 0 = not asked."
    )
    min_total_spend = fields.Monetary(
        string="Total spend from", help="In the whole window. 0 = not asked."
    )
    min_score = fields.Integer(string="Score from", help="0 = not asked.")
    min_tenure_months = fields.Integer(
        string="Tenure from", help="Full months with us. 0 = not asked."
    )
    # preview
    customer_count = fields.Integer(
        compute="_compute_customer_count",
        string="Customers today",
        groups="vip_customer.group_vip_manager,vip_customer.group_vip_auditor",
        help="How many customers of today's book would earn their tier by this rule, and no better "
        "one, with the bills we have.",
    )

    _bounds_positive = models.Constraint(
        "CHECK (min_average_spend >= 0 AND min_total_spend >= 0 AND min_score >= 0 "
        "AND min_tenure_months >= 0)",
        "The bounds of a rule are 0 (not asked) or higher.",
    )

    @api.depends("tier_id", *CONDITIONS)
    def _compute_display_name(self):
        for rule in self:
            rule.display_name = self.env._(
                "%(tier)s: %(conditions)s",
                tier=rule.tier_id.name or "",
                conditions=rule._describe_conditions(),
            )

    @api.depends(*(f"policy_id.{path}" for path in FIGURE_FIELDS))
    def _compute_customer_count(self):
        for policy in self.policy_id:
            counts = policy._count_by_rule()
            for rule in self.filtered(lambda rule, policy=policy: rule.policy_id == policy):
                rule.customer_count = counts.get(rule, 0)
        (self.filtered(lambda rule: not rule.policy_id)).customer_count = 0

    def _describe_conditions(self, money=True):
        """The asked conditions in words. Without ``money`` bounds on spend and score are not told."""
        self.ensure_one()
        hidden = self.env._("the bound")
        parts = []
        if self.min_average_spend:
            amount = format_amount(self.env, self.min_average_spend, self.currency_id)
            parts.append(self.env._("average at least %s", amount if money else hidden))
        if self.min_total_spend:
            amount = format_amount(self.env, self.min_total_spend, self.currency_id)
            parts.append(self.env._("total at least %s", amount if money else hidden))
        if self.min_score:
            parts.append(self.env._("score at least %s", self.min_score if money else hidden))
        if self.min_tenure_months:
            parts.append(self.env._("with us for %s months", self.min_tenure_months))
        if not parts:
            return self.env._("no condition")
        text, *others = parts
        for part in others:
            text = self.env._("%(conditions)s and %(condition)s", conditions=text, condition=part)
        return text

    def _asks(self):
        """The asked conditions as a dict field name -> bound."""
        self.ensure_one()
        return {name: self[name] for name in CONDITIONS if self[name]}

    def _is_undercut_by(self, other):
        """Whether ``other``, a rule of a higher tier, asks the same and less: that would make the
        higher tier the easier one."""
        own, others = self._asks(), other._asks()
        return (
            own.keys() == others.keys()
            and own != others
            and all(others[name] <= own[name] for name in own)
        )
