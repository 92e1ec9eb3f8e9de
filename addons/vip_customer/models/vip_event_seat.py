from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL


class VipEventSeat(models.Model):
    """The seats of one tier at a club event: the one truth of who still gets one.

    SPECIFICATION

    Whose tier has a line is eligible. ``taken`` counts people, companions too; ``waiting`` the
    invitations on the waiting list. Seats are counted by one conditional statement before anything else
    is written, so of two who take the last one exactly one succeeds; Odoo's own check counts
    registrations first and writes then, and oversells. Whoever goes through several rows takes this one
    before the invitations: nobody waits for somebody who waits for him.

    The list is served in order: while somebody waits, nobody overtakes him, and who does not fit with
    all of his companions holds the list up.
    """

    _name = "vip.event.seat"
    _description = "Seats of a tier at a club event"
    _inherit = "vip.guarded.mixin"
    _order = "event_id, tier_id"
    _rec_name = "tier_id"
    _guarded_fields = frozenset({"company_id", "taken", "waiting"})
    _scope_fields = frozenset({"event_id"})

    event_id = fields.Many2one("event.event", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="event_id.company_id", store=True, index=True)
    tier_id = fields.Many2one("vip.tier", required=True, ondelete="restrict")
    seats = fields.Integer(required=True, help="For guests and their companions.")
    taken = fields.Integer(readonly=True, copy=False, default=0)
    waiting = fields.Integer(
        readonly=True, copy=False, default=0, string="On the waiting list", help="Invitations."
    )
    left = fields.Integer(compute="_compute_left", string="Seats left")

    _event_tier_uniq = models.Constraint(
        "UNIQUE (event_id, tier_id)", "A tier has its seats at an event in one line."
    )
    _within = models.Constraint(
        "CHECK (taken BETWEEN 0 AND seats AND waiting >= 0)",
        "More seats cannot be taken than the tier has at this event.",
    )

    @api.depends("seats", "taken")
    def _compute_left(self):
        for line in self:
            line.left = line.seats - line.taken

    @api.constrains("event_id", "tier_id")
    def _check_kept(self):
        """Where seats are taken or waited for, the line stays that of its tier."""
        for line in self:
            strangers = self.env["vip.event.invitation"].sudo()  # also those of other branches
            if strangers.search_count(
                [
                    ("seat_id", "=", line.id),
                    "|",
                    ("event_id", "!=", line.event_id.id),
                    ("tier_id", "!=", line.tier_id.id),
                ],
                limit=1,
            ):
                raise ValidationError(
                    self.env._(
                        "Guests have seats in this line of “%(event)s” already. Add a line for "
                        "“%(tier)s” instead.",
                        event=line.event_id.name,
                        tier=line.tier_id.name,
                    )
                )

    def write(self, vals):
        if "seats" not in vals:
            return super().write(vals)
        for line in self:
            if isinstance(vals["seats"], int) and 0 <= vals["seats"] < line.taken:
                raise UserError(
                    self.env._(
                        "%(taken)s seats of “%(tier)s” at “%(event)s” are taken already, so there cannot "
                        "be only %(seats)s. Let guests decline first.",
                        taken=line.taken,
                        tier=line.tier_id.name,
                        event=line.event_id.name,
                        seats=vals["seats"],
                    )
                )
        result = super().write(vals)
        self.sudo()._move_up()  # who waited follows from the seats; he is not theirs to choose
        return result

    @api.constrains("seats")
    def _check_seats(self):
        for line in self:
            if line.seats < 0:
                raise ValidationError(
                    self.env._(
                        "“%(tier)s” cannot have %(seats)s seats at “%(event)s”. Give 0 or more.",
                        tier=line.tier_id.name,
                        seats=line.seats,
                        event=line.event_id.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for line in self:
            if line.taken or line.waiting:
                raise UserError(
                    self.env._(
                        "Guests of “%(tier)s” have seats at “%(event)s” or wait for them, so the line "
                        "stays. Lower the seats instead.",
                        tier=line.tier_id.name,
                        event=line.event_id.name,
                    )
                )

    # ------------------------------------------------------------
    # COUNTING
    # ------------------------------------------------------------

    def _take(self, people):
        """Take seats for an answer, or a place on the waiting list; run as superuser.

        :return: whether the seats are taken; else he waits
        """
        self.ensure_one()
        self.env.flush_all()
        while True:
            if self._count(
                SQL("taken = taken + %s", people),
                SQL("waiting = 0 AND taken + %s <= seats", people),
            ):
                return True
            # seats may have become free between the two statements
            if self._count(
                SQL("waiting = waiting + 1"),
                SQL("NOT (waiting = 0 AND taken + %s <= seats)", people),
            ):
                return False

    def _take_now(self, people, waited=0):
        """Take seats at once or not at all, whoever waits.

        :param waited: 1 where it is for somebody on the waiting list, who leaves it
        """
        self.env.flush_all()
        return self._count(
            SQL("taken = taken + %s, waiting = waiting - %s", people, waited),
            SQL("taken + %s <= seats", people),
        )

    def _give_back(self, people):
        self.env.flush_all()
        self._count(SQL("taken = taken - %s", people), SQL("TRUE"))

    def _leave_list(self):
        self.env.flush_all()
        self._count(SQL("waiting = waiting - 1"), SQL("TRUE"))

    def _hold(self):
        """Nobody else counts these seats until the end."""
        self.env.flush_all()
        self._count(SQL("waiting = waiting"), SQL("TRUE"))

    def _count(self, values, condition):
        """Change the figures where the condition holds, in one statement; whether it did."""
        self.ensure_one()
        self.env.cr.execute(
            SQL("UPDATE vip_event_seat SET %s WHERE id = %s AND %s", values, self.id, condition),
            log_exceptions=False,  # who comes second is no fault, see ``vip.redemption._taking``
        )
        self.invalidate_recordset(["seats", "taken", "waiting", "left"])
        return bool(self.env.cr.rowcount)

    def _move_up(self):
        """Seat who waits, in order, while there is room for him and all of his companions. Whose tier has
        no seats any more stays on the list and holds nobody up. Run as superuser."""
        for line in self:
            if not line.waiting or line.event_id._vip_is_closed():
                continue
            waiting = self.env["vip.event.invitation"].search(
                [("seat_id", "=", line.id), ("state", "=", "waiting")], order="waiting_since, id"
            )
            for invitation in waiting.filtered(lambda invitation: not invitation.is_tier_lost):
                if not line._take_now(1 + invitation.companions, waited=1):
                    break
                invitation._seat_from_list()
