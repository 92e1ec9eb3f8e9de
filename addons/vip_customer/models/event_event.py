from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from .vip_event_invitation import (
    ACCEPTED,
    ATTENDED,
    CANCELLED,
    DECLINED,
    INVITED,
    MOVED,
    NO_ANSWER,
    NO_SHOW,
    WAITING,
)

READERS = "vip_customer.group_vip_desk,vip_customer.group_vip_auditor"
# the money of an event is no business of the desk
PRIVATE = "vip_customer.group_vip_user,vip_customer.group_vip_auditor"


class EventEvent(models.Model):
    """A club event is an event of Odoo to which customers of the programme are invited.

    Its seats are those of its lines, tier by tier (``vip.event.seat``); invitations and their answers are
    in ``vip.event.invitation``. When it is cancelled or moved, who is concerned is told.
    """

    _inherit = "event.event"

    vip_is_club = fields.Boolean(
        string="Club event", index="btree_not_null", help="VIP customers are invited to it."
    )
    vip_seat_ids = fields.One2many(
        "vip.event.seat", "event_id", string="Seats per tier", copy=True, groups=READERS
    )
    vip_tier_ids = fields.Many2many(
        "vip.tier",
        compute="_compute_vip_tier_ids",
        search="_search_vip_tier_ids",
        string="Eligible tiers",
        groups=READERS,
    )
    vip_companions = fields.Integer(
        string="Companions", groups=READERS, help="At most so many for each guest."
    )
    vip_answer_until = fields.Datetime(
        string="Answer until", copy=False, groups=READERS, help="Empty: until the event begins."
    )
    vip_benefit_id = fields.Many2one(
        "vip.benefit",
        string="Counted as",
        domain="[('delivery', '=', 'on_request')]",
        ondelete="set null",
        groups=READERS,
        help="The benefit of which a guest uses one unit for each seat when he comes. Empty: none.",
    )
    vip_budget = fields.Monetary(
        string="Budget", currency_field="vip_currency_id", copy=False, groups=PRIVATE
    )
    vip_actual_cost = fields.Monetary(
        string="Actual cost", currency_field="vip_currency_id", copy=False, groups=PRIVATE
    )
    vip_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of the costs", groups=READERS
    )
    vip_invitation_ids = fields.One2many(
        "vip.event.invitation", "event_id", string="Invitations", groups=READERS
    )
    # of the invitations that the user may read
    vip_invited_count = fields.Integer(
        compute="_compute_vip_counts", string="Invited", groups=READERS
    )
    vip_unanswered_count = fields.Integer(
        compute="_compute_vip_counts", string="Not answered", groups=READERS
    )
    vip_accepted_count = fields.Integer(
        compute="_compute_vip_counts",
        string="Accepted",
        groups=READERS,
        help="Who said yes, whether or not he came.",
    )
    vip_waiting_count = fields.Integer(
        compute="_compute_vip_counts", string="Waitlisted", groups=READERS
    )
    vip_declined_count = fields.Integer(
        compute="_compute_vip_counts", string="Declined", groups=READERS
    )
    vip_attended_count = fields.Integer(
        compute="_compute_vip_counts", string="Attended", groups=READERS
    )

    _vip_companions_positive = models.Constraint(
        "CHECK (vip_companions >= 0)", "The number of companions cannot be negative."
    )
    _vip_costs_positive = models.Constraint(
        "CHECK (vip_budget >= 0 AND vip_actual_cost >= 0)",
        "Budget and actual cost of an event cannot be negative.",
    )

    @api.model
    def _default_vip_benefit_id(self):
        return self.env.ref("vip_customer.benefit_club", raise_if_not_found=False)

    @api.onchange("vip_is_club")
    def _onchange_vip_is_club(self):
        if self.vip_is_club and not self.vip_benefit_id:
            self.vip_benefit_id = self._default_vip_benefit_id()

    @api.model_create_multi
    def create(self, vals_list):
        """A club event counts as the club benefit, unless something else is said. No default of the field:
        whoever plans events and has no VIP role could not create any."""
        events = super().create(vals_list)
        for event, vals in zip(events, vals_list, strict=True):
            if vals.get("vip_is_club") and "vip_benefit_id" not in vals:
                event.vip_benefit_id = self._default_vip_benefit_id()
        return events

    @api.depends("vip_seat_ids.tier_id")
    def _compute_vip_tier_ids(self):
        for event in self:
            event.vip_tier_ids = event.vip_seat_ids.tier_id

    def _search_vip_tier_ids(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        return Domain("vip_seat_ids.tier_id", operator, value)

    def _compute_vip_counts(self):
        counts = {}
        for event, state, count in self.env["vip.event.invitation"]._read_group(
            [("event_id", "in", self.ids)], ["event_id", "state"], ["__count"]
        ):
            counts.setdefault(event, {})[state] = count
        for event in self:
            own = counts.get(event, {})
            event.vip_invited_count = sum(own.values())
            event.vip_unanswered_count = own.get(INVITED, 0) + own.get(NO_ANSWER, 0)
            event.vip_accepted_count = sum(
                own.get(state, 0) for state in (ACCEPTED, ATTENDED, NO_SHOW)
            )
            event.vip_waiting_count = own.get(WAITING, 0)
            event.vip_declined_count = own.get(DECLINED, 0)
            event.vip_attended_count = own.get(ATTENDED, 0)

    @api.constrains("vip_is_club", "company_id", "is_multi_slots")
    def _check_vip_club(self):
        for event in self.filtered("vip_is_club"):
            if not event.company_id:
                raise ValidationError(
                    self.env._(
                        "The club event “%s” needs a company: its guests are customers of one.",
                        event.name,
                    )
                )
            if event.is_multi_slots:
                raise ValidationError(
                    self.env._(
                        "The club event “%s” cannot have several slots. Plan an event for each of them.",
                        event.name,
                    )
                )

    @api.constrains("vip_is_club", "company_id")
    def _check_vip_invited(self):
        """Invitations stay those of a club event of their company."""
        # whoever edits an event may not see the guests; they count all the same
        invitations = self.env["vip.event.invitation"].sudo()
        for event in self:
            invited = invitations.search([("event_id", "=", event.id)], limit=1)
            if invited and (not event.vip_is_club or invited.company_id != event.company_id):
                raise ValidationError(
                    self.env._(
                        "Customers are invited to “%s”, so it stays a club event of their company. "
                        "Cancel it, or copy it for others.",
                        event.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_vip_invited(self):
        # as above
        invited = self.env["vip.event.invitation"].sudo()
        for event in self:
            if invited.search_count([("event_id", "=", event.id)], limit=1):
                raise UserError(
                    self.env._(
                        "Customers are invited to “%s”, so it cannot be deleted. Cancel or archive it.",
                        event.name,
                    )
                )

    def write(self, vals):
        watched = {"date_begin", "address_id", "kanban_state", "active", "stage_id"}
        if watched.isdisjoint(vals):
            return super().write(vals)
        clubs = self.sudo().filtered("vip_is_club")  # who edits events may have no VIP role
        before = {event: event._vip_circumstances() for event in clubs}
        result = super().write(vals)
        for event, old in before.items():
            event._vip_follow_change(*old)
        return result

    def _vip_circumstances(self):
        """Whether it is cancelled, when and where it is."""
        return self._vip_is_cancelled(), self.date_begin, self.address_id

    def _vip_follow_change(self, was_cancelled, *when_and_where):
        """Tell the guests what is another now; run as superuser."""
        is_cancelled, *now = self._vip_circumstances()
        guests = self.vip_invitation_ids.filtered(lambda guest: guest.state in (ACCEPTED, WAITING))
        if is_cancelled and not was_cancelled:
            guests |= self.vip_invitation_ids.filtered(lambda guest: guest.state == INVITED)
            guests._tell(CANCELLED)
        elif not is_cancelled and now != when_and_where:
            guests.is_moved = True
            guests._tell(MOVED)

    def _vip_is_cancelled(self):
        self.ensure_one()
        return self.kanban_state == "cancel" or not self.active

    def _vip_is_closed(self):
        """Whether nobody is seated by himself any more."""
        return self._vip_is_cancelled() or self.date_begin <= fields.Datetime.now()

    def _vip_deadline(self):
        """The last moment for answers (UTC)."""
        self.ensure_one()
        return min(self.vip_answer_until or self.date_begin, self.date_begin)
