from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import SQL, format_datetime

from .vip_departure import ANNOUNCED, EFFECTIVE
from .vip_retention_log import REFUSED as FINAL_REFUSAL
from .vip_retention_offer import BILLING, ENTITLEMENT, NETWORK, NOTHING, OVERRIDE
from .vip_retention_proposal import ACCEPTED, ENDED
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
        before the customer leaves. Without one the lead of his branch does. Nobody gains time for a first
        contact that was not made, nor by calling in again.

        :raise AccessError, UserError: as ``_begin_step``; or there is nobody to call in, or he has the case
        """
        for case in self._begin_step(*TALKING):
            user = case._to_call_in()
            case._set_follow_up(
                keeps=not case.first_contact_at or case.state == CONSIDERING or case.dispatched_by
            )
            case._dispatch(user)
            case._renew_tasks()
        return True

    def _to_call_in(self):
        """Who is called in; run as superuser.

        :raise UserError: there is nobody, or he has the case already
        """
        user = self.partner_id.vip_membership_id._responsible()
        if not user:
            raise UserError(
                self.env._(
                    "“%s” has no account manager, and his branch no lead. Assign him one first, or go on "
                    "with the case yourself.",
                    self.partner_id.display_name,
                )
            )
        if user == self.user_id:
            raise UserError(
                self.env._(
                    "%(case)s is with %(user)s already, who answers the customer by %(time)s. There is "
                    "nobody else to call in: note in the case what the customer says.",
                    case=self.name,
                    user=user.name,
                    time=format_datetime(self.env, self.deadline),
                )
            )
        return user

    def _dispatch(self, user):
        """Run as superuser."""
        self.write(
            {
                "user_id": user.id,
                "dispatched_at": fields.Datetime.now(),
                "dispatched_by": self.env.uid,
            }
        )
        self._log("dispatched", user.name)

    def _renew_tasks(self):
        """Who works on it sees until when, once; run as superuser."""
        self._drop_tasks("work")
        self._task("work", self.user_id, self.deadline)

    @api.model
    def _follow_manager_changes(self):
        """Open cases of who looked after a customer go to who does now, with what is due in them, see
        ``vip.manager.assignment._after_manager_changes``. What was finally refused is over."""
        rows = self.env.execute_query(
            SQL(
                """SELECT m.manager_id, array_agg(c.id)
                     FROM vip_manager_change m
                     JOIN vip_retention_case c ON c.partner_id = m.partner_id
                      AND c.user_id = m.old_manager_id AND c.state <> 'closed'
                    WHERE m.manager_id IS NOT NULL AND m.manager_id <> m.old_manager_id
                      AND NOT EXISTS (SELECT FROM vip_retention_log l
                                       WHERE l.case_id = c.id AND l.step = 'refused')
                    GROUP BY 1"""
            )
        )
        # the log says it; nobody is mailed for each of the cases that are handed over at once
        quiet = self.with_context(tracking_disable=True)
        for manager_id, case_ids in rows:
            cases = quiet.browse(case_ids)
            cases.user_id = manager_id
            cases.filtered("dispatched_at").dispatched_at = fields.Datetime.now()
            cases._log("handed_over", cases.user_id.name)
        for case in quiet._considering_alone():
            case._dispatch(case.partner_id.vip_membership_id._responsible())
            case._renew_tasks()

    @api.model
    def _considering_alone(self):
        """Cases in which customers think it over who had nobody until now, see ``_ask_for_a_manager``."""
        rows = self.env.execute_query(
            SQL(
                """SELECT c.id FROM vip_manager_change m
                     JOIN vip_retention_case c ON c.partner_id = m.partner_id
                      AND c.state = 'considering' AND c.dispatched_at IS NULL
                    WHERE m.manager_id IS NOT NULL AND m.old_manager_id IS NULL
                      AND NOT EXISTS (SELECT FROM vip_retention_log l
                                       WHERE l.case_id = c.id AND l.step = 'refused')"""
            )
        )
        return self.browse(row[0] for row in rows)

    # ------------------------------------------------------------
    # ACCEPTED
    # ------------------------------------------------------------

    def action_ask_numbers(self):
        """Open the dialog in which the customer accepts and says which of his numbers he keeps.

        :raise UserError: there is no offer that he can accept
        """
        self._require_one("write")
        self.sudo()._answerable()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Which numbers does he keep?"),
            "res_model": "vip.retention.accept",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_case_id": self.id},
        }

    def action_accept(self, kept_number_ids=False):
        """The customer accepts the latest offer. It is no save yet: what was promised is done first, and then
        the watch begins.

        :param list kept_number_ids: ids of the numbers he keeps; without it those that were noted, and where
            nobody noted any, all
        :raise AccessError, UserError: as ``_begin_step``; or there is no offer that he can accept, a number
            is none of this case, or he keeps none
        """
        self._require_one()
        [case] = self._begin_step(*TALKING)
        proposal = case._answerable()
        if kept_number_ids not in (False, None):
            case._keep(kept_number_ids)
        case._answered()
        proposal._answer(ACCEPTED)
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
        is_part = self.kept_number_ids != self.number_ids
        kept = is_part and self._masked(self.kept_number_ids)
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
        if refusal := proposal._refusal_to_answer():
            raise UserError(refusal)
        return proposal

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
        and before he leaves. He has accepted nothing; an override that was to keep his tier is taken back.

        :raise AccessError, UserError: as ``_begin_step``
        """
        for case in self._begin_step(DOING):
            proposal = case._accepted()
            proposal._answer(ENDED)
            proposal.override_id._take_back()
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
        before he leaves. Said once more it gains nobody time.

        Where nobody is responsible for the customer, who talks to him goes on, and the leads are told.

        :raise AccessError, UserError: as ``_begin_step``
        """
        for case in self._begin_step(*TALKING):
            case._answered()
            latest = case.proposal_ids.sorted("id")[-1:]
            # what waits for approval is nothing that he could think about
            offered = latest.filtered(lambda one: not one._refusal_to_answer())
            offered._answer(THINKS_ABOUT)
            case._set_follow_up(keeps=case.state == CONSIDERING)
            case.state = CONSIDERING
            case._log("considering", offered.offer_id.name)
            user = case.partner_id.vip_membership_id._responsible()
            if not user:
                case.user_id = case.user_id or self.env.user
            elif user != case.user_id or not case.dispatched_at:
                case._dispatch(user)
            case._renew_tasks()
            if not user:
                case._ask_for_a_manager()
        return True

    def _ask_for_a_manager(self):
        """Tell the leads that nobody is responsible for somebody who thinks it over; run as superuser."""
        for lead in self._leads()[self] - self.user_id:
            summary = self.with_context(lang=lead.lang).env._(
                "He has no account manager: assign one"
            )
            self._task("work", lead, self.deadline, summary)

    def action_refuse_offer(self):
        """He does not want this offer; the talk goes on with another.

        :raise AccessError, UserError: as ``action_accept``
        """
        self._require_one()
        [case] = self._begin_step(*TALKING)
        proposal = case._answerable()
        case._answered()
        proposal._answer(DECLINED)
        case._log("declined", proposal.offer_id.name)
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
        somebody held, and note the talks on the customers' timelines. What is closed waits for nobody's
        timeline."""
        cron = self.env["ir.cron"]
        self._close_held()
        cron._commit_progress()
        self._drop_left_activities()
        cron._commit_progress()
        self._note_refusals()

    @api.model
    def _close_held(self):
        rows = self.env.execute_query(
            SQL(
                """SELECT c.id FROM vip_retention_case c
                    WHERE c.state <> 'closed' AND EXISTS (
                          SELECT FROM vip_retention_log l WHERE l.case_id = c.id AND l.step = 'refused')"""
            )
        )
        if held := self.browse(row[0] for row in rows)._close_refused():
            held._finish_refusals()

    def _drop_activities(self):
        """Nobody has anything to do in these cases any more, also not what somebody planned by hand. What
        somebody holds is left to the scheduled action; run as superuser."""
        self.activity_ids.try_lock_for_update().unlink()

    @api.model
    def _drop_left_activities(self):
        for case in self.search([("outcome", "=", REFUSED), ("activity_ids", "!=", False)]):
            # what was planned since is about something else; of a closing the second is known
            until = case.closed_at + relativedelta(seconds=1)
            left = case.activity_ids.filtered_domain([("create_date", "<", until)])
            left.try_lock_for_update().unlink()

    # ------------------------------------------------------------
    # ENDS
    # ------------------------------------------------------------

    def action_withdraw(self):
        """The customer takes his request back before he accepted anything: neither kept nor lost, unless he
        left with another number before.

        :raise AccessError, UserError: as ``_begin_step``
        """
        cases = self._begin_step(*TALKING)
        cases._answered()
        # closes those in which nothing else was asked for, see ``_departures_withdrawn``, and logs it
        asked = cases.departure_ids.filtered(lambda one: one.state == ANNOUNCED)
        logged = asked.case_id
        asked.action_withdraw()
        left = cases.filtered(lambda case: case.state != CLOSED)
        (left & logged)._close_withdrawn()
        (left - logged)._close_withdrawn("withdrawn")
        return True

    def _close_withdrawn(self, step=None):
        """What the customers asked for was taken back. Who left with another number before is a loss that
        nobody refused; run as superuser.

        :param step: of the log, None where it is written already
        """
        lost = self.filtered(
            lambda case: case.departure_ids._leaving(EFFECTIVE).filtered(
                lambda one: not one.reopened_on
            )
        )
        lost._close(NO_ANSWER, step)
        (self - lost)._close(WITHDRAWN, step)

    def action_no_answer(self):
        """Close cases of customers who could not be reached: calls and texts are used up, and the home visit
        where one is proposed.

        :raise AccessError, UserError: as ``_begin_step``; or there are attempts left
        """
        cases = self._begin_step(*TALKING)
        due = cases._attempts_due()
        for case in cases:
            if left := due[case]:
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
        self.proposal_ids._end_overrides()
        if outcome == REFUSED:
            self._drop_activities()
        else:
            self._drop_tasks()

    def _take_requests_back(self):
        """The customer does not want to close what he keeps; run as superuser."""
        self._requests_about_kept().action_withdraw()

    def _requests_about_kept(self):
        """What is announced about the numbers he keeps, or about himself; run as superuser."""
        return self.departure_ids.filtered(
            lambda one: (
                one.state == ANNOUNCED
                and (not one.number_id or one.number_id in self.kept_number_ids)
            )
        )

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
