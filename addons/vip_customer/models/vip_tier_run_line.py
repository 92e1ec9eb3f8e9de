from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..tools import tier_rules
from ..unchecked_many2one import UncheckedMany2one
from .vip_membership import MOVEMENTS
from .vip_tier_run import COMPUTED


class VipTierRunLine(models.Model):
    """What one run says about one customer, with the figures it rests on.

    Written set-based by the run (``tools/tier_sql.py``); users only decide a line by hand, with a
    reason. A decision replaces the base tier that the rules propose; an override still comes on top.
    """

    _name = "vip.tier.run.line"
    _description = "VIP tier run line"
    _order = "run_id desc, id"
    _inherit = "vip.guarded.mixin"
    _log_access = False  # written by the million; the run says who and when
    _rec_name = "partner_id"

    run_id = fields.Many2one(
        "vip.tier.run", required=True, ondelete="cascade", readonly=True, index=True
    )
    company_id = UncheckedMany2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    run_state = fields.Selection(related="run_id.state", string="State of the run")
    membership_id = UncheckedMany2one("vip.membership", required=True, readonly=True, index=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        ondelete="restrict",
        readonly=True,
        index=True,
    )
    manager_id = fields.Many2one(related="membership_id.manager_id", string="Account manager")
    team_id = fields.Many2one(related="membership_id.team_id", string="Branch")
    # before; tiers and memberships refuse to be deleted while a line names them
    old_tier_id = UncheckedMany2one("vip.tier", string="Tier before", readonly=True)
    old_valid_until = fields.Date(readonly=True, string="Valid until before")
    old_base_tier_id = UncheckedMany2one("vip.tier", string="Base before", readonly=True)
    old_base_valid_until = fields.Date(readonly=True, string="Base valid until before")
    # figures
    total_spend = fields.Monetary(readonly=True, aggregator="sum", string="Total spend")
    spend_months = fields.Integer(readonly=True, aggregator=None, string="Months that count")
    average_spend = fields.Float(
        readonly=True,
        digits=(16, 4),
        aggregator="avg",
        help="Cut after four decimals, so that it never looks higher than it is.",
        string="Average spend",
    )
    arrears_count = fields.Integer(readonly=True, string="Arrears suspensions")
    tenure_months = fields.Integer(readonly=True, aggregator="avg", string="Tenure")
    score = fields.Integer(readonly=True, aggregator="avg")
    # decision
    rule_id = fields.Many2one("vip.tier.rule", readonly=True)
    earned_tier_id = UncheckedMany2one("vip.tier", readonly=True, string="Earned tier")
    proposed_tier_id = UncheckedMany2one(
        "vip.tier",
        readonly=True,
        string="Proposed base",
        help="Earned tier after the downgrade policy.",
    )
    proposed_valid_until = fields.Date(readonly=True, string="Proposed valid until")
    is_open = fields.Boolean(readonly=True, string="Has an open number")
    override_id = fields.Many2one("vip.tier.override", readonly=True)
    is_decided = fields.Boolean(readonly=True, string="Decided by hand")
    decided_by = fields.Many2one("res.users", readonly=True, string="Decided by")
    decision_reason = fields.Char(readonly=True, string="Reason given")
    # after
    base_tier_id = UncheckedMany2one("vip.tier", string="Base after", readonly=True)
    base_valid_until = fields.Date(readonly=True, string="Base valid until")
    new_tier_id = UncheckedMany2one("vip.tier", string="Tier after", readonly=True)
    new_valid_until = fields.Date(readonly=True, string="Valid until")
    movement = fields.Selection(MOVEMENTS, readonly=True)
    reason = fields.Char(compute="_compute_reason")

    _run_movement_idx = models.Index("(run_id, movement)")

    @api.depends("rule_id", "earned_tier_id", "movement", "is_decided")
    def _compute_reason(self):
        for line in self:
            line.reason = line._join_sentences(line._reasons())

    def _reasons(self):
        """The sentences that explain this line, the deciding one last."""
        self.ensure_one()
        if not self.is_open:
            return [self.env._("No open number.")]
        reasons = []
        if self.earned_tier_id:
            reasons.append(self.env._("Earned by %s.", self.rule_id.display_name))
        else:
            reasons.append(self.env._("No rule holds."))
        if not self.membership_id.joined_on:
            reasons.append(self.env._("Joining date unknown: conditions on tenure do not hold."))
        if self._is_held():
            until = format_date(self.env, self.old_base_valid_until)
            reasons.append(self.env._("On hold: the tier is valid until %s.", until))
        elif self.proposed_tier_id != self.earned_tier_id:
            reasons.append(self.env._("One step down at most."))
        if self.is_decided:
            reasons.append(self.env._("Decided by hand (%s).", self.decision_reason))
        if self.override_id:
            reasons.append(self.override_id._describe())
        return reasons

    def _join_sentences(self, sentences):
        """One text; what stands between two sentences is the language's matter."""
        text, *others = sentences
        for sentence in others:
            text = self.env._("%(text)s %(sentence)s", text=text, sentence=sentence)
        return text

    def _is_held(self):
        return bool(
            self.old_base_tier_id
            and self.proposed_tier_id == self.old_base_tier_id
            and self.earned_tier_id.rank < self.old_base_tier_id.rank
        )

    # ------------------------------------------------------------
    # DECISIONS BY HAND
    # ------------------------------------------------------------

    def action_decide(self):
        """Open the dialog that decides these lines by hand."""
        self._require("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Decide by hand"),
            "res_model": "vip.tier.run.decide",
            "view_mode": "form",
            "target": "new",
            "context": {"default_line_ids": self.ids},
        }

    def action_withdraw_decision(self):
        """Go back to what the rules propose.

        :raise AccessError: the caller may not change the run
        :raise UserError: the run is not computed any more
        """
        self._check_decidable()
        for line in self.sudo():  # no role writes lines by hand
            line.write({"is_decided": False, "decided_by": False, "decision_reason": False})
            line._set_base(line.proposed_tier_id, line.proposed_valid_until, line._is_held())
        for run in self.run_id.sudo():
            run._summarise()
        return True

    def _decide(self, tier, reason):
        """Give these customers ``tier`` (empty for none) as their base, whatever the rules say.

        :raise AccessError: the caller may not change the run
        :raise UserError: the run is not computed any more, or there is no reason
        """
        self._check_decidable()
        if not (reason or "").strip():
            raise UserError(self.env._("A decision by hand needs a reason."))
        for line in self.sudo():  # no role writes lines by hand
            line.write(
                {"is_decided": True, "decided_by": self.env.uid, "decision_reason": reason.strip()}
            )
            line._set_base(tier, line.run_id.policy_id.date_to if tier else False)
        for run in self.run_id.sudo():
            run._summarise()

    def _check_decidable(self):
        self._require("read")
        self.run_id.check_access("write")
        # an approval under way and this decision wait for each other: nobody approves what he never saw
        self.run_id.lock_for_update()
        for run in self.run_id:
            run._check_state(COMPUTED)

    def _set_base(self, tier, valid_until, held=False):
        """Set the base of one line and what follows from it: override, movement."""
        self.ensure_one()
        if not self.is_open:
            raise UserError(
                self.env._(
                    "“%s” has no open number: nothing gives him a tier.",
                    self.partner_id.display_name,
                )
            )
        override = self.override_id._plain() if self.override_id else None
        new, new_valid_until = tier_rules.with_override(
            tier._plain(), valid_until or None, override
        )
        self.write(
            {
                "base_tier_id": tier.id,
                "base_valid_until": valid_until,
                "new_tier_id": new and new.id,
                "new_valid_until": new_valid_until,
                "movement": tier_rules.movement(self.old_tier_id._plain(), new, held),
            }
        )

    def _export_decisions(self):
        """The decisions by hand as a dict customer id -> values, to survive a new computation."""
        return {
            line.partner_id.id: {
                "tier": line.base_tier_id,
                "decided_by": line.decided_by.id,
                "decision_reason": line.decision_reason,
            }
            for line in self
        }

    @api.model
    def _restore_decisions(self, run, decisions):
        lines = self.search([("run_id", "=", run.id), ("partner_id", "in", list(decisions))])
        for line in lines.filtered("is_open"):
            decision = dict(decisions[line.partner_id.id])
            tier = decision.pop("tier")
            line.write({"is_decided": True, **decision})
            line._set_base(tier, run.policy_id.date_to if tier else False)
