from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import SQL, format_date, format_datetime

from .vip_retention_log import REFUSED as FINAL_REFUSAL
from .vip_retention_offer import BILLING, ENTITLEMENT, NETWORK, NOTHING, OVERRIDE
from .vip_retention_proposal import ACCEPTED, ENDED, REJECTED, WAITING
from .vip_retention_proposal import CONSIDERING as THINKS_ABOUT
from .vip_retention_proposal import REFUSED as DECLINED
from .vip_retention_states import (
    CLOSED,
    CONSIDERING,
    DOING,
    NO_ANSWER,
    OPEN_STATES,
    PROPOSED,
    REFUSED,
    TALKING,
    WATCH,
    WITHDRAWN,
)


class VipRetentionCase(models.Model):
    """The customer's answers, and what follows from them.

    Every step but one locks the case and is refused where it does not fit any more. The one is the final
    refusal: it is noted in the log first, which no lock reaches, and closes the case there and then; where
    somebody else holds the case at that moment, the case closes as soon as he lets go. From the note on
    nothing else can be done with it.
    """

    _inherit = "vip.retention.case"  # pylint: disable=consider-merging-classes-inherited

    # ------------------------------------------------------------
    # WHO WORKS ON IT
    # ------------------------------------------------------------

    def action_take(self):
        """Take these cases over.

        :raise AccessError, UserError: as ``_begin_step``
        """
        cases = self._begin_step(*OPEN_STATES)
        cases.user_id = self.env.user
        cases._log("taken")
        return True

    def action_dispatch(self):
        """Call the account manager in: he owns the case and answers the customer within two working days,
        before the customer leaves. Without one the lead of his branch does.

        :raise AccessError, UserError: as ``_begin_step``; or there is nobody to call in
        """
        for case in self._begin_step(*TALKING):
            case._dispatch()
        return True

    def _dispatch(self):
        """Run as superuser."""
        user = self.partner_id.vip_membership_id._responsible()
        if not user:
            raise UserError(
                self.env._(
                    "“%s” has no account manager, and his branch no lead. Assign him one first, or go on "
                    "with the case yourself.",
                    self.partner_id.display_name,
                )
            )
        self.write(
            {
                "user_id": user.id,
                "dispatched_at": fields.Datetime.now(),
                "dispatched_by": self.env.uid,
            }
        )
        self._set_follow_up()
        self._log("dispatched", user.name)
        self._task("work", user, self.deadline)

    # ------------------------------------------------------------
    # ACCEPTED
    # ------------------------------------------------------------

    def action_accept(self, kept_number_ids=False):
        """The customer accepts the latest offer. It is no save yet: what was promised is done first, and then
        the watch begins.

        :param list kept_number_ids: ids of the numbers he keeps; all of them without it
        :raise AccessError, UserError: as ``_begin_step``; or there is no offer that he can accept, or a
            number is none of this case
        """
        self._require_one()
        [case] = self._begin_step(*TALKING)
        proposal = case._answerable()
        if kept_number_ids:
            case._keep(kept_number_ids)
        case._answered()
        case._answer(proposal, ACCEPTED)
        case.write({"state": DOING, "accepted_at": fields.Datetime.now()})
        case._log("accepted", case._accepted_text(proposal))
        case._drop_tasks()
        if proposal.offer_id.done_in == NOTHING:
            case._begin_watch(proposal)
            return True
        case._set_doing()
        if proposal.offer_id.done_in == OVERRIDE:
            case._request_override(proposal)
        if case.user_id:
            case._task("work", case.user_id, case.deadline)
        return True

    def _accepted_text(self, proposal):
        numbers = self.concerned and self.kept_number_ids != self.number_ids
        kept = ", ".join(self.kept_number_ids.mapped("display_name")) if numbers else False
        return ": ".join(filter(None, (proposal.offer_id.name, kept)))

    def _keep(self, number_ids):
        own = self.number_ids.ids
        if not isinstance(number_ids, list) or any(one not in own for one in number_ids):
            raise UserError(
                self.env._(
                    "The numbers he keeps are not all numbers of %s. Choose some of those.",
                    self.name,
                )
            )
        self.kept_number_ids = [Command.set(number_ids)]

    def _answerable(self):
        """The latest offer where the customer can answer it; run as superuser.

        :raise UserError: there is none, saying why
        """
        proposal = self.proposal_ids.sorted("id")[-1:]
        if not proposal:
            raise UserError(
                self.env._(
                    "Nothing was offered in %s yet. Propose an offer; what he accepts then is that one.",
                    self.name,
                )
            )
        terms = {"offer": proposal.offer_id.name, "case": self.name}
        if proposal.approval == WAITING:
            raise UserError(
                self.env._(
                    "“%(offer)s” waits for approval by: %(level)s, until %(time)s. The customer can "
                    "answer it when it is granted, or you propose another.",
                    level=proposal._level_label(),
                    time=format_datetime(self.env, proposal.approve_by),
                    **terms,
                )
            )
        if proposal.approval == REJECTED:
            raise UserError(
                self.env._("“%(offer)s” was not approved. Propose another in %(case)s.", **terms)
            )
        if proposal.answer not in (False, THINKS_ABOUT):
            raise UserError(
                self.env._(
                    "“%(offer)s” was answered already. Propose another in %(case)s.", **terms
                )
            )
        if proposal.valid_until < self.company_id._vip_today():
            raise UserError(
                self.env._(
                    "“%(offer)s” was valid until %(day)s. Propose it again in %(case)s.",
                    day=format_date(self.env, proposal.valid_until),
                    **terms,
                )
            )
        return proposal

    def _answer(self, proposal, answer):
        proposal.write(
            {
                "answer": answer,
                "answered_by": self.env.uid,
                "answered_at": fields.Datetime.now(),
            }
        )

    def _request_override(self, proposal):
        """Ask for the tier to be kept: an override is approved by its own people; run as superuser."""
        today = self.company_id._vip_today()
        months = proposal.offer_id.override_months
        proposal.override_id = self.env["vip.tier.override"].create(
            {
                "partner_id": self.partner_id.id,
                "kind": "floor",
                "tier_id": self.tier_id.id,
                "date_from": today,
                "date_to": today + relativedelta(months=months, days=-1),
                "reason": f"{self.name}: {proposal.offer_id.name}",
                "requested_by": self.env.uid,
            }
        )

    def action_done(self):
        """Open the dialog in which it is noted that the promise was kept.

        :raise UserError: nothing was accepted
        """
        self._require_one("write")
        self._accepted()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What was promised is done"),
            "res_model": "vip.retention.done",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_case_id": self.id},
        }

    def done(self, reference=False, benefit_id=False):
        """Note that what was promised is done, by the caller and now: the watch begins. Requests to leave
        about the numbers he keeps are taken back.

        :param str reference: of the order, where another system did it
        :param int benefit_id: of which he is given one unit, where the offer gives a benefit
        :raise AccessError, UserError: as ``_begin_step``; or what the offer needs is missing
        """
        self._require_one()
        [case] = self._begin_step(DOING)
        proposal = case._accepted()
        offer = proposal.offer_id
        reference = reference.strip() if isinstance(reference, str) else ""
        if offer.done_in in (BILLING, NETWORK) and not reference:
            raise UserError(
                self.env._(
                    "“%s” is done in another system. Give the reference of the order there, so that it can "
                    "be found again.",
                    offer.name,
                )
            )
        if offer.done_in == ENTITLEMENT:
            case._give_benefit(proposal, self._given("vip.benefit", benefit_id))
        if offer.done_in == OVERRIDE and proposal.override_id.state in ("refused", "ended"):
            raise UserError(
                self.env._(
                    "The override that keeps the tier of “%s” was not granted. Note that the promise cannot "
                    "be kept, and talk to the customer again.",
                    case.partner_id.display_name,
                )
            )
        if offer.done_in == OVERRIDE and proposal.override_id.state != "approved":
            raise UserError(
                self.env._(
                    "The tier of “%s” is not kept yet: his override waits for approval.",
                    case.partner_id.display_name,
                )
            )
        proposal.reference = reference or False
        case._begin_watch(proposal)
        return True

    def action_not_kept(self):
        """What was promised cannot be done: the customer is told, and talked to again within two working days
        and before he leaves. He has accepted nothing.

        :raise AccessError, UserError: as ``_begin_step``
        """
        for case in self._begin_step(DOING):
            proposal = case._accepted()
            proposal.write({"answer": ENDED, "answered_at": fields.Datetime.now()})
            case.write({"state": PROPOSED, "accepted_at": False})
            case._log("not_kept", proposal.offer_id.name)
            case._drop_tasks()
            case._set_follow_up()
            if case.user_id:
                case._task("work", case.user_id, case.deadline)
        return True

    def _give_benefit(self, proposal, benefit):
        """One more unit, through the one grant door; run as superuser."""
        choice = proposal.offer_id.benefit_ids
        if not benefit or (choice and benefit not in choice):
            raise UserError(
                self.env._(
                    "“%(offer)s” gives one of these benefits: %(benefits)s. Choose one.",
                    offer=proposal.offer_id.name,
                    benefits=", ".join(choice.mapped("name")),
                )
            )
        reason = f"{self.name}: {proposal.offer_id.name}"
        self.env["vip.entitlement"]._give_goodwill(self.partner_id, benefit, 1, reason)
        proposal.benefit_id = benefit

    def _accepted(self):
        """The offer he accepted; run in a case of which nothing else is known.

        :raise UserError: he accepted none
        """
        proposal = self.sudo().proposal_ids.filtered(lambda one: one.answer == ACCEPTED)
        if not proposal:
            raise UserError(self.env._("Nothing was accepted in %s.", self.name))
        return proposal.sorted("id")[-1:]

    # ------------------------------------------------------------
    # CONSIDERING
    # ------------------------------------------------------------

    def action_consider(self):
        """The customer wants to think it over: the account manager asks again, within two working days and
        before he leaves.

        :raise AccessError, UserError: as ``_begin_step`` and ``action_dispatch``
        """
        for case in self._begin_step(*TALKING):
            case._answered()
            proposal = case.proposal_ids.sorted("id")[-1:]
            if proposal and not proposal.answer:
                case._answer(proposal, THINKS_ABOUT)
            case.state = CONSIDERING
            case._log("considering", proposal.offer_id.name)
            case._dispatch()
        return True

    def action_refuse_offer(self):
        """He does not want this offer; the talk goes on with another.

        :raise AccessError, UserError: as ``action_accept``
        """
        self._require_one()
        [case] = self._begin_step(*TALKING)
        proposal = case._answerable()
        case._answered()
        case._answer(proposal, DECLINED)
        return True

    # ------------------------------------------------------------
    # THE RIGHT TO LEAVE
    # ------------------------------------------------------------

    def action_refuse(self):
        """The customer's final refusal: offers and contacts of these cases end now; nothing else is asked.

        It is noted for whoever works cases in the customer's company, in every state of the case; on a closed
        one there is nothing left to do. The request to leave, and its date, stay as they are.

        :raise AccessError: the caller does not work cases, or not in this company
        """
        self._require("write")
        cases = self.sudo()
        ending = cases.filtered(lambda case: case.state != CLOSED)
        (ending - ending.browse(case.id for case in ending._final_refusals()))._log(FINAL_REFUSAL)
        self.env.flush_all()
        ending._close_refused()
        if ending:
            ending._finish_refusals()
        return True

    def _finish_refusals(self):
        """Let the scheduled action do in a moment what a final refusal does not wait for; run as
        superuser."""
        if cron := self.env.ref("vip_retention.ir_cron_refusals", raise_if_not_found=False):
            cron._trigger()

    def _close_refused(self):
        """Close those of these cases, finally refused, that nobody holds.

        :return: the others
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM vip_retention_case WHERE id = ANY(%s)
                    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED""",
                self.ids,
            )
        )
        free = self.browse(row[0] for row in rows)
        free._close(REFUSED, None)
        return self - free

    @api.model
    def _cron_refusals(self):
        """Do what final refusals did not wait for: close cases that somebody else held, drop activities that
        somebody held, and note the talks on the customers' timelines."""
        rows = self.env.execute_query(
            SQL(
                """SELECT c.id FROM vip_retention_case c
                    WHERE c.state <> 'closed' AND EXISTS (
                          SELECT FROM vip_retention_log l WHERE l.case_id = c.id AND l.step = 'refused')"""
            )
        )
        if held := self.browse(row[0] for row in rows)._close_refused():
            held._finish_refusals()
        self._drop_left_activities()
        self._note_refusals()

    def _drop_activities(self):
        """Nobody has anything to do in these cases any more, also not what somebody planned by hand. What
        somebody holds is left to the scheduled action; run as superuser."""
        self.activity_ids.try_lock_for_update().unlink()

    @api.model
    def _drop_left_activities(self):
        for case in self.search([("outcome", "=", REFUSED), ("activity_ids", "!=", False)]):
            # what was planned since is about something else; of a closing the second is known
            left = case.activity_ids.filtered(
                lambda one: one.create_date.replace(microsecond=0) <= case.closed_at
            )
            left.try_lock_for_update().unlink()

    # ------------------------------------------------------------
    # ENDS
    # ------------------------------------------------------------

    def action_withdraw(self):
        """The customer takes his request back before he accepted anything: neither kept nor lost.

        :raise AccessError, UserError: as ``_begin_step``
        """
        cases = self._begin_step(*TALKING)
        cases._answered()
        cases._close(WITHDRAWN, "withdrawn")
        cases.departure_ids.filtered(lambda one: one.state == "announced").action_withdraw()
        return True

    def action_no_answer(self):
        """Close cases of customers who could not be reached: every attempt that is allowed was made.

        :raise AccessError, UserError: as ``_begin_step``; or there are attempts left
        """
        cases = self._begin_step(*TALKING)
        for case in cases:
            if left := case._attempts_left():
                raise UserError(
                    self.env._(
                        "%(case)s may not be given up yet. There is still: %(left)s.",
                        case=case.name,
                        left=case._attempts_text(left),
                    )
                )
        cases._close(NO_ANSWER, "no_answer")
        return True

    def _close(self, outcome, step):
        """End these cases: nobody offers, asks or waits any more; run as superuser."""
        if not self:
            return
        # whoever noted the final refusal ended it, whatever else would end it before it was closed
        refused = self._final_refusals()
        if outcome != REFUSED and refused:
            left = self.filtered(lambda case: case in refused)
            left._close(REFUSED, None)
            (self - left)._close(outcome, step)
            return
        self.proposal_ids._end(DECLINED if outcome == REFUSED else ENDED)
        by_user = self.grouped(
            lambda case: refused[case].user_id if case in refused else self.env.user
        )
        for user, cases in by_user.items():
            cases.write(
                {
                    "state": CLOSED,
                    "outcome": outcome,
                    "closed_at": fields.Datetime.now(),
                    "closed_by": user.id,
                    "deadline": False,
                    "warn_at": False,
                    "waits_for_bill": False,
                }
            )
        for case, refusal in refused.items():
            if not case.first_contact_at:
                case.first_contact_at = refusal.date
        if step:
            self._log(step)
        if outcome == REFUSED:
            self._drop_activities()
        else:
            self._drop_tasks()

    def _take_requests_back(self):
        """The customer does not want to close what he keeps; run as superuser."""
        kept = self.kept_number_ids
        for one in self.departure_ids.filtered(lambda one: one.state == "announced"):
            if not one.number_id or one.number_id in kept:
                one.action_withdraw()

    # ------------------------------------------------------------
    # FROM THE CASE
    # ------------------------------------------------------------

    def action_view_customer(self):
        """Open the customer's VIP page, which shows itself only to who looks after him."""
        self._require_one()
        return self.partner_id.action_vip_membership()

    def _begin_watch(self, proposal):
        """What was promised is done: the watch begins today; run as superuser."""
        now = fields.Datetime.now()
        proposal.write({"done_by": self.env.uid, "done_at": now})
        today = self.company_id._vip_today()
        until = today + relativedelta(days=proposal.offer_id.watch_days)
        self.write(
            {
                "state": WATCH,
                "watch_from": today,
                "watch_until": until,
                "deadline": False,
                "warn_at": False,
                "waits_for_bill": False,
            }
        )
        text = ": ".join(filter(None, (proposal.offer_id.name, proposal.reference)))
        self._log("done", text)
        self._take_requests_back()
        self._drop_tasks()
        self._plan_follow_ups()
