from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_date, format_datetime

from odoo.addons.vip_customer.models.vip_tier_override import APPROVED as GRANTED
from odoo.addons.vip_customer.models.vip_tier_override import REQUESTED

from .vip_retention_offer import ACCOUNT_MANAGER, AUTHORITIES, LEAD, MANAGER
from .vip_retention_states import CLOSED, TALKING
from .vip_retention_states import REFUSED as NOT_SAVED

NOT_NEEDED, WAITING, APPROVED, REJECTED = "not_needed", "waiting", "approved", "rejected"
ACCEPTED, CONSIDERING, REFUSED, REPLACED, ENDED = (
    "accepted",
    "considering",
    "refused",
    "replaced",
    "ended",
)
# The customer has not decided; who thinks about an offer has not either.
UNDECIDED = (False, CONSIDERING)
# Working hours in which somebody decides what is above the agent's authority.
APPROVAL_HOURS = 4
# Days for which the customer may still accept.
VALID_DAYS = 14
# A tier is kept, or is to be, for a promise that does not hold: it was given up, nobody kept it before the
# case was over, or the customer leaves all the same.
NOT_HELD = Domain("override_id.state", "in", (REQUESTED, GRANTED)) & (
    Domain("answer", "!=", ACCEPTED)
    | Domain("case_id.outcome", "=", NOT_SAVED)
    | (Domain("case_id.state", "=", CLOSED) & Domain("done_at", "=", False))
)


