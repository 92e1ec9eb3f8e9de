import re
import secrets

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, consteq, format_date, format_datetime

INVITED, ACCEPTED, DECLINED, NO_ANSWER, WAITING, ATTENDED, NO_SHOW = (
    "invited",
    "accepted",
    "declined",
    "no_answer",
    "waiting",
    "attended",
    "no_show",
)
# whose seats are taken
SEATED = (ACCEPTED, ATTENDED, NO_SHOW)
# what an answer came to, where nothing changed
SAME = "same"
# news for guests
INVITATION, SEAT, MOVED, CANCELLED = "invitation", "seat", "moved", "cancelled"
EMAIL, SMS, CALL = "email", "sms", "call"
MEDIA = [(EMAIL, "E-mail"), (SMS, "Text message"), (CALL, "Call")]


class VipEventInvitation(models.Model):
    """One customer invited to one club event: his answer, his seats, whether he came.

    SPECIFICATION

    ``invited`` -> ``accepted``, ``declined`` or, when the seats of his tier are taken, ``waiting``; the
    customer may change his mind until the event's deadline. The same answer twice is told so and changes
    nothing. Who says nothing by the deadline is ``no_answer``; he may answer when it is moved. Who
    waits is seated by himself as soon as there is room for him and his companions (``vip.event.seat``).
    After the event ``accepted`` becomes ``attended`` by the check-in, else ``no_show``.

    Accepting is refused when the event is cancelled, the deadline over, the customer's tier today not
    among those of the event, or there are more companions than allowed. A tier lost after that changes
    nothing but a mark. When the event is moved who has a seat keeps it, is told, and marked until he
    answers again.

    One registration of Odoo for the guest and each companion, made by accepting and cancelled by
    declining. The check-in notes the contact (``vip.interaction``) and uses the benefit that the event
    counts as, one unit for each seat; where that is refused the guest comes in all the same.

    The answer is given by a link without login, by who looks after the customer, or at the event. The
    link's token is readable by nobody.
    """

    _name = "vip.event.invitation"
    _description = "Invitation to a club event"
    _inherit = ["mail.thread", "mail.activity.mixin", "vip.customer.record"]
    _order = "event_id desc, partner_id, id"
    _rec_names_search = ["partner_id", "event_id"]
    _guarded_fields = frozenset(
        {
            "event_id",
            "partner_id",
            "company_id",
            "tier_id",
            "seat_id",
            "state",
            "companions",
            "companions_came",
            "registration_ids",
            "waiting_since",
            "is_moved",
            "answered_on",
            "answered_by",
            "checked_in_on",
            "checked_in_by",
            "interaction_id",
            "redemption_id",
            "benefit_note",
            "medium",
            "address",
            "news",
            "delivery",
            "delivery_note",
            "sms_id",
            "mail_id",
            "access_token",
        }
    )

    partner_id = fields.Many2one(readonly=True)
    event_id = fields.Many2one(
        "event.event",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
        domain="[('vip_is_club', '=', True)]",
    )
    date_begin = fields.Datetime(related="event_id.date_begin", string="Event begins")
    tier_id = fields.Many2one(
        "vip.tier",
        readonly=True,
        ondelete="restrict",
        index=True,
        help="The customer's tier when he was invited, and again when he accepted.",
    )
    tier_color = fields.Integer(related="tier_id.color")
    seat_id = fields.Many2one(
        "vip.event.seat",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        string="Seats of",
        help="The line of seats that he takes, or waits for.",
    )
    state = fields.Selection(
        [
            (INVITED, "Invited"),
            (ACCEPTED, "Accepted"),
            (WAITING, "Waitlisted"),
            (DECLINED, "Declined"),
            (NO_ANSWER, "No reply"),
            (ATTENDED, "Attended"),
            (NO_SHOW, "No-show"),
        ],
        default=INVITED,
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        group_expand=True,
    )
    companions = fields.Integer(readonly=True, tracking=True, default=0)
    companions_came = fields.Integer(readonly=True, string="Companions who came", default=0)
    registration_ids = fields.One2many(
        "event.registration", "vip_invitation_id", readonly=True, string="Registrations"
    )
    note = fields.Char(
        help="What the organiser should know: a diet, a pick-up, a seat by the door."
    )
    # answer
    waiting_since = fields.Datetime(readonly=True, copy=False, string="Waiting since")
    answered_on = fields.Datetime(readonly=True, copy=False, string="Answered on")
    answered_by = fields.Many2one(
        "res.users",
        readonly=True,
        ondelete="restrict",
        string="Answered for him by",
        help="Empty where the customer answered by the link himself.",
    )
    is_moved = fields.Boolean(
        readonly=True,
        string="Event moved since",
        help="Time or place changed after his answer, and he has not answered again.",
    )
    is_tier_lost = fields.Boolean(
        compute="_compute_is_tier_lost",
        search="_search_is_tier_lost",
        string="Tier lost",
        help="The customer's tier today has no seats at the event.",
    )
    # at the event
    checked_in_on = fields.Datetime(readonly=True, copy=False, string="Checked in on")
    checked_in_by = fields.Many2one(
        "res.users", readonly=True, ondelete="restrict", string="Checked in by"
    )
    interaction_id = fields.Many2one(
        "vip.interaction",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups="vip_customer.group_vip_user,vip_customer.group_vip_auditor",
    )
    redemption_id = fields.Many2one(
        "vip.redemption", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    benefit_note = fields.Char(
        readonly=True,
        string="Benefit",
        help="Why nothing was redeemed, or what is to be known of it.",
    )
    # how he hears of it
    medium = fields.Selection(MEDIA, readonly=True, default=CALL, required=True, string="Told by")
    address = fields.Char(
        readonly=True,
        string="Sent to",
        groups="vip_customer.group_vip_user,vip_customer.group_vip_auditor",
    )
    news = fields.Selection(
        [
            (INVITATION, "Invitation"),
            (SEAT, "A seat became free"),
            (MOVED, "Event moved"),
            (CANCELLED, "Event cancelled"),
        ],
        readonly=True,
        copy=False,
        string="Last told",
    )
    delivery = fields.Selection(
        [
            ("to_send", "To be sent"),
            ("queued", "In the queue"),
            ("sent", "Sent"),
            ("task", "Task"),
            ("failed", "Failed"),
        ],
        string="Delivery status",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    delivery_note = fields.Char(readonly=True, copy=False, string="Why it failed")
    sms_id = fields.Many2one(
        "sms.sms",
        string="Queued text",
        ondelete="set null",
        index="btree_not_null",
        groups="base.group_system",
    )
    mail_id = fields.Many2one(
        "mail.mail",
        string="Queued e-mail",
        ondelete="set null",
        index="btree_not_null",
        groups="base.group_system",
    )
    access_token = fields.Char(
        required=True,
        copy=False,
        exportable=False,
        export_string_translation=False,
        groups="base.group_system",
    )
    answer_url = fields.Char(
        compute="_compute_answer_url",
        exportable=False,
        export_string_translation=False,
        groups="base.group_system",
    )
    guest = fields.Char(
        compute="_compute_guest",
        search="_search_guest",
        string="Name, number or barcode",
        help="How a guest is found at the door.",
    )
    # whose customer it is today
    membership_id = fields.Many2one(related="partner_id.vip_membership_id", related_sudo=False)
    manager_id = fields.Many2one(related="partner_id.vip_manager_id", related_sudo=True)
    team_id = fields.Many2one(related="partner_id.vip_team_id", related_sudo=True)
    event_companions = fields.Integer(
        related="event_id.vip_companions", related_sudo=True, string="Companions allowed"
    )

    _event_partner_uniq = models.Constraint(
        "UNIQUE (event_id, partner_id)", "This customer is invited to this event already."
    )
    _companions_positive = models.Constraint(
        "CHECK (companions >= 0 AND companions_came >= 0)",
        "The number of companions cannot be negative.",
    )
    _seat_of_state = models.Constraint(
        "CHECK (seat_id IS NOT NULL OR state NOT IN ('accepted', 'waiting', 'attended', 'no_show'))",
        "Who accepts or waits has a line of seats.",
    )

    @api.model
    def _has_field_access(self, field, operation):
        """The link is the customer's own: no role reads it, not even an administrator's."""
        if field.name in ("access_token", "answer_url"):
            return self.env.su
        return super()._has_field_access(field, operation)

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("partner_id", "event_id")
    def _compute_display_name(self):
        for invitation in self:
            invitation.display_name = self.env._(
                "%(customer)s, %(event)s",
                customer=invitation.partner_id.display_name or "",
                event=invitation.event_id.sudo().name or "",  # the desk reads what it is about
            )

    @api.depends("partner_id.vip_tier_id", "event_id.vip_seat_ids.tier_id")
    def _compute_is_tier_lost(self):
        for invitation in self.sudo():
            tier = invitation.partner_id.vip_tier_id
            invitation.is_tier_lost = tier not in invitation.event_id.vip_seat_ids.tier_id

    def _search_is_tier_lost(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.env.flush_all()
        return Domain(
            "id",
            "in",
            SQL(
                """(SELECT i.id FROM vip_event_invitation i
                      JOIN vip_membership m ON m.partner_id = i.partner_id
                     WHERE NOT EXISTS (SELECT FROM vip_event_seat s
                                        WHERE s.event_id = i.event_id AND s.tier_id = m.tier_id))"""
            ),
        )

    @api.depends("partner_id")
    def _compute_guest(self):
        for invitation in self:
            invitation.guest = invitation.partner_id.display_name

    def _search_guest(self, operator, value):
        if operator not in ("ilike", "=", "in") or not value:
            return NotImplemented
        texts = [value] if isinstance(value, str) else [text for text in value if text]
        # the desk sees no numbers and no barcodes, it may only find whose one is
        numbers = self.env["vip.service.number"].sudo()
        found = Domain.FALSE
        for text in texts:
            owners = numbers.search(numbers._written(text), limit=20).partner_id
            found |= (
                Domain("partner_id", "in", owners.ids)
                | Domain("partner_id.name", "ilike", text)
                | Domain("partner_id.ref", "=ilike", text)
                | Domain("registration_ids", "any!", [("barcode", "=", text.strip())])
            )
        return found

    @api.depends("access_token")
    def _compute_answer_url(self):
        for invitation in self:
            base = invitation.company_id.get_base_url()
            invitation.answer_url = (
                f"{base}/vip/invitation/{invitation.id}/{invitation.access_token}"
            )

    @api.model_create_multi
    def create(self, vals_list):
        # no default: what a default gives is told to whoever asks for it
        return super().create(
            [{**vals, "access_token": secrets.token_urlsafe(18)} for vals in vals_list]
        )

    @api.model
    def _by_link(self, invitation_id, token):
        """The invitation, as superuser, that a link names; empty for a wrong one."""
        invitation = self.sudo().browse(invitation_id).exists() if invitation_id < 2**31 else self
        if not (invitation and token.isascii() and consteq(invitation.access_token, token)):
            return self.sudo().browse()
        partner = invitation.partner_id
        return invitation.with_context(
            lang=partner.lang or invitation.company_id._vip_lang(),
            allowed_company_ids=invitation.company_id.ids,
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_answered(self):
        for invitation in self:
            if invitation.state not in (INVITED, NO_ANSWER) or invitation.answered_on:
                raise UserError(
                    self.env._(
                        "“%s” was answered, so the invitation stays. Let the customer decline.",
                        invitation.display_name,
                    )
                )

    # ------------------------------------------------------------
    # ANSWERS
    # ------------------------------------------------------------

    def answer(self, answer, companions=0):
        """Answer an invitation for the customer.

        :param str answer: ``accept`` or ``decline``
        :param int companions: how many come with him
        :return: ``accepted``, ``waiting``, ``declined``; ``same`` where he had answered so before
        :rtype: str
        :raise AccessError: the caller does not look after the customer
        :raise UserError: the event is cancelled, it is too late, the tier has no seats at the event, or
            there are more companions than allowed
        """
        self._require_one("write")
        if answer not in ("accept", "decline"):
            raise UserError(
                self.env._("“%s” is no answer to an invitation. Accept or decline it.", answer)
            )
        # guarded: written by the programme's actions only, which checked the caller
        return self._at_once(lambda: self.sudo()._answer(answer == "accept", companions))

    def action_accept(self):
        """Accept for the customers, alone; where one may bring companions a dialog asks how many."""
        self._require("write")
        if len(self) == 1 and self.event_id.sudo().vip_companions:
            return {
                "type": "ir.actions.act_window",
                "name": self.env._("Accept for the customer"),
                "res_model": "vip.event.answer",
                "view_mode": "form",
                "views": [(False, "form")],
                "target": "new",
                "context": {
                    "default_invitation_id": self.id,
                    "default_companions": self.companions,
                },
            }
        return self._answer_all(True)

    def action_decline(self):
        """Decline for the customers."""
        self._require("write")
        return self._answer_all(False)

    def _answer_all(self, accepts):
        def answer():
            return [invitation._answer(accepts, 0) for invitation in self.sudo()._in_order()]

        outcomes = self._at_once(answer)
        return self._say(outcomes)

    def _say(self, outcomes):
        """What became of answers, as a message that reloads the screen."""
        waiting, same = outcomes.count(WAITING), outcomes.count(SAME)
        if len(outcomes) == 1:
            [outcome] = outcomes
            message = self._outcome_sentence(outcome)
        else:
            message = self.env._(
                "Accepted: %(accepted)s, on the waiting list: %(waiting)s, declined: %(declined)s, "
                "answered so before: %(same)s.",
                accepted=outcomes.count(ACCEPTED),
                waiting=waiting,
                declined=outcomes.count(DECLINED),
                same=same,
            )
        return self._notification(message, "warning" if waiting or same else "success")

    def _notification(self, message, kind="success"):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _outcome_sentence(self, outcome):
        """What a colleague reads after an answer."""
        terms = {
            "customer": self.partner_id.display_name,
            "people": 1 + self.companions,
            "tier": self.sudo().seat_id.tier_id.name,
        }
        if outcome == ACCEPTED:
            return self.env._("%(customer)s comes: %(people)s seats are taken.", **terms)
        if outcome == WAITING:
            return self.env._(
                "The seats of “%(tier)s” are taken: %(customer)s is on the waiting list and is told as "
                "soon as there is room for %(people)s.",
                **terms,
            )
        if outcome == DECLINED:
            return self.env._("%(customer)s does not come.", **terms)
        return self.env._("%(customer)s had answered so before; nothing changed.", **terms)

    def _at_once(self, call):
        """``call``, and again at once when others take the same seats: see ``vip.redemption._taking``."""
        return self.env["vip.redemption"]._taking(call)

    def _in_order(self):
        """As seats are taken: everybody goes through them in one order."""
        return self.sorted(lambda invitation: (invitation.seat_id.id, invitation.id))

    def _answer(self, accepts, companions=0, by_link=False):
        """``answer``; run as superuser after checking the caller."""
        self.ensure_one()
        self._check_not_cancelled()
        if self.state in (ATTENDED, NO_SHOW):
            raise UserError(
                self.env._(
                    "“%s” is over, so there is nothing to answer any more.", self.event_id.name
                )
            )
        if accepts:
            self._check_companions(companions)
        if self._is_answered(accepts, companions):
            return SAME
        self._check_in_time()
        if accepts:
            self._accept(companions)
        else:
            self._step_back()
        self.write(
            {
                "answered_on": fields.Datetime.now(),
                "answered_by": False if by_link else self.env.uid,
                "is_moved": False,
            }
        )
        self._end_tasks()
        return self.state

    def _is_answered(self, accepts, companions):
        if accepts:
            return (
                self.state in (ACCEPTED, WAITING)
                and self.companions == companions
                and not self.is_moved
            )
        return self.state == DECLINED

    def _check_not_cancelled(self):
        if self.event_id._vip_is_cancelled():
            raise UserError(
                self.env._("“%s” is cancelled. No answer is needed any more.", self.event_id.name)
            )

    def _check_in_time(self):
        deadline = self.event_id._vip_deadline()
        if deadline < fields.Datetime.now():
            raise UserError(
                self.env._(
                    "The invitation to “%(event)s” could be answered until %(moment)s. Please ask your "
                    "account manager.",
                    event=self.event_id.name,
                    moment=self._clock(deadline),
                )
            )

    def _clock(self, moment):
        """A moment as it reads where the event is."""
        return format_datetime(self.env, moment, tz=self.event_id.date_tz, dt_format="short")

    def _check_companions(self, companions):
        most = self.event_id.vip_companions
        if type(companions) is not int or not 0 <= companions <= most:
            raise UserError(
                self.env._(
                    "“%(event)s” has room for at most %(most)s companions of each guest, not for "
                    "“%(companions)s”.",
                    event=self.event_id.name,
                    most=most,
                    companions=companions,
                )
            )

    def _line_of_today(self):
        """The line of seats of the customer's tier today.

        :raise UserError: it has none at this event
        """
        tier = self.partner_id.vip_tier_id
        line = self.event_id.vip_seat_ids.filtered(lambda line: line.tier_id == tier)
        if tier and line:
            return line
        if self.tier_id and tier != self.tier_id:
            raise UserError(
                self.env._(
                    "The invitation to “%(event)s” was for “%(old)s”, a tier that %(customer)s does not "
                    "have any more, so it cannot be accepted.",
                    event=self.event_id.name,
                    old=self.tier_id.name,
                    customer=self.partner_id.display_name,
                )
            )
        raise UserError(
            self.env._(
                "“%(event)s” has no seats for the tier of %(customer)s, so the invitation cannot be "
                "accepted.",
                event=self.event_id.name,
                customer=self.partner_id.display_name,
            )
        )

    def _accept(self, companions):
        if self.state == ACCEPTED:
            self._change_companions(companions)
            return
        if self.state == WAITING:
            self.seat_id._hold()
            self._lock()
            self.companions = companions
            self.seat_id._move_up()  # with fewer companions there may be room
            return
        line = self._line_of_today()
        is_seated = line._take(1 + companions)  # first of all: see ``vip.event.seat``
        self._lock()
        self.write(
            {
                "seat_id": line.id,
                "tier_id": line.tier_id.id,
                "companions": companions,
                "state": ACCEPTED if is_seated else WAITING,
                "waiting_since": False if is_seated else fields.Datetime.now(),
            }
        )
        if is_seated:
            self._book(1 + companions)

    def _change_companions(self, companions):
        more = companions - self.companions
        line = self.seat_id
        if more > 0:
            self._line_of_today()
            if line.waiting or not line._take_now(more):
                raise UserError(
                    self.env._(
                        "There are no seats left for %(more)s more at “%(event)s”. Your %(people)s stay "
                        "reserved.",
                        more=more,
                        event=self.event_id.name,
                        people=1 + self.companions,
                    )
                )
        elif more < 0:
            line._give_back(-more)
        self._lock()
        self.companions = companions
        self._book(1 + companions)
        if more < 0:
            line._move_up()

    def _step_back(self):
        """Give up the seats, or the place on the waiting list; who waited moves up."""
        line, people, state = self.seat_id, 1 + self.companions, self.state
        if state == ACCEPTED:
            line._give_back(people)
        elif state == WAITING:
            line._leave_list()
        self._lock()
        self.write({"state": DECLINED, "waiting_since": False, "is_moved": False})
        self._book(0)
        line._move_up()

    def _lock(self):
        """Nobody else writes this invitation until the end, and nobody did since we read it.

        :raise ConcurrencyError: somebody did; it begins again
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "SELECT FROM vip_event_invitation WHERE id = %s AND state = %s FOR UPDATE",
                self.id,
                self.state,
            ),
            log_exceptions=False,
        )
        if not self.env.cr.rowcount:
            raise ConcurrencyError(f"Invitation {self.id} was answered meanwhile.")

    def _seat_from_list(self):
        """Somebody who waited has his seats now; they are counted already."""
        self._lock()
        self.write({"state": ACCEPTED, "waiting_since": False})
        self._book(1 + self.companions)
        self._tell(SEAT)

    def _page_values(self):
        """What the page of the link shows beside the invitation itself; run as superuser."""
        event = self.event_id
        deadline = event._vip_deadline()
        is_cancelled = event._vip_is_cancelled()
        is_late = deadline < fields.Datetime.now()
        return {
            "when": self._clock_range(),
            "where": self._where(),
            "greeting": self.env._("Dear %s,", self.partner_id.name),
            "waiting": self.env._(
                "All seats are taken at the moment. You are on the waiting list, and we let you know as "
                "soon as there is room for you and your companions."
            )
            if self.companions
            else self.env._(
                "All seats are taken at the moment. You are on the waiting list, and we let you know as "
                "soon as there is room for you."
            ),
            "lost": self.env._(
                "This invitation was for a tier that you do not have any more. Please ask your account "
                "manager."
            ),
            "coming": self.env._("Companions: %s.", self.companions) if self.companions else "",
            "until": self.env._(
                "You may answer, and change your mind, until %s.", self._clock(deadline)
            ),
            "over": self.env._(
                "The time for answers is over since %s. Please ask your account manager.",
                self._clock(deadline),
            ),
            "is_cancelled": is_cancelled,
            "is_late": is_late,
            "is_open": not (is_cancelled or is_late or self.state in (ATTENDED, NO_SHOW)),
            "most": event.vip_companions,
            "may_accept": not self.is_tier_lost or self.state == ACCEPTED,
        }

    def _where(self):
        """The address in a line, without the gaps that parts of it leave which are not filled in."""
        parts = re.split(r"\s*[,\n]\s*", self.event_id.address_inline or "")
        return ", ".join(part for part in parts if part)

    def _clock_range(self):
        """From when till when, as it reads where the event is."""
        event = self.event_id
        begin, end = (
            self.company_id._vip_local(moment, event.date_tz)
            for moment in (event.date_begin, event.date_end)
        )
        last = f"{end:%H:%M}"
        if begin.date() != end.date():
            last = f"{format_date(self.env, end, date_format='full')} {last}"
        return f"{format_date(self.env, begin, date_format='full')} {begin:%H:%M} – {last}"

    # ------------------------------------------------------------
    # REGISTRATIONS
    # ------------------------------------------------------------

    def _book(self, people, state="open"):
        """Have so many registrations in a state, the guest's first; what is beyond is cancelled."""
        found = self.registration_ids.sorted(lambda seat: (seat.vip_is_companion, seat.id))
        kept, others = found[:people], found[people:]
        kept.filtered(lambda seat: seat.state != state).write({"state": state})
        others.filtered(lambda seat: seat.state != "cancel").write({"state": "cancel"})
        self.env["event.registration"].create(
            [
                {**self._prepare_registration(number), "state": state}
                for number in range(len(kept), people)
            ]
        )

    def _prepare_registration(self, number):
        """The values of the guest's registration, and of those of his companions."""
        partner = self.partner_id
        values = {"event_id": self.event_id.id, "vip_invitation_id": self.id}
        if not number:
            return {
                **values,
                "partner_id": partner.id,
                "name": partner.name,
                "email": partner.email,
                "phone": partner.phone,
            }
        name = self.env._(
            "Companion %(number)s of %(guest)s", number=number, guest=partner.name or ""
        )
        return {**values, "name": name, "vip_is_companion": True}

    def _follow_registrations(self):
        """Do what somebody did with the registrations in Odoo's events: cancel, or check in. Run as
        superuser; our own changes come after the invitation's and are found done."""
        for invitation in self.filtered(lambda invitation: invitation.state in SEATED):
            guest = invitation.registration_ids.filtered(lambda seat: not seat.vip_is_companion)[:1]
            companions = invitation.registration_ids.filtered(
                lambda seat: (
                    seat.vip_is_companion and seat.state in ("open", "done") and seat.active
                )
            )
            if invitation.state != ATTENDED and guest.state == "done":
                invitation._check_in(len(companions))
            elif invitation.state != ACCEPTED:
                continue
            elif guest.state == "cancel" or not guest.active:
                invitation._step_back()
            elif len(companions) < invitation.companions:
                invitation._change_companions(len(companions))

    # ------------------------------------------------------------
    # WHEN TIME GOES BY
    # ------------------------------------------------------------

    @api.model
    def _cron_follow(self):
        """Every half hour: who did not answer in time, who did not come, what is to be told now, and what
        became of it. Running it twice changes nothing."""
        # hundreds of guests at once, whose states say it: a tracked write costs many times as much
        quiet = self.with_context(tracking_disable=True)
        quiet._end_of_answers()
        quiet._end_of_events()
        self._hand_out()
        self._follow_queues()

    @api.model
    def _end_of_answers(self):
        now = fields.Datetime.now()
        over = Domain("event_id.date_begin", "<", now) | Domain(
            "event_id.vip_answer_until", "<", now
        )
        silent = self.search(Domain("state", "=", INVITED) & over)
        silent._advance(INVITED, {"state": NO_ANSWER})
        # a deadline that was moved: they may answer again
        again = self.search(
            Domain("state", "=", NO_ANSWER)
            & Domain("event_id.date_begin", ">", now)
            & (
                Domain("event_id.vip_answer_until", "=", False)
                | Domain("event_id.vip_answer_until", ">", now)
            )
        )
        again._advance(NO_ANSWER, {"state": INVITED})

    @api.model
    def _end_of_events(self):
        now = fields.Datetime.now()
        absent = self.search([("state", "=", ACCEPTED), ("event_id.date_end", "<", now)])
        absent = absent.filtered(lambda guest: not guest.event_id._vip_is_cancelled())
        absent._advance(ACCEPTED, {"state": NO_SHOW})
        used = self.search(
            [
                ("state", "=", ATTENDED),
                ("event_id.date_end", "<", now),
                ("redemption_id.state", "in", ("approved", "issued")),
            ]
        )
        used.redemption_id.action_deliver()

    def _advance(self, old, values):
        """Write values for those who are still in a state; who answers at this moment wins."""
        if not self:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """SELECT id FROM vip_event_invitation WHERE id = ANY(%s) AND state = %s
                    ORDER BY id FOR UPDATE SKIP LOCKED""",
                self.ids,
                old,
            )
        )
        still = self.browse(row[0] for row in self.env.cr.fetchall())
        still.write(values)
        still._end_tasks()
