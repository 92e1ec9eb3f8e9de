from datetime import timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..tools import service_clock
from .vip_service_pause import KEEPS_RUNNING, PAUSE_REASONS
from .vip_service_type import TEAM

NEW, DOING, CLOSED, CANCELLED = "new", "doing", "closed", "cancelled"
OPEN_STATES = (NEW, DOING)
NORMAL, SERIOUS = "normal", "serious"
# A complaint of the same cause within so many days of the last one's closing is a repeated one; so many
# complaints within these days make the last one serious.
REPEATED_DAYS = 90
SERIOUS_COMPLAINTS = 3
# Shares of a target at which somebody is told.
WARNING, BREACH, CRITICAL = 0.75, 1.0, 1.5
UTC = timezone.utc


def aware(moment):
    return moment.replace(tzinfo=UTC)


def naive(moment):
    """Odoo's columns hold whole seconds."""
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)


class VipServiceRequest(models.Model):
    """Something a customer asked for, with a clock.

    SPECIFICATION

    ``new`` -> ``doing`` (somebody answered him) -> ``closed`` with an answer, or ``cancelled``; what is
    closed may be opened again. Customer, tier, type and targets are frozen when it is opened: the tier of
    that day decides how fast it has to be answered and resolved, in working hours of the type's calendar
    (``tools/service_clock.py``). A serious complaint halves both.

    The clock starts when the request is opened, or at the first working instant after. A pause stops it,
    unless a third party is waited for, and moves what is still to come by exactly the working time that
    was paused; a deadline that was over when the pause began stays. What is opened again goes on where it
    stopped. Warnings come at three quarters of a target, and escalate when it is breached.

    Deadlines and moments of warnings are stored when they move, so that lists and the scheduled action
    only compare them with now.
    """

    _name = "vip.service.request"
    _description = "Service request"
    _inherit = ["mail.thread", "mail.activity.mixin", "rating.mixin", "vip.customer.record"]
    _order = "next_due, id desc"
    _rec_names_search = ["name", "partner_id"]
    _mail_post_access = "read"
    _guarded_fields = frozenset(
        {
            "name",
            "company_id",
            "tier_id",
            "state",
            "opened_at",
            "opened_by",
            "respond_hours",
            "resolve_hours",
            "respond_by",
            "resolve_by",
            "warn_at",
            "critical_at",
            "responded_at",
            "responded_by",
            "resolved_at",
            "resolved_by",
            "paused",
            "paused_hours",
            "reopened",
            "level",
            "repeats_id",
            "redemption_id",
            "interaction_id",
        }
    )

    name = fields.Char(string="Number", readonly=True, copy=False, index=True)
    tier_id = fields.Many2one("vip.tier", readonly=True, ondelete="restrict", index=True)
    tier_color = fields.Integer(related="tier_id.color")
    type_id = fields.Many2one("vip.service.type", required=True, ondelete="restrict", index=True)
    subtype_id = fields.Many2one(
        "vip.service.subtype",
        string="Sub-type",
        ondelete="restrict",
        domain="[('type_id', '=', type_id)]",
    )
    number_id = fields.Many2one(
        "vip.service.number",
        string="Number concerned",
        ondelete="restrict",
        domain="[('partner_id', '=', partner_id)]",
    )
    channel_id = fields.Many2one("vip.channel", ondelete="restrict")
    description = fields.Text()
    user_id = fields.Many2one(
        "res.users", string="Assigned to", ondelete="restrict", index=True, tracking=True
    )
    state = fields.Selection(
        [(NEW, "New"), (DOING, "In progress"), (CLOSED, "Closed"), (CANCELLED, "Cancelled")],
        default=NEW,
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        group_expand=True,
    )
    # the clock
    opened_at = fields.Datetime(readonly=True, copy=False, string="Opened")
    opened_by = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    respond_hours = fields.Float(readonly=True, copy=False, string="Response within")
    resolve_hours = fields.Float(readonly=True, copy=False, string="Resolution within")
    respond_by = fields.Datetime(readonly=True, copy=False, string="Answer by")
    resolve_by = fields.Datetime(readonly=True, copy=False, string="Resolve by")
    warn_at = fields.Datetime(readonly=True, copy=False, string="Warn at")
    critical_at = fields.Datetime(readonly=True, copy=False, string="Critical at")
    responded_at = fields.Datetime(readonly=True, copy=False, string="Answered")
    responded_by = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    resolved_at = fields.Datetime(readonly=True, copy=False, string="Resolved")
    resolved_by = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    next_due = fields.Datetime(
        compute="_compute_next_due",
        store=True,
        string="Due",
        help="Until somebody answered, the time for the answer; then that for the resolution. "
        "Empty while the clock stands.",
    )
    paused = fields.Boolean(readonly=True, copy=False)
    pause_ids = fields.One2many("vip.service.pause", "request_id", string="Pauses")
    paused_hours = fields.Float(readonly=True, copy=False, string="Hours paused")
    reopened = fields.Integer(readonly=True, copy=False, string="Times opened again")
    level = fields.Selection(
        [("0", "In time"), ("1", "Warned"), ("2", "Breached"), ("3", "Critical")],
        default="0",
        required=True,
        readonly=True,
        copy=False,
        string="Escalation",
    )
    # what came of it
    answer = fields.Text(help="What the customer was told, and what was done.")
    redemption_id = fields.Many2one(
        "vip.redemption", readonly=True, copy=False, ondelete="restrict"
    )
    interaction_id = fields.Many2one(
        "vip.interaction", readonly=True, copy=False, ondelete="set null"
    )
    # complaint
    with_complaint = fields.Boolean(related="type_id.with_complaint")
    severity = fields.Selection(
        [(NORMAL, "Normal"), (SERIOUS, "Serious")], default=NORMAL, required=True, tracking=True
    )
    offered = fields.Text(help="What the customer was offered.")
    repeats_id = fields.Many2one(
        "vip.service.request",
        readonly=True,
        copy=False,
        ondelete="restrict",
        string="Repeats",
        index="btree_not_null",
    )
    # boarding
    with_flight = fields.Boolean(related="type_id.with_flight")
    flight = fields.Char()
    flight_date = fields.Date(string="Flight date")
    airport = fields.Char()
    companions = fields.Integer()

    _number_uniq = models.UniqueIndex("(company_id, name)", "This number is taken.")
    _open_idx = models.Index("(company_id, next_due) WHERE state IN ('new', 'doing')")
    _companions_positive = models.Constraint(
        "CHECK (companions >= 0)", "Companions cannot be fewer than none."
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("state", "paused", "respond_by", "resolve_by", "responded_at")
    def _compute_next_due(self):
        for request in self:
            if request.state not in OPEN_STATES or request.paused:
                request.next_due = False
            elif request.responded_at:
                request.next_due = request.resolve_by
            else:
                request.next_due = request.respond_by

    # ------------------------------------------------------------
    # OPENING
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        requests = super().create(vals_list)
        for request in requests:
            request._open()
        return requests

    def _open(self):
        """Freeze tier and targets, start the clock, and give it to who does it."""
        self.ensure_one()
        member = self.partner_id._vip_member()
        target = self._target(member)
        request = self.sudo()  # what opening writes is nobody's to choose
        severity = SERIOUS if request._is_serious() else request.severity
        share = 0.5 if severity == SERIOUS else 1
        now = fields.Datetime.now()
        request.write(
            {
                "name": self.env["ir.sequence"].sudo().next_by_code("vip.service.request"),
                "tier_id": member.tier_id.id,
                "severity": severity,
                "repeats_id": request._repeated().id,
                "opened_at": now,
                "opened_by": self.env.uid,
                "respond_hours": target.respond_hours * share,
                "resolve_hours": target.resolve_hours * share,
                "user_id": request.user_id.id or request._assignee(member).id,
            }
        )
        request._start_clock(now)

    def _target(self, member):
        """The target of the customer's tier.

        :raise UserError: he has no tier, or the service is none of his tier
        """
        if not member.tier_id:
            raise UserError(
                self.env._("“%s” is no VIP customer today.", self.partner_id.display_name)
            )
        targets = self.type_id.sudo().target_ids
        target = targets.filtered(lambda target: target.tier_id == member.tier_id)
        if not target:
            raise UserError(
                self.env._(
                    "%(tier)s does not include “%(service)s”, so there is no request for "
                    "“%(customer)s”.",
                    tier=member.tier_id.name,
                    service=self.type_id.name,
                    customer=self.partner_id.display_name,
                )
            )
        return target

    def _assignee(self, member):
        """Who does it: somebody of the type's team who leads it, else who looks after the customer."""
        if self.type_id.assigned_to == TEAM and self.type_id.team_id.user_id:
            return self.type_id.team_id.user_id
        return member._responsible()

    def _repeated(self):
        """The last complaint of the same cause that was closed in the last days; empty for others."""
        if not self.with_complaint:
            return self.browse()
        return self.search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("type_id", "=", self.type_id.id),
                ("subtype_id", "=", self.subtype_id.id),
                ("state", "=", CLOSED),
                ("resolved_at", ">=", fields.Datetime.now() - timedelta(days=REPEATED_DAYS)),
                ("id", "!=", self.id),
            ],
            order="resolved_at desc",
            limit=1,
        )

    def _is_serious(self):
        """Whether this is one complaint too many."""
        if not self.with_complaint:
            return False
        since = fields.Datetime.now() - timedelta(days=REPEATED_DAYS)
        complaints = self.search_count(
            [
                ("partner_id", "=", self.partner_id.id),
                ("type_id.with_complaint", "=", True),
                ("state", "!=", CANCELLED),
                ("opened_at", ">=", since),
                ("id", "!=", self.id),
            ]
        )
        return complaints + 1 >= SERIOUS_COMPLAINTS

    # ------------------------------------------------------------
    # CLOCK
    # ------------------------------------------------------------

    def _clock(self):
        self.ensure_one()
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
        return calendar.sudo()._vip_clock(self.opened_at or fields.Datetime.now())

    def _due(self, clock, start, hours):
        try:
            return naive(service_clock.due(clock, aware(start), timedelta(hours=hours)))
        except service_clock.NeverOpen:
            calendar = self.type_id.calendar_id or self.company_id.resource_calendar_id
            raise UserError(calendar._vip_never_open()) from None

    def _start_clock(self, now):
        clock = self._clock()
        self.write(
            {
                "respond_by": self._due(clock, now, self.respond_hours),
                "resolve_by": self._due(clock, now, self.resolve_hours),
                "warn_at": self._due(clock, now, self.respond_hours * WARNING),
                "critical_at": self._due(clock, now, self.resolve_hours * CRITICAL),
            }
        )

    def _after_standing(self, since, now):
        """What the deadlines are after the clock stood for a while, and the working time of it."""
        clock = self._clock()

        def later(deadline):
            return deadline and naive(
                service_clock.resumed(clock, aware(deadline), aware(since), aware(now))
            )

        hours = service_clock.worked(clock, aware(since), aware(now)) / timedelta(hours=1)
        moments = ("resolve_by", "warn_at", "critical_at")
        values = {name: later(self[name]) for name in moments}
        if not self.responded_at:
            values["respond_by"] = later(self.respond_by)
        return values, hours

    # ------------------------------------------------------------
    # WORKING ON IT
    # ------------------------------------------------------------

    def _check_may_work(self):
        """:raise AccessError: the caller neither works on these requests nor looks after the customers"""
        self._require("read")
        if not self.env.user.has_group("vip_customer.group_vip_desk"):
            raise AccessError(
                self.env._("Only the desk and account managers work on service requests.")
            )

    def _check_open(self):
        for request in self:
            if request.state not in OPEN_STATES:
                raise UserError(
                    self.env._(
                        "The request %(number)s is %(state)s; there is nothing to do any more. Open it "
                        "again first.",
                        number=request.name,
                        state=request._state_label(),
                    )
                )

    def _state_label(self):
        return dict(self._fields["state"]._description_selection(self.env))[self.state]

    def action_respond(self):
        """Note that the customer was answered: the clock for the response stops.

        :raise AccessError: the caller does not work on requests
        :raise UserError: one of them is closed or cancelled
        """
        self._check_may_work()
        self._check_open()
        now = fields.Datetime.now()
        for request in self.sudo().filtered(lambda request: not request.responded_at):
            request.write(
                {
                    "state": DOING,
                    "responded_at": now,
                    "responded_by": self.env.uid,
                    "level": "0",
                    "warn_at": request._due(
                        request._clock(), request.opened_at, request.resolve_hours * WARNING
                    ),
                }
            )
        return True

    def pause(self, reason, note=False):
        """Let the request wait; the clock stops, unless a third party is waited for.

        :param str reason: a key of ``PAUSE_REASONS``
        :raise AccessError: the caller does not work on requests
        :raise UserError: it is closed, cancelled, paused already, or there is no such reason
        """
        self._require_one()
        self._check_may_work()
        self._check_open()
        if reason not in dict(PAUSE_REASONS):
            raise UserError(
                self.env._(
                    "“%(reason)s” is no reason to pause. Give one of these: %(reasons)s.",
                    reason=reason,
                    reasons=", ".join(dict(PAUSE_REASONS)),
                )
            )
        if self.pause_ids.filtered(lambda pause: not pause.date_to):
            raise UserError(self.env._("The request %s is paused already.", self.name))
        request = self.sudo()
        stops = reason not in KEEPS_RUNNING
        request.pause_ids = [
            fields.Command.create(
                {
                    "reason": reason,
                    "note": note,
                    "stops_clock": stops,
                    "date_from": fields.Datetime.now(),
                    "user_id": self.env.uid,
                }
            )
        ]
        request.paused = stops
        return True

    def action_resume(self):
        """End the pause; the deadlines move by the working time that was paused.

        :raise AccessError: the caller does not work on requests
        :raise UserError: one of them is not paused
        """
        self._check_may_work()
        for request in self:
            pause = request.sudo().pause_ids.filtered(lambda pause: not pause.date_to)
            if not pause:
                raise UserError(
                    self.env._(
                        "The request %s is not paused, so there is nothing to resume.", request.name
                    )
                )
            request.sudo()._resume(pause)
        return True

    def _resume(self, pause):
        now = fields.Datetime.now()
        moments, hours = self._after_standing(pause.date_from, now)
        pause.write({"date_to": now, "working_hours": hours})
        values = {"paused": False}
        if pause.stops_clock:
            values |= moments | {"paused_hours": self.paused_hours + hours}
        self.write(values)

    def action_close(self):
        """Close requests that are answered: the customer is asked how satisfied he is, and the contact is
        noted.

        :raise AccessError: the caller does not work on requests
        :raise UserError: one of them is closed, cancelled or has no answer
        """
        self._check_may_work()
        self._check_open()
        for request in self:
            if not (request.answer or "").strip():
                raise UserError(
                    self.env._(
                        "The request %s has no answer. Write down what the customer was told, and close "
                        "it then.",
                        request.name,
                    )
                )
        now = fields.Datetime.now()
        for request in self.sudo():
            if pause := request.pause_ids.filtered(lambda pause: not pause.date_to):
                request._resume(pause)
            request.write(
                {
                    "state": CLOSED,
                    "responded_at": request.responded_at or now,
                    "responded_by": request.responded_by.id or self.env.uid,
                    "resolved_at": now,
                    "resolved_by": self.env.uid,
                }
            )
            request._note_interaction()
            request._ask_satisfaction()
        return True

    def action_reopen(self):
        """Open closed requests again: the clock goes on where it stopped.

        :raise AccessError: the caller does not work on requests
        :raise UserError: one of them is not closed
        """
        self._check_may_work()
        now = fields.Datetime.now()
        for request in self:
            if request.state != CLOSED:
                raise UserError(
                    self.env._(
                        "The request %s is not closed; only closed requests are opened again.",
                        request.name,
                    )
                )
            opened = request.sudo()
            moments, _hours = opened._after_standing(opened.resolved_at, now)
            opened.write(
                {
                    **moments,
                    "state": DOING,
                    "resolved_at": False,
                    "resolved_by": False,
                    "reopened": opened.reopened + 1,
                    "level": "0",
                }
            )
        return True

    def action_cancel(self):
        """Cancel requests the customer takes back; what they used of a benefit returns.

        :raise AccessError: the caller does not work on requests
        :raise UserError: one of them is closed or cancelled already
        """
        self._check_may_work()
        self._check_open()
        requests = self.sudo()
        requests.redemption_id.filtered(
            lambda redemption: redemption.state in ("requested", "approved", "issued")
        ).action_cancel()
        requests.write({"state": CANCELLED, "paused": False})
        return True

    # ------------------------------------------------------------
    # ESCALATION
    # ------------------------------------------------------------

    @api.model
    def _cron_escalate(self):
        """Every few minutes: tell who has to know. What was told is not told again."""
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, CASE WHEN %(now)s >= critical_at AND responded_at IS NOT NULL THEN '3'
                                WHEN %(now)s >= next_due THEN '2'
                                ELSE '1' END AS level
                  FROM vip_service_request
                 WHERE state IN ('new', 'doing') AND paused IS NOT TRUE AND warn_at <= %(now)s
                   AND level < CASE WHEN %(now)s >= critical_at AND responded_at IS NOT NULL THEN '3'
                                    WHEN %(now)s >= next_due THEN '2'
                                    ELSE '1' END
                """,
                now=now,
            )
        )
        by_level = {}
        for request_id, level in rows:
            by_level.setdefault(level, []).append(request_id)
        for level, ids in sorted(by_level.items()):
            requests = self.browse(ids)
            requests.write({"level": level})
            requests._escalate(level)