class VipRetentionProposal(models.Model):
    """One offer put to one customer, with its cost of that day, and his answer.

    What is above the authority of who proposes waits for who may grant it: the lead of the customer's
    branch, or the managers. When he does not decide in time it passes on to the managers. Nobody waits
    for that to let a customer go.
    """

    _name = "vip.retention.proposal"
    _description = "Offer proposed"
    _inherit = "vip.guarded.mixin"
    _order = "id desc"
    _rec_name = "offer_id"
    _guarded_fields = frozenset(
        {
            "case_id",
            "partner_id",
            "company_id",
            "offer_id",
            "cost",
            "break_even",
            "proposed_by",
            "proposed_at",
            "valid_until",
            "approval",
            "approval_level",
            "approve_by",
            "decided_by",
            "decided_at",
            "answer",
            "answered_by",
            "answered_at",
            "reference",
            "done_by",
            "done_at",
            "benefit_id",
            "override_id",
        }
    )

    case_id = fields.Many2one(
        "vip.retention.case", required=True, readonly=True, ondelete="restrict", index=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    currency_id = fields.Many2one(related="company_id.currency_id")
    offer_id = fields.Many2one(
        "vip.retention.offer", required=True, readonly=True, ondelete="restrict", index=True
    )
    cost = fields.Monetary(readonly=True)
    break_even = fields.Float(
        readonly=True,
        digits=(16, 1),
        string="Break-even",
        help="Months after which the customer has earned the cost; 0 where he has no bills.",
        groups="vip_customer.group_vip_manager,vip_customer.group_vip_auditor",
    )
    proposed_by = fields.Many2one("res.users", required=True, readonly=True, ondelete="restrict")
    proposed_at = fields.Datetime(required=True, readonly=True)
    valid_until = fields.Date(readonly=True, string="Valid until")
    # approval
    approval = fields.Selection(
        [
            (NOT_NEEDED, "Not needed"),
            (WAITING, "Waiting"),
            (APPROVED, "Approved"),
            (REJECTED, "Not approved"),
        ],
        default=NOT_NEEDED,
        required=True,
        readonly=True,
        index=True,
    )
    approval_level = fields.Selection(AUTHORITIES, readonly=True, string="To be approved by")
    approve_by = fields.Datetime(readonly=True, string="Approve by")
    decided_by = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    decided_at = fields.Datetime(readonly=True)
    # the customer's answer
    answer = fields.Selection(
        [
            (ACCEPTED, "Accepted"),
            (CONSIDERING, "Considering"),
            (REFUSED, "Refused"),
            (REPLACED, "Another offer instead"),
            (ENDED, "Ended"),
        ],
        readonly=True,
        index=True,
    )
    answered_by = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    answered_at = fields.Datetime(readonly=True)
    # what was promised
    reference = fields.Char(readonly=True, string="Order reference")
    done_by = fields.Many2one("res.users", readonly=True, ondelete="restrict", string="Done by")
    done_at = fields.Datetime(readonly=True, string="Done on")
    benefit_id = fields.Many2one("vip.benefit", readonly=True, ondelete="restrict")
    override_id = fields.Many2one("vip.tier.override", readonly=True, ondelete="restrict")
    may_decide = fields.Boolean(compute="_compute_may_decide")

    _waiting_idx = models.Index("(approve_by) WHERE approval = 'waiting'")
    _accepted_idx = models.Index("(partner_id, offer_id) WHERE answer = 'accepted'")

    @api.depends("offer_id", "partner_id")
    def _compute_display_name(self):
        for proposal in self:
            proposal.display_name = self.env._(
                "%(offer)s, %(customer)s",
                offer=proposal.offer_id.name,
                customer=proposal.partner_id.display_name,
            )

    @api.depends("approval", "approval_level")
    @api.depends_context("uid")
    def _compute_may_decide(self):
        for proposal in self:
            proposal.may_decide = proposal.approval == WAITING and proposal._may_decide()

    def _may_decide(self):
        order = [level for level, _label in AUTHORITIES]
        return order.index(self.case_id._authority()) >= order.index(self.approval_level)

    # ------------------------------------------------------------
    # APPROVAL
    # ------------------------------------------------------------

    def action_approve(self):
        """Grant what an agent proposed above his own authority; he may put it to the customer then.

        :raise AccessError: the caller may not grant it
        :raise UserError: it needs no approval, was decided already, or the case does not wait for it any
            more
        """
        self._decide(APPROVED, "approved")
        return True

    def action_reject(self):
        """Do not grant it: the agent proposes something else.

        :raise AccessError, UserError: as ``action_approve``
        """
        self._decide(REJECTED, "rejected")
        return True

    def _decide(self, decision, step):
        self._require("read")
        for proposal in self:
            if not proposal.approval_level:
                raise UserError(proposal._no_approval_sentence())
            if not proposal._may_decide():
                raise AccessError(
                    self.env._(
                        "“%(offer)s” for %(customer)s is decided by: %(level)s.",
                        offer=proposal.offer_id.name,
                        customer=proposal.partner_id.display_name,
                        level=proposal._level_label(),
                    )
                )
            case = proposal.case_id._begin_step(*TALKING)
            if proposal.approval != WAITING:
                raise UserError(proposal._decided_sentence())
            values = {
                "approval": decision,
                "decided_by": self.env.uid,
                "decided_at": fields.Datetime.now(),
            }
            # guarded: written by this action only
            proposal.sudo().write(values)
            case._log(step, proposal.offer_id.name)
            case._approval_decided(proposal.sudo())

    def _replace(self):
        """Another offer was put to the customer instead; run as superuser."""
        self._end(REPLACED)

    def _end(self, answer):
        """Nobody waits any more for those that the customer has not decided on; run as superuser.

        What was never put to him he cannot have refused: that is ended by us.
        """
        undecided = self.filtered(lambda one: one.answer in UNDECIDED)
        unheard = undecided.filtered(lambda one: answer == REFUSED and not one._is_put())
        unheard._answer(ENDED)
        (undecided - unheard)._answer(answer)
        self.filtered(lambda one: one.approval == WAITING).approval = NOT_NEEDED

    def _end_overrides(self):
        """Nobody's tier is kept for a promise that does not hold any more; run as superuser.

        What is requested is refused here, so that nobody approves it later. This waits for nobody, because a
        final refusal may have come before: what an approver decides on at this moment, and what counts
        already, is taken back by the action that begins and ends overrides, in a moment.
        """
        overrides = self.filtered_domain(NOT_HELD).override_id
        if not overrides:
            return
        requested = overrides.filtered(lambda override: override.state == REQUESTED)
        free = requested.try_lock_for_update(allow_referencing=True)
        free._take_back()
        cron = self.env.ref("vip_customer.ir_cron_follow_dates", raise_if_not_found=False)
        if overrides - free and cron:
            cron._trigger()

    def _is_put(self):
        """Whether it needs nobody's word to be put to the customer."""
        return self.approval in (NOT_NEEDED, APPROVED)

    def _answer(self, answer):
        """Note the answer, by the user and now; run as superuser."""
        self.write(
            {
                "answer": answer,
                "answered_by": self.env.uid,
                "answered_at": fields.Datetime.now(),
            }
        )

    def _refusal_to_answer(self):
        """Why the customer cannot answer it, None where he can."""
        terms = {"offer": self.offer_id.name, "case": self.case_id.name}
        if self.approval == WAITING:
            return self.env._(
                "“%(offer)s” waits for approval by: %(level)s, until %(time)s. The customer can "
                "answer it when it is granted, or you propose another.",
                level=self._level_label(),
                time=format_datetime(self.env, self.approve_by),
                **terms,
            )
        if self.approval == REJECTED:
            return self.env._("“%(offer)s” was not approved. Propose another in %(case)s.", **terms)
        if self.answer not in UNDECIDED:
            return self.env._(
                "“%(offer)s” was answered already. Propose another in %(case)s.", **terms
            )
        if self.valid_until < self.company_id._vip_today():
            return self.env._(
                "“%(offer)s” was valid until %(day)s. Propose it again in %(case)s.",
                day=format_date(self.env, self.valid_until),
                **terms,
            )
        return None

    def _level_label(self):
        labels = dict(self._fields["approval_level"]._description_selection(self.env))
        return labels.get(self.approval_level, "")

    def _no_approval_sentence(self):
        return self.env._(
            "“%(offer)s” for %(customer)s needs no approval: whoever works on %(case)s puts it to him.",
            offer=self.offer_id.name,
            customer=self.partner_id.display_name,
            case=self.case_id.name,
        )

    def _decided_sentence(self):
        if self.decided_by:
            return self.env._(
                "“%(offer)s” was decided by %(user)s on %(time)s.",
                offer=self.offer_id.name,
                user=self.decided_by.sudo().name,
                time=format_datetime(self.env, self.decided_at),
            )
        return self.env._(
            "“%s” needs no approval any more: something else was offered instead.",
            self.offer_id.name,
        )

    @api.model
    def _needed_level(self, offer, authority):
        """Who has to approve an offer that somebody of this authority proposes; False for nobody."""
        order = [level for level, _label in AUTHORITIES]
        if order.index(authority) >= order.index(offer.authority):
            return False
        # an account manager grants what he may himself; he approves nothing for the desk's talks
        return LEAD if offer.authority in (ACCOUNT_MANAGER, LEAD) else MANAGER

    def _approvers(self):
        """Who is asked to decide; run as superuser."""
        member = self.partner_id.vip_membership_id
        lead = member.team_id.user_id.filtered("active")
        if self.approval_level == LEAD and lead:
            return lead
        return self.company_id._vip_managers()
