from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from .vip_event_invitation import ACCEPTED, ATTENDED, NO_SHOW, WAITING


class VipEventInvitation(models.Model):
    """Who came: the check-in of a guest and his companions, the contact that it is, and the benefit that
    it uses."""

    _inherit = "vip.event.invitation"  # pylint: disable=consider-merging-classes-inherited

    def action_check_in(self):
        """The guests are there, with all companions they announced.

        :raise AccessError: the caller has no role at the desk
        :raise UserError: the event is cancelled or has not come, a guest is in already, or there is no
            seat for somebody who had not accepted
        """
        return self._check_in_all(None)

    def action_check_in_alone(self):
        """The guests are there without companions.

        :raise AccessError, UserError: as ``action_check_in``
        """
        return self._check_in_all(0)

    def _check_in_all(self, companions):
        self._check_at_the_desk()

        def check_in():
            for guest in self.sudo()._in_order():
                guest._check_may_come()
                guest._check_in(guest.companions if companions is None else companions)

        self._at_once(check_in)
        people = sum(1 + guest.companions_came for guest in self)
        if len(self) == 1:
            message = self.env._(
                "%(customer)s is checked in: %(people)s people. %(note)s",
                customer=self.partner_id.display_name,
                people=people,
                note=self.benefit_note or "",
            ).strip()
        else:
            message = self.env._("Checked in: %s people.", people)
        return self._notification(message)

    def _check_at_the_desk(self):
        self._require("read")
        if not self.env.user.has_group("vip_customer.group_vip_desk"):
            raise AccessError(self.env._("This needs a role at the desk of the VIP programme."))

    def _check_may_come(self):
        self._check_not_cancelled()
        event, company = self.event_id, self.company_id
        if self.state == ATTENDED:
            raise UserError(
                self.env._(
                    "%(customer)s is checked in already, since %(moment)s by %(user)s.",
                    customer=self.partner_id.display_name,
                    moment=self._clock(self.checked_in_on),
                    user=self.checked_in_by.name,
                )
            )
        first_day = company._vip_local(event.date_begin, event.date_tz).date()
        if company._vip_local(fields.Datetime.now(), event.date_tz).date() < first_day:
            raise UserError(
                self.env._(
                    "“%(event)s” begins on %(moment)s; guests are checked in on that day.",
                    event=event.name,
                    moment=self._clock(event.date_begin),
                )
            )

    def _check_in(self, companions):
        """Note that a guest came; run as superuser."""
        if self.state not in (ACCEPTED, NO_SHOW):
            self._seat_at_the_door(companions)
        self._lock()
        self.write(
            {
                "state": ATTENDED,
                "companions_came": companions,
                "checked_in_on": fields.Datetime.now(),
                "checked_in_by": self.env.uid,
                "waiting_since": False,
            }
        )
        self._book(1 + companions, "done")
        self._note_contact()
        self._use_benefit()
        self._end_tasks()

    def _seat_at_the_door(self, companions):
        """Seats for somebody who comes without having one."""
        line = self._line_of_today()
        was_waiting = self.state == WAITING
        if was_waiting and line != self.seat_id:
            self.seat_id._leave_list()
        waited = int(was_waiting and line == self.seat_id)
        if not line._take_now(1 + companions, waited):
            raise UserError(
                self.env._(
                    "There are %(left)s seats left for “%(tier)s”, and %(customer)s needs %(people)s.",
                    left=line.left,
                    tier=line.tier_id.name,
                    customer=self.partner_id.display_name,
                    people=1 + companions,
                )
            )
        self._lock()
        self.write({"seat_id": line.id, "tier_id": line.tier_id.id, "companions": companions})

    def action_came_more(self):
        """One companion more came with a guest who is checked in.

        :raise AccessError: the caller has no role at the desk
        :raise UserError: he is not checked in, or that is more than allowed, or than there are seats
        """
        return self._change_came(1)

    def action_came_less(self):
        """One companion less came with a guest who is checked in.

        :raise AccessError, UserError: as ``action_came_more``
        """
        return self._change_came(-1)

    def _change_came(self, difference):
        self._require_one()
        self._check_at_the_desk()

        def change():
            guest = self.sudo()
            guest._check_is_in()
            came = guest.companions_came + difference
            guest._check_companions(came)
            if came > guest.companions and not guest.seat_id._take_now(1):
                raise UserError(
                    self.env._(
                        "All seats of “%(tier)s” are taken; one more companion of %(customer)s has none.",
                        tier=guest.seat_id.tier_id.name,
                        customer=guest.partner_id.display_name,
                    )
                )
            guest._lock()
            guest.write({"companions_came": came, "companions": max(came, guest.companions)})
            guest._book(1 + came, "done")
            guest._use_benefit()
            return True

        return self._at_once(change)

    def action_undo_check_in(self):
        """A guest was checked in by mistake: he is expected again, and what followed is taken back.

        :raise AccessError: the caller has no role at the desk
        :raise UserError: one of them is not checked in, or the benefit is settled already
        """
        self._check_at_the_desk()

        def undo():
            for guest in self.sudo()._in_order():
                guest._check_is_in()
                guest._return_benefit()
                guest._lock()
                guest.write(
                    {
                        "state": ACCEPTED,
                        "companions_came": 0,
                        "checked_in_on": False,
                        "checked_in_by": False,
                        "benefit_note": False,
                    }
                )
                guest._book(1 + guest.companions)
                guest.interaction_id.unlink()
            return True

        return self._at_once(undo)

    def action_no_show(self):
        """Guests who accepted and did not come, before the programme finds it out by itself.

        :raise AccessError: the caller has no role at the desk
        :raise UserError: the event has not begun, or one of them has no seat
        """
        self._check_at_the_desk()
        for guest in self:
            event = guest.event_id.sudo()
            if event.date_begin > fields.Datetime.now():
                raise UserError(
                    self.env._("“%s” has not begun, so nobody is missing yet.", event.name)
                )
            if guest.state not in (ACCEPTED, NO_SHOW):
                raise UserError(
                    self.env._(
                        "%s had not accepted, or is checked in, and cannot be missing.",
                        guest.partner_id.display_name,
                    )
                )
        self.sudo()._advance(ACCEPTED, {"state": NO_SHOW})
        return True

    def _check_is_in(self):
        if self.state != ATTENDED:
            raise UserError(self.env._("%s is not checked in yet.", self.partner_id.display_name))

    def _note_contact(self):
        """The gathering is a contact with the customer, once."""
        if self.interaction_id:
            return
        interactions = self.env["vip.interaction"]
        self.interaction_id = interactions.create(
            {
                "partner_id": self.partner_id.id,
                "channel_id": self.env.ref("vip_customer.channel_gathering").id,
                "result_id": interactions._result("met").id,
                "user_id": self.env.uid,
                "summary": self.env._("Came to “%s”", self.event_id.name),
            }
        )

    # ------------------------------------------------------------
    # THE BENEFIT
    # ------------------------------------------------------------

    def _use_benefit(self):
        """Redeem a unit of the event's benefit for each who came; a guest whose tier has none, or who has
        none left, comes in all the same."""
        people = 1 + self.companions_came
        if self.redemption_id.quantity == people and self.redemption_id.state != "cancelled":
            return
        self._return_benefit()
        benefit, member = self.event_id.vip_benefit_id, self.partner_id.vip_membership_id
        if not benefit or member.tier_id not in benefit.tier_benefit_ids.tier_id:
            return
        # each try of this guest has a key of its own, the same try the same
        origin = f"vip.event.invitation,{self.id},{self.redemption_id.id or 0}"
        try:
            with self.env.cr.savepoint():
                redemption = self.env["vip.redemption"]._redeem(
                    member,
                    benefit,
                    people,
                    origin,
                    channel_id=self.env.ref("vip_customer.channel_gathering").id,
                    note=self.event_id.name,
                )
        except UserError as error:
            self.benefit_note = str(error)
            return
        self.write({"redemption_id": redemption.id, "benefit_note": redemption._warning()})

    def _return_benefit(self):
        redemption = self.redemption_id
        if redemption.state == "delivered":
            raise UserError(
                self.env._(
                    "The seats of %(customer)s at “%(event)s” are settled as used. Correct the redemption "
                    "by a counter-entry.",
                    customer=self.partner_id.display_name,
                    event=self.event_id.name,
                )
            )
        if redemption and redemption.state != "cancelled":
            redemption._cancel()
