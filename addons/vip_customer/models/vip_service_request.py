from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_list

from ..tools import quota
from ..tools.phone_forms import masked
from .vip_service_type import TEAM

NEW, DOING, CLOSED, CANCELLED = "new", "doing", "closed", "cancelled"
OPEN_STATES = (NEW, DOING)
NORMAL, SERIOUS = "normal", "serious"
# A complaint of the same cause within so many days of the last one's closing is a repeated one; so many
# complaints within these days make the last one serious, and so does more than this wrongly charged.
REPEATED_DAYS = 90
SERIOUS_COMPLAINTS = 3
SERIOUS_AMOUNT = 100
# Bills that are shown beside a query.
BILL_MONTHS = 12
# What people write; all of it rests while a request is closed.
CONTENT = {
    "subtype_id",
    "number_id",
    "concerned",
    "channel_id",
    "description",
    "user_id",
    "answer",
    "severity",
    "overcharged",
    "is_public",
    "offered",
    "flight",
    "flight_date",
    "airport",
    "companions",
    "shown_vas_ids",
    "taken_vas_ids",
}


class VipServiceRequest(models.Model):
    """Something a customer asked for, with a clock.

    SPECIFICATION

    ``new`` -> ``doing`` (somebody answered him) -> ``closed`` with an answer, or ``cancelled``; what is
    closed may be opened again. Customer, service, tier and targets are frozen when it is opened: the tier
    of that day decides how fast it has to be answered and resolved, in working hours of the service's
    calendar (``vip_service_request_clock.py``). A serious complaint halves both, from the beginning.

    The desk opens and works requests of every customer of the company. A request goes to the customer's
    account manager, else the lead of his branch, or to the lead of the service's team.

    Some services ask for more: a bill query shows the bills to who works on it, a complaint has severity,
    cause (sub-type) and what was offered, a demonstration the services that were shown, a boarding has its
    flight and takes its units of the benefit through the one grant door when it is closed, with the
    request's number as origin.
    """

    _name = "vip.service.request"
    _description = "Service request"
    _inherit = ["rating.mixin", "mail.activity.mixin", "vip.customer.record"]
    _order = "next_due, id desc"
    _rec_names_search = ["name", "partner_id"]
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
            "respond_warn_at",
            "resolve_by",
            "resolve_warn_at",
            "critical_at",
            "next_due",
            "next_warn",
            "responded_at",
            "responded_by",
            "resolved_at",
            "resolved_by",
            "paused",
            "pause_ids",
            "paused_hours",
            "reopened",
            "respond_level",
            "resolve_level",
            "repeats_id",
            "redemption_id",
            "interaction_id",
            "rating_last_value",
        }
    )

    name = fields.Char(string="Request number", readonly=True, copy=False, default="")
    tier_id = fields.Many2one("vip.tier", readonly=True, ondelete="restrict", copy=False)
    tier_color = fields.Integer(related="tier_id.color")
    priority = fields.Integer(related="tier_id.queue_priority")
    type_id = fields.Many2one(
        "vip.service.type", string="Service", required=True, ondelete="restrict", index=True
    )
    subtype_id = fields.Many2one(
        "vip.service.subtype",
        string="Sub-type",
        ondelete="restrict",
        domain="[('type_id', '=', type_id)]",
    )
    with_subtypes = fields.Boolean(compute="_compute_with_subtypes")
    number_id = fields.Many2one(
        "vip.service.number",
        string="Number concerned",
        ondelete="restrict",
        domain="[('partner_id', '=', partner_id)]",
        groups="vip_customer.group_vip_user,vip_customer.group_vip_auditor",
    )
    # the desk sees no numbers: it types what the customer says
    concerned = fields.Char(
        compute="_compute_concerned",
        inverse="_inverse_concerned",
        compute_sudo=True,
        string="Number he means",
        help="An open number of the customer, as he says it. Empty: none in particular.",
    )
    channel_id = fields.Many2one("vip.channel", ondelete="restrict")
    description = fields.Text()
    user_id = fields.Many2one(
        "res.users",
        string="Assigned to",
        ondelete="restrict",
        index=True,
        tracking=True,
        copy=False,
        domain=lambda self: [
            ("share", "=", False),
            ("all_group_ids", "in", self.env.ref("vip_customer.group_vip_desk").ids),
        ],
    )
    state = fields.Selection(
        [
            (NEW, "To respond"),
            (DOING, "In progress"),
            (CLOSED, "Resolved"),
            (CANCELLED, "Cancelled"),
        ],
        default=NEW,
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        group_expand="_group_expand_state",
    )
    # the clock, see vip_service_request_clock.py
    opened_at = fields.Datetime(readonly=True, copy=False, string="Opened")
    opened_by = fields.Many2one(
        "res.users", readonly=True, copy=False, ondelete="restrict", string="Opened by"
    )
    respond_hours = fields.Float(readonly=True, copy=False, string="Response within")
    resolve_hours = fields.Float(readonly=True, copy=False, string="Resolution within")
    respond_by = fields.Datetime(readonly=True, copy=False, string="Respond by")
    resolve_by = fields.Datetime(readonly=True, copy=False, string="Resolve by", index=True)
    respond_warn_at = fields.Datetime(readonly=True, copy=False, string="Warning before response")
    resolve_warn_at = fields.Datetime(readonly=True, copy=False, string="Warning before resolution")
    critical_at = fields.Datetime(readonly=True, copy=False, string="Critical from")
    responded_at = fields.Datetime(readonly=True, copy=False, string="Responded on")
    responded_by = fields.Many2one(
        "res.users", readonly=True, copy=False, ondelete="restrict", string="Responded by"
    )
    resolved_at = fields.Datetime(readonly=True, copy=False, string="Resolved on")
    resolved_by = fields.Many2one(
        "res.users", readonly=True, copy=False, ondelete="restrict", string="Resolved by"
    )
    paused = fields.Boolean(readonly=True, copy=False)
    pause_ids = fields.One2many("vip.service.pause", "request_id", string="Pauses")
    paused_hours = fields.Float(readonly=True, copy=False, string="Hours paused")
    reopened = fields.Integer(readonly=True, copy=False, string="Times opened again")
    # what came of it
    answer = fields.Text(
        copy=False, string="Answer given", help="What the customer was told, and what was done."
    )
    redemption_id = fields.Many2one(
        "vip.redemption", readonly=True, copy=False, ondelete="restrict", index="btree_not_null"
    )
    interaction_id = fields.Many2one(
        "vip.interaction",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        groups="vip_customer.group_vip_user,vip_customer.group_vip_auditor",
    )
    # bill query
    with_bills = fields.Boolean(related="type_id.with_bills")
    bills = fields.Html(compute="_compute_bills", string="Latest bills", sanitize=False)
    # complaint
    with_complaint = fields.Boolean(related="type_id.with_complaint")
    severity = fields.Selection(
        [(NORMAL, "Normal"), (SERIOUS, "Serious")],
        default=NORMAL,
        required=True,
        tracking=True,
        copy=False,
        help="Serious complaints are answered and resolved in half the time. More than 100 wrongly charged, "
        "media or an authority named, or the third complaint in 90 days makes it serious.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    overcharged = fields.Monetary(string="Wrongly charged", copy=False)
    is_public = fields.Boolean(string="Media or authority named", copy=False)
    offered = fields.Text(
        copy=False, string="Offered to the customer", help="What the customer was offered."
    )
    repeats_id = fields.Many2one(
        "vip.service.request",
        readonly=True,
        copy=False,
        ondelete="restrict",
        string="Repeats complaint",
        index="btree_not_null",
    )
    # boarding
    with_flight = fields.Boolean(related="type_id.with_flight")
    flight = fields.Char(copy=False)
    flight_date = fields.Date(copy=False, string="Date of flight")
    airport = fields.Char(copy=False)
    companions = fields.Integer(copy=False)
    # today
    manager_id = fields.Many2one(related="partner_id.vip_manager_id", related_sudo=True)
    team_id = fields.Many2one(related="partner_id.vip_team_id", related_sudo=True)

    _number_uniq = models.UniqueIndex(
        "(name) WHERE name <> ''", "Another request has this number already."
    )
    _open_idx = models.Index("(next_due, id DESC) WHERE state IN ('new', 'doing')")
    _companions_positive = models.Constraint(
        "CHECK (companions >= 0)", "Companions cannot be fewer than none."
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("name", "type_id", "partner_id")
    def _compute_display_name(self):
        for request in self:
            request.display_name = request.name and self.env._(
                "%(number)s %(service)s, %(customer)s",
                number=request.name,
                service=request.type_id.name,
                customer=request.partner_id.display_name,
            )

    @api.depends("type_id")
    def _compute_with_subtypes(self):
        for request in self:
            request.with_subtypes = bool(request.type_id.subtype_ids)

    @api.depends("number_id")
    def _compute_concerned(self):
        for request in self:
            request.concerned = masked(request.number_id.number) if request.number_id else False

    def _inverse_concerned(self):
        for request in self:
            numbers = request.sudo().env["vip.service.number"]
            shown = masked(request.sudo().number_id.number) if request.sudo().number_id else False
            if request.concerned == shown:
                continue
            found = numbers.search(
                Domain("partner_id", "=", request.partner_id.id)
                & numbers._written(request.concerned or ""),
                limit=2,
            )
            if request.concerned and len(found) != 1:
                raise UserError(
                    self.env._(
                        "“%(number)s” is no open number of “%(customer)s”, or of several of them. Give it "
                        "in full, or leave it empty.",
                        number=request.concerned,
                        customer=request.partner_id.display_name,
                    )
                )
            request.sudo().number_id = found

    @api.model
    def _group_expand_state(self, states, _domain):
        """Columns for what is still to be done stand also where they are empty."""
        return [
            state
            for state, _label in self._fields["state"].selection
            if state in states or state in OPEN_STATES
        ]

    @api.depends("type_id", "number_id", "user_id", "state")
    @api.depends_context("uid")
    def _compute_bills(self):
        """The latest bills, for who works on the open request, or may read the customer's bills anyhow."""
        for request in self:
            request.bills = False
            if request.with_bills and request.partner_id and request._may_see_bills():
                rows = request._latest_bills()
                request.bills = self.env["ir.qweb"]._render(
                    "vip_customer.service_bills",
                    {"rows": rows, "currency": request.currency_id},
                )

    def _may_see_bills(self):
        if self.user_id == self.env.user and self.state in OPEN_STATES:
            return True
        facts = self.env["vip.billing.fact"]
        member = self.partner_id.with_env(self.env).vip_membership_id
        return facts.has_access("read") and bool(member) and member.has_access("read")

    def _latest_bills(self):
        """Month, amount and suspensions, of the number that the request is about, else of all."""
        request = self.sudo()  # checked: the bills of this request's customer, and of nobody else
        domain = Domain("partner_id", "=", request.partner_id.id)
        if request.number_id:
            domain &= Domain("number_id", "=", request.number_id.id)
        return request.env["vip.billing.fact"]._read_group(
            domain,
            ["month:month"],
            ["amount:sum", "arrears_suspensions:sum"],
            order="month:month desc",
            limit=BILL_MONTHS,
        )

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    @api.constrains("user_id")
    def _check_user(self):
        for request in self.filtered("user_id"):
            user = request.user_id
            if not user.has_group("vip_customer.group_vip_desk"):
                raise ValidationError(
                    self.env._(
                        "%(user)s does not work on service requests. Assign %(request)s to somebody of "
                        "the desk, or to an account manager.",
                        user=user.name,
                        request=request.name or self.env._("it"),
                    )
                )

    @api.constrains("number_id", "partner_id")
    def _check_number(self):
        for request in self.sudo():
            if request.number_id and request.number_id.partner_id != request.partner_id:
                raise ValidationError(
                    self.env._(
                        "The number is none of “%s”. Choose one of his numbers.",
                        request.partner_id.display_name,
                    )
                )

    @api.constrains("subtype_id", "type_id")
    def _check_subtype(self):
        for request in self.filtered("subtype_id"):
            if request.subtype_id.type_id != request.type_id:
                raise ValidationError(
                    self.env._(
                        "“%(subtype)s” does not belong to “%(service)s”. Choose one of its sub-types.",
                        subtype=request.subtype_id.name,
                        service=request.type_id.name,
                    )
                )

    @api.onchange("type_id")
    def _onchange_type_id(self):
        if self.subtype_id.type_id != self.type_id:
            self.subtype_id = False

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
        self.partner_id._vip_member()  # in a company of the caller
        request = self.sudo()  # what opening writes is nobody's to choose
        member = request.partner_id.vip_membership_id
        request._check_offered(member)
        request._check_flight()
        target = request._target(member)
        request._check_left(member)
        request.write(
            {
                "name": request._next_name(),
                "tier_id": member.tier_id.id,
                "severity": SERIOUS if request._is_serious() else request.severity,
                "repeats_id": request._repeated().id,
                "opened_at": request.opened_at or fields.Datetime.now(),
                "opened_by": self.env.uid,
                "respond_hours": target.respond_hours,
                "resolve_hours": target.resolve_hours,
                "user_id": request.user_id.id or request._assignee(member).id,
            }
        )
        request._set_deadlines()

    def _next_name(self):
        sequence = self.env["ir.sequence"].with_company(self.company_id)
        return sequence.next_by_code("vip.service.request") or ""

    def _check_offered(self, member):
        if not self.type_id.active:
            raise UserError(
                self.env._(
                    "“%s” is archived: no new requests. What is open goes on.", self.type_id.name
                )
            )
        if not member.tier_id:
            raise UserError(
                self.env._("“%s” is no VIP customer today.", self.partner_id.display_name)
            )

    def _target(self, member):
        """The target of the customer's tier.

        :raise UserError: the service is none of his tier
        """
        target = self.type_id.target_ids.filtered(lambda target: target.tier_id == member.tier_id)
        if not target:
            tiers = self.type_id.target_ids.tier_id.sorted("rank").mapped("name")
            raise UserError(
                self.env._(
                    "“%(service)s” is no service of %(tier)s, so there is no request for “%(customer)s”. "
                    "It is one of: %(tiers)s.",
                    service=self.type_id.name,
                    tier=member.tier_id.name,
                    customer=self.partner_id.display_name,
                    tiers=format_list(self.env, tiers) if tiers else self.env._("nobody"),
                )
            )
        return target

    def _check_flight(self):
        if self.with_flight and not (self.flight and self.flight_date and self.airport):
            raise UserError(
                self.env._(
                    "A boarding needs its flight, the date and the airport. Enter all three."
                )
            )

    def _check_left(self, member):
        """A service that uses a benefit is not promised where the benefit is used up.

        :raise UserError: naming what is left
        """
        benefit, units = self.type_id.benefit_id, self._units()
        if not benefit:
            return
        redemptions = self.env["vip.redemption"]
        redemptions._check_offered(member, benefit)
        line = redemptions._entitlement(member, benefit, False)
        may_exceed = line.is_unlimited or line.when_exhausted != quota.BLOCK
        if not may_exceed and line.used + units > line.granted:
            raise UserError(redemptions._used_up_sentence(line, units))

    def _units(self):
        """Units of the benefit that the service takes: the customer's, and one for each companion."""
        return 1 + self.companions

    def _assignee(self, member):
        """Who does it: the lead of the service's team, else who looks after the customer."""
        service = self.type_id
        lead = service.team_id.user_id.filtered("active") if service.assigned_to == TEAM else None
        return lead or member._responsible()

    # ------------------------------------------------------------
    # COMPLAINTS
    # ------------------------------------------------------------

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
            order="resolved_at desc, id desc",
            limit=1,
        )

    def _is_serious(self):
        """Whether what is known of it makes it serious, whatever somebody chose."""
        if not self.with_complaint:
            return False
        if self.overcharged > SERIOUS_AMOUNT or self.is_public:
            return True
        opened = self.opened_at or fields.Datetime.now()
        before = self.search_count(
            [
                ("partner_id", "=", self.partner_id.id),
                ("type_id.with_complaint", "=", True),
                ("state", "!=", CANCELLED),
                ("opened_at", ">=", opened - timedelta(days=REPEATED_DAYS)),
                ("opened_at", "<=", opened),
                ("id", "!=", self.id),
            ]
        )
        return before + 1 >= SERIOUS_COMPLAINTS

    # ------------------------------------------------------------
    # CHANGING
    # ------------------------------------------------------------

    def write(self, vals):
        if not self.env.su:
            self._check_frozen(vals)
        if {"severity", "overcharged", "is_public"}.isdisjoint(vals):
            return super().write(vals)
        opened = self.filtered("opened_at")  # what is just being opened has its severity
        result = super().write(vals)
        # deadlines follow from the severity; they are no right of their own
        opened.sudo()._follow_severity(vals)
        return result

    def _check_frozen(self, vals):
        self.check_access("write")
        for request in self:
            for name in ("partner_id", "type_id"):
                if name in vals and vals[name] != request[name].id:
                    raise UserError(
                        self.env._(
                            "Customer and service of %s are fixed: the clock runs by them. Cancel it and "
                            "open another request.",
                            request.name,
                        )
                    )
            if request.state not in OPEN_STATES and not CONTENT.isdisjoint(vals):
                raise UserError(
                    self.env._(
                        "The request %(number)s is %(state)s, so it stays as it is. Open it again, or add a "
                        "note.",
                        number=request.name,
                        state=request._state_label(),
                    )
                )

    def _follow_severity(self, vals):
        """Run as superuser after what makes a complaint serious was changed."""
        for request in self:
            if (
                request.severity == NORMAL
                and not {"overcharged", "is_public"}.isdisjoint(vals)
                and request._is_serious()
            ):
                request.severity = SERIOUS  # comes back here
            elif request.state in OPEN_STATES and "severity" in vals:
                request._set_deadlines()

    @api.model
    def _follow_manager_changes(self):
        """Open requests of who looked after a customer go to who does now, see
        ``vip.manager.assignment._after_manager_changes``."""
        rows = self.env.execute_query(
            SQL(
                """SELECT c.manager_id, array_agg(r.id)
                     FROM vip_manager_change c
                     JOIN vip_service_request r ON r.partner_id = c.partner_id
                      AND r.user_id = c.old_manager_id AND r.state IN ('new', 'doing')
                    WHERE c.manager_id IS NOT NULL AND c.manager_id <> c.old_manager_id
                    GROUP BY 1"""
            )
        )
        for manager_id, request_ids in rows:
            self.browse(request_ids).user_id = manager_id

    def _state_label(self):
        return dict(self._fields["state"]._description_selection(self.env))[self.state]

    # ------------------------------------------------------------
    # MESSAGES
    # ------------------------------------------------------------

    def _notify_thread(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_thread(message, msg_vals=msg_vals, **kwargs)
        # noting a contact follows from having had it
        self.sudo().partner_id.vip_membership_id._note_sent(message.sudo(), recipients, kwargs)
        return recipients

    def _message_post_after_hook(self, message, msg_values):
        # as above
        self.sudo().partner_id.vip_membership_id._note_received(message.sudo())
        return super()._message_post_after_hook(message, msg_values)
