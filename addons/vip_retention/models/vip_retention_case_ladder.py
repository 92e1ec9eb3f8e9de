from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..tools import deadlines, ladder
from .vip_retention_offer import ENTITLEMENT, OVERRIDE
from .vip_retention_proposal import ACCEPTED, APPROVAL_HOURS, NOT_NEEDED, VALID_DAYS, WAITING
from .vip_retention_states import CONSIDERING, PROPOSED, TALKING


class VipRetentionCase(models.Model):
    """What may be offered to this customer, and putting it to him.

    The offers that fit reason and tier, cheapest first; those that earn their cost back after more than a
    year come last. What rests since the customer accepted it is shown with the day from which it may be
    offered again. Who ports out is shown only what is open to every customer of his tier. Tier means that of
    the day on which he asked; only a benefit, which is given to who has a tier, asks for one today too.
    """

    _inherit = "vip.retention.case"  # pylint: disable=consider-merging-classes-inherited

    ladder = fields.Json(
        compute="_compute_ladder",
        help="Offers that fit, in the order in which they are proposed.",
    )

    # the screen shows the ladder of a reason before it is saved
    @api.depends(
        "state",
        "reason_id",
        "tier_id",
        "departure_ids.kind",
        "proposal_ids.answer",
        "partner_id.vip_membership_id.tier_id",
    )
    @api.depends_context("uid")
    def _compute_ladder(self):
        for case in self:
            case.ladder = case._ladder() if case.state in TALKING else False

    def _ladder(self):
        """The offers as the screen shows them, a list of dicts: ``id``, ``name``, ``description``, ``cost``,
        ``break_even`` (months, False where it never comes), ``authority`` (label), ``needs_approval``,
        ``available_on`` (ISO date, where it rests), ``remark``."""
        case = self.sudo()  # the desk works with facts of the case that it does not see
        if case.ends_offers:
            return []
        resting = case._resting()
        margin = Decimal(str(case.company_id.vip_retention_margin)) / 100
        year = Decimal(str(case.value))
        shows_money = case in self._with_insight()
        rungs = []
        for offer in case._offers():
            cost = Decimal(str(offer.cost))
            months = ladder.break_even(cost, year, margin)
            rungs.append((ladder.rank(cost, months), offer.sequence, offer.id, offer, months))
        authority = self._authority()
        proposals = self.env["vip.retention.proposal"]
        offers = self.env["vip.retention.offer"]
        labels = dict(offers._fields["authority"]._description_selection(self.env))
        return [
            {
                "id": offer.id,
                "name": offer.name,
                "description": offer.description or False,
                "cost": offer.cost,
                "break_even": float(months) if months is not None and shows_money else False,
                "authority": labels[offer.authority],
                "needs_approval": bool(proposals._needed_level(offer, authority)),
                "available_on": fields.Date.to_string(resting.get(offer)) or False,
                "remark": self._rung_remark(offer, months, resting.get(offer), shows_money),
            }
            for _rank, _sequence, _id, offer, months in sorted(rungs, key=lambda rung: rung[:3])
        ]

    def _rung_remark(self, offer, months, available_on, shows_money):
        if available_on:
            return self.env._(
                "He accepted it before: again from %s.", format_date(self.env, available_on)
            )
        if not shows_money or (months is not None and months <= ladder.LONGEST_BREAK_EVEN):
            return False
        if months is None:
            return self.env._("He has no bills that would earn it back.")
        return self.env._("It takes more than %s months to earn back.", ladder.LONGEST_BREAK_EVEN)

    def _offers(self):
        """The offers that fit reason, tier and kind of departure; run as superuser."""
        domain = self.env["vip.retention.offer"]._fitting_domain(self.reason_id, self.tier_id)
        offers = self.env["vip.retention.offer"].search(domain)
        offers = offers.filtered(lambda offer: not self._lacks_tier_for(offer))
        return offers.filtered("open_to_all") if self.is_port_out else offers

    def _lacks_tier_for(self, offer):
        """Whether the offer is a benefit and the customer has no tier any more; run as superuser."""
        return offer.done_in == ENTITLEMENT and not self.partner_id.vip_membership_id.tier_id

    def _resting(self):
        """dict offer -> day from which it may be offered again, of those he accepted not long ago; run as
        superuser."""
        today = self.company_id._vip_today()
        accepted = self.env["vip.retention.proposal"]._read_group(
            [("partner_id", "=", self.partner_id.id), ("answer", "=", ACCEPTED)],
            ["offer_id"],
            ["answered_at:max"],
        )
        found = {}
        for offer, moment in accepted:
            again = self.company_id._vip_local(moment).date() + timedelta(days=offer.cooldown_days)
            if again > today:
                found[offer] = again
        return found

    # ------------------------------------------------------------
    # PROPOSING
    # ------------------------------------------------------------

    def action_propose(self, offer_id):
        """Put an offer to the customer; above the caller's authority it waits for approval first. Offers made
        before and not decided on are replaced by it.

        :param int offer_id: of the ladder
        :return: id of the proposal
        :rtype: int
        :raise AccessError: the caller does not work cases, or not in this company
        :raise MissingError: there is no such offer
        :raise UserError: the case is not open to offers, or this one does not fit, saying why
        """
        self._require_one()
        offer = self._needed("vip.retention.offer", offer_id)
        [case] = self._begin_step(*TALKING)
        authority = self._authority()
        self._check_offer(offer)
        needed = self.env["vip.retention.proposal"]._needed_level(offer, authority)
        case.proposal_ids._replace()
        margin = Decimal(str(case.company_id.vip_retention_margin)) / 100
        months = ladder.break_even(Decimal(str(offer.cost)), Decimal(str(case.value)), margin)
        today = case.company_id._vip_today()
        proposal = case.env["vip.retention.proposal"].create(
            {
                "case_id": case.id,
                "partner_id": case.partner_id.id,
                "company_id": case.company_id.id,
                "offer_id": offer.id,
                "cost": offer.cost,
                "break_even": float(months or 0),
                "proposed_by": self.env.uid,
                "proposed_at": fields.Datetime.now(),
                "valid_until": today + timedelta(days=VALID_DAYS),
                "approval": WAITING if needed else NOT_NEEDED,
                "approval_level": needed or False,
                "approve_by": case._approval_deadline() if needed else False,
            }
        )
        if case.state != CONSIDERING:
            case.state = PROPOSED
        case._log("proposed", offer.name)
        case._drop_tasks("approval")
        if needed:
            case._task("approval", proposal._approvers(), proposal.approve_by)
        return proposal.id

    def _approval_deadline(self, clock=None):
        """By when somebody decides; run as superuser."""
        now = fields.Datetime.now()
        rule = deadlines.follow_up
        return self._work_out(rule, now, APPROVAL_HOURS, self.closing_date, clock)["deadline"]

    def _approval_decided(self, proposal):
        """Tell who proposed it; run as superuser."""
        self._drop_tasks("approval")
        label = dict(proposal._fields["approval"]._description_selection(self.env))[
            proposal.approval
        ]
        self._task(
            "work",
            self.user_id or proposal.proposed_by,
            self.deadline,
            f"{proposal.offer_id.name}: {label}",
        )

    def _check_offer(self, offer):
        """:raise UserError: the offer is none for this customer, saying why"""
        case = self.sudo()
        terms = {"offer": offer.name, "customer": case.partner_id.display_name}
        if not offer.active:
            raise UserError(
                self.env._("“%s” is archived and not offered any more. Choose another.", offer.name)
            )
        if case.ends_offers:
            raise UserError(
                self.env._(
                    "After the reason “%s” nothing is offered. Express our condolence and close the case.",
                    case.reason_id.name,
                )
            )
        of_no_tier = offer.done_in == OVERRIDE and not case.tier_id
        if of_no_tier or (offer.tier_ids and case.tier_id not in offer.tier_ids):
            raise UserError(
                self.env._(
                    "“%(offer)s” is not for customers of %(tier)s, as which %(customer)s asked to leave.",
                    tier=case.tier_id.name or self.env._("no tier"),
                    **terms,
                )
            )
        if case._lacks_tier_for(offer):
            raise UserError(
                self.env._(
                    "“%(offer)s” gives a benefit, and benefits are given to customers with a tier: "
                    "%(customer)s has none today. Choose another offer.",
                    **terms,
                )
            )
        if offer not in case._fitting(offer):
            raise UserError(
                self.env._(
                    "“%(offer)s” does not fit why %(customer)s wants to leave. Note the reason first, or "
                    "choose an offer that fits it.",
                    **terms,
                )
            )
        if case.is_port_out and not offer.open_to_all:
            raise UserError(
                self.env._(
                    "%(customer)s ports his number out: he is offered only what is open to every customer "
                    "of his tier, and “%(offer)s” is not.",
                    **terms,
                )
            )
        if again := case._resting().get(offer):
            raise UserError(
                self.env._(
                    "%(customer)s accepted “%(offer)s” before; he may be offered it again from %(day)s.",
                    day=format_date(self.env, again),
                    **terms,
                )
            )

    def _fitting(self, offer):
        domain = offer._fitting_domain(self.reason_id, self.tier_id)
        return offer.sudo().filtered_domain(domain)
