from datetime import timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_datetime

from ..tools import service_clock
from .vip_redemption import APPROVED, DELIVERED, ISSUED
from .vip_redemption import CANCELLED as GIVEN_BACK
from .vip_service_pause import CLOSED_MEANWHILE, KEEPS_RUNNING, PAUSE_REASONS
from .vip_service_request import CANCELLED, CLOSED, DOING, OPEN_STATES, SERIOUS

# Share of a target at which somebody is warned, and of the resolution's at which it is critical.
WARNING, CRITICAL = 0.75, 1.5
# What a serious complaint has of the time.
SERIOUS_SHARE = 0.5
HOUR = timedelta(hours=1)
UTC = timezone.utc


def aware(moment):
    return moment.replace(tzinfo=UTC)


def naive(moment):
    """Odoo's columns hold whole seconds."""
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)


class VipServiceRequest(models.Model):
    """The clock of a request, and what people do with it.

    Deadlines follow from the moment of opening, the target and the times in which the clock stood
    (``tools/service_clock.py``); they are worked out anew whenever one of these changes. A pause moves
    what is still to come by exactly the working time paused; what was over when it began stays. Deadlines
    and the moments of warnings are stored, so that lists and the scheduled action only compare them with
    now.

    Every step locks the request first: who comes second sees what the first one did and is told so.
    """

    _inherit = "vip.service.request"  # pylint: disable=consider-merging-classes-inherited

    next_due = fields.Datetime(
        compute="_compute_next_due",
        store=True,
        string="Due at",
        help="Until somebody responded, the time for that; then the time for the resolution. Empty while "
        "the clock stands.",
    )
    next_warn = fields.Datetime(
        compute="_compute_next_due",
        store=True,
        string="Warning",
        help="Three quarters of the time.",
    )
    is_overdue = fields.Boolean(
        compute="_compute_is_overdue", search="_search_is_overdue", string="Overdue"
    )

    is_waiting = fields.Boolean(compute="_compute_waiting")
    waiting = fields.Char(compute="_compute_waiting", string="Waits for")

    @api.depends("pause_ids.date_to")
    def _compute_waiting(self):
        pauses = self.env["vip.service.pause"].search(
            [("request_id", "in", self.ids), ("date_to", "=", False)]
        )
        found = pauses.grouped("request_id")
        reasons = dict(pauses._fields["reason"]._description_selection(self.env))
        for request in self:
            pause = found.get(request, pauses.browse())
            request.is_waiting = bool(pause)
            words = filter(None, (reasons.get(pause.reason), pause.note))
            since = pause and format_datetime(self.env, pause.date_from, dt_format="short")
            request.waiting = pause and self.env._(
                "%(reason)s, since %(time)s", reason=": ".join(words), time=since
            )

    @api.depends(
        "state",
        "paused",
        "respond_by",
        "respond_warn_at",
        "resolve_by",
        "resolve_warn_at",
        "responded_at",
    )
    def _compute_next_due(self):
        for request in self:
            if request.state not in OPEN_STATES or request.paused:
                request.next_due = request.next_warn = False
            elif request.responded_at:
                request.next_due = request.resolve_by
                request.next_warn = request.resolve_warn_at
            else:
                request.next_due = request.respond_by
                request.next_warn = request.respond_warn_at

    @api.depends("next_due")
    def _compute_is_overdue(self):
        now = fields.Datetime.now()
        for request in self:
            request.is_overdue = bool(request.next_due) and request.next_due <= now

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("next_due", "<=", fields.Datetime.now())

    # ------------------------------------------------------------
    # DEADLINES
    # ------------------------------------------------------------

    def _calendar(self):
        """The calendar of the service, else the company's.

        :raise UserError: there is neither
        """
        calendar = self.type_id.calendar_id or self.company_id.resource_calendar_id
        if not calendar:
            raise UserError(
                self.env._(
                    "Neither “%(service)s” nor %(company)s has working hours, so nothing can be due. "
                    "Choose a calendar for the service.",
                    service=self.type_id.name,
                    company=self.company_id.name,
                )
            )
        return calendar

    def _set_deadlines(self):
        """Work out when this request is due, and when somebody is warned; run as superuser.

        When somebody responded, the time for that stays what it was.

        :raise UserError: the calendar has no working hours
        """
        self.ensure_one()
        calendar = self._calendar()
        clock = calendar._vip_clock(self.opened_at, self.company_id)
        stood = [
            (aware(pause.date_from), aware(pause.date_to))
            for pause in self.pause_ids.sorted("date_from")
            if pause.stops_clock and pause.date_to
        ]
        share = SERIOUS_SHARE if self.severity == SERIOUS else 1

        def after(hours):
            due = service_clock.due(clock, aware(self.opened_at), hours * share * HOUR)
            for begin, end in stood:
                due = service_clock.resumed(clock, due, begin, end)
            return naive(due)

        try:
            values = {
                "resolve_by": after(self.resolve_hours),
                "resolve_warn_at": after(self.resolve_hours * WARNING),
                "critical_at": after(self.resolve_hours * CRITICAL),
            }
            if not self.responded_at:
                values["respond_by"] = after(self.respond_hours)
                values["respond_warn_at"] = after(self.respond_hours * WARNING)
        except service_clock.NeverOpen:
            raise UserError(calendar._vip_never_open()) from None
        self.write(values)

    def _working_hours(self, begin, end):
        clock = self._calendar()._vip_clock(begin, self.company_id)
        return service_clock.worked(clock, aware(begin), aware(end)) / HOUR

    # ------------------------------------------------------------
    # STEPS
    # ------------------------------------------------------------

    def _begin_step(self, *states):
        """The requests as superuser, after the caller's rights were checked and nobody else can move them.

        :param states: those in which the step may be taken
        :raise AccessError: the caller does not work on requests, or not in this company
        :raise UserError: one of them is in another state
        """
        self._require("write")
        self.env.flush_all()
        # who waited here for somebody else fails, and is told what happened when Odoo tries again
        self.env.execute_query(
            SQL(
                "SELECT id FROM vip_service_request WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
                self.ids,
            )
        )
        for request in self:
            if request.state not in states:
                raise UserError(request._wrong_state_sentence())
        return self.sudo()

    def _wrong_state_sentence(self):
        """Why a step cannot be taken: the state, and who brought it there."""
        match self.state:
            case "closed":
                return self.env._(
                    "The request %(number)s was closed by %(user)s on %(time)s. Open it again first.",
                    number=self.name,
                    user=self.sudo().resolved_by.name,
                    time=format_datetime(self.env, self.resolved_at),
                )
            case "cancelled":
                return self.env._(
                    "The request %s is cancelled; there is nothing to do any more.", self.name
                )
        return self.env._("The request %s is open already.", self.name)

    def action_take(self):
        """Take these requests over.

        :raise AccessError, UserError: as ``_begin_step``
        """
        requests = self._begin_step(*OPEN_STATES)
        requests.user_id = self.env.user
        return True

    def action_respond(self):
        """Note that the customer was answered: the time for the response is kept or not.

        :raise AccessError, UserError: as ``_begin_step``; or somebody responded already
        """
        requests = self._begin_step(*OPEN_STATES)
        for request in requests:
            if request.responded_at:
                raise UserError(
                    self.env._(
                        "%(user)s responded to the request %(number)s on %(time)s already.",
                        user=request.responded_by.name,
                        number=request.name,
                        time=format_datetime(self.env, request.responded_at),
                    )
                )
        requests.write(self._response())
        requests.activity_unlink(["vip_customer.mail_activity_type_request_warning"])
        return True

    def _response(self):
        return {
            "state": DOING,
            "responded_at": fields.Datetime.now(),
            "responded_by": self.env.uid,
        }

    def action_pause(self):
        """Open the dialog that asks why to pause."""
        self._require_one("write")
        return self._dialog("vip.service.hold", self.env._("Pause"))

    def pause(self, reason, note=False):
        """Let the request wait; the clock stops, unless a third party is waited for.

        :param str reason: ``customer``, ``documents``, ``appointment`` or ``third_party``
        :param str note: what exactly is waited for
        :raise AccessError, UserError: as ``_begin_step``; or it is paused already, overdue, or there is no
            such reason
        """
        self._require_one()
        [request] = self._begin_step(*OPEN_STATES)
        reasons = dict(PAUSE_REASONS)
        if not isinstance(reason, str) or reason not in reasons:
            raise UserError(
                self.env._(
                    "“%(reason)s” is no reason to pause. Give one of these: %(reasons)s.",
                    reason=reason,
                    reasons=", ".join(reasons),
                )
            )
        if request._running_pause():
            raise UserError(self.env._("The request %s is paused already.", request.name))
        stops = reason not in KEEPS_RUNNING
        if stops and request.is_overdue:
            raise UserError(
                self.env._(
                    "The request %(number)s was due on %(time)s: a pause does not make up for that. Answer "
                    "the customer, or close the request.",
                    number=request.name,
                    time=format_datetime(self.env, request.next_due),
                )
            )
        note = note if isinstance(note, str) else False
        request.write(
            {
                "paused": stops,
                "pause_ids": [Command.create(request._prepare_pause(reason, note, stops))],
            }
        )
        label = dict(request.pause_ids._fields["reason"]._description_selection(self.env))[reason]
        request._message_log(
            body=self.env._("Paused: %s", f"{label}. {note}" if note else label),
            author_id=self.env.user.partner_id.id,
        )
        return True

    def _prepare_pause(self, reason, note, stops):
        return {
            "reason": reason,
            "note": note,
            "stops_clock": stops,
            "date_from": fields.Datetime.now(),
            "resolve_by": self.resolve_by,
            "user_id": self.env.uid,
        }

    def _running_pause(self):
        return self.pause_ids.filtered(lambda pause: not pause.date_to)

    def action_resume(self):
        """End the pause; the deadlines move by the working time that was paused.

        :raise AccessError, UserError: as ``_begin_step``; or one of them is not paused
        """
        requests = self._begin_step(*OPEN_STATES)
        for request in requests:
            if not request._running_pause():
                raise UserError(
                    self.env._(
                        "The request %s is not paused, so there is nothing to resume.", request.name
                    )
                )
            request._end_pause()
            request._message_log(body=self.env._("Resumed"), author_id=self.env.user.partner_id.id)
        return True

    def _end_pause(self):
        """End the pause that is running, if any; run as superuser."""
        pause = self._running_pause()
        if not pause:
            return
        now = fields.Datetime.now()
        pause.write({"date_to": now, "working_hours": self._working_hours(pause.date_from, now)})
        if pause.stops_clock:
            self.write({"paused": False, "paused_hours": self.paused_hours + pause.working_hours})
            self._set_deadlines()

    def action_answer(self):
        """Open the dialog in which the answer is written down and the request closed."""
        self._require_one("write")
        return self._dialog("vip.service.close", self.env._("Close the request"))

    def _dialog(self, model, title):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_request_id": self.id},
        }

    def action_close(self):
        """Close requests that are answered: what they use of a benefit is taken, the contact is noted, and
        the customer is asked how satisfied he is.

        :raise AccessError, UserError: as ``_begin_step``; or one of them has no answer, or nothing is left
            of the benefit
        """
        requests = self._begin_step(*OPEN_STATES)
        for request in requests:
            if not (request.answer or "").strip():
                raise UserError(
                    self.env._(
                        "The request %s has no answer. Write down what the customer was told, and close "
                        "it then.",
                        request.name,
                    )
                )
        for request in requests:
            request._end_pause()
            values = {} if request.responded_at else self._response()
            redemption = request.with_env(self.env)._take_benefit()
            request.write(
                {
                    **values,
                    "state": CLOSED,
                    "resolved_at": fields.Datetime.now(),
                    "resolved_by": self.env.uid,
                    "redemption_id": redemption.id,
                }
            )
            request._note_demonstration()
            request.interaction_id = request._note_contact()
            request._ask_satisfaction()
        requests._drop_notices()
        requests._after_request_closed()
        return True

    def _after_request_closed(self):
        """Hook for what follows the closing of these requests, meant to be extended; as superuser."""

    def _take_benefit(self):
        """Take the units of the benefit that the service uses, with the caller's rights, and hand them
        over: the service was given. A request that was opened again takes them once.

        :return: the redemption, empty where there is no benefit
        """
        benefit = self.type_id.benefit_id
        if not benefit:
            return self.env["vip.redemption"]
        redemption = self.partner_id._vip_redeem(
            benefit, self._units(), origin=self.name, channel_id=self.channel_id.id
        ).with_env(self.env)
        if redemption.state == APPROVED:
            redemption.action_issue()
        if redemption.state == ISSUED:
            redemption.action_deliver()
        return redemption

    def _note_contact(self):
        """Note on the timeline that the customer was told; run as superuser."""
        channel = self.channel_id or self.env.ref("vip_customer.channel_phone")
        return self.env["vip.interaction"].create(
            {
                "partner_id": self.partner_id.id,
                "date": self.resolved_at,
                "channel_id": channel.id,
                "purpose": "inbound",
                "result_id": self.env["vip.interaction.result"]._usual(channel).id,
                "user_id": self.env.uid,
                "summary": f"{self.name} {self.type_id.name}\n{self.answer.strip()}",
            }
        )

    def action_reopen(self):
        """Open closed requests again: the clock goes on where it stopped.

        :raise AccessError, UserError: as ``_begin_step``
        """
        requests = self._begin_step(CLOSED)
        now = fields.Datetime.now()
        for request in requests:
            pause = request._prepare_pause(CLOSED_MEANWHILE, False, True) | {
                "date_from": request.resolved_at,
                "date_to": now,
                "working_hours": request._working_hours(request.resolved_at, now),
            }
            request.write(
                {
                    "state": DOING,
                    "resolved_at": False,
                    "resolved_by": False,
                    "reopened": request.reopened + 1,
                    "pause_ids": [Command.create(pause)],
                }
            )
            request._set_deadlines()
        return True

    def action_cancel(self):
        """Cancel requests the customer takes back; what they took of a benefit and was not delivered
        returns.

        :raise AccessError, UserError: as ``_begin_step``
        """
        requests = self._begin_step(*OPEN_STATES)
        for request in requests:
            request._end_pause()
        redemptions = requests.redemption_id.filtered(
            lambda redemption: redemption.state not in (DELIVERED, GIVEN_BACK)
        )
        redemptions.with_env(self.env).action_cancel()
        requests.state = CANCELLED
        requests._drop_notices()
        return True

    def action_view_customer(self):
        """Open the customer's VIP page, which shows itself only to who looks after him."""
        self._require_one()
        return self.partner_id.action_vip_membership()

    def action_view_repeated(self):
        """Open the complaint that this one repeats.

        :raise UserError: it repeats none
        """
        self._require_one()
        if not self.repeats_id:
            raise UserError(self.env._("The request %s repeats no other.", self.name))
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.repeats_id.id,
            "views": [(False, "form")],
        }
