from odoo import api, fields, models
from odoo.exceptions import UserError

from .vip_interaction import PURPOSES

REGULAR, OCCASION = "regular", "occasion"


class VipCareStep(models.Model):
    """One promise of a care plan: so many touches a year, or one on an occasion.

    An occasion's touch is due ``offset_days`` after it (before it where negative), on the manager's next
    working day; with ``within_days`` that many working days later, for what is to be done within days.
    What the programme sends by itself is no step: see ``vip.greeting.rule``.
    """

    _name = "vip.care.step"
    _description = "Step of a care plan"
    _order = "plan_id, kind desc, sequence, id"

    plan_id = fields.Many2one(
        "vip.care.plan", required=True, ondelete="cascade", index=True, string="Care plan"
    )
    tier_id = fields.Many2one(related="plan_id.tier_id")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [(REGULAR, "Regular"), (OCCASION, "On an occasion")], default=REGULAR, required=True
    )
    channel_id = fields.Many2one(
        "vip.channel", required=True, ondelete="restrict", index="btree_not_null"
    )
    times = fields.Integer(default=1, required=True, string="Times a year", aggregator=None)
    occasion_id = fields.Many2one(
        "vip.occasion",
        ondelete="restrict",
        index="btree_not_null",
        domain=[("is_mourning", "=", False)],
    )
    offset_days = fields.Integer(
        string="Days after",
        default=0,
        required=True,
        aggregator=None,
        help="Negative: days before the occasion.",
    )
    within_days = fields.Integer(
        string="Within working days",
        default=0,
        required=True,
        aggregator=None,
        help="0: on that day, or the next working day after it.",
    )
    purpose = fields.Selection(PURPOSES, default="courtesy", required=True)

    _times_in_a_year = models.Constraint(
        "CHECK (kind <> 'regular' OR times BETWEEN 1 AND 52)",
        "A regular touch comes between once and 52 times a year.",
    )
    _occasion_set = models.Constraint(
        "CHECK ((kind = 'occasion') = (occasion_id IS NOT NULL))",
        "A touch on an occasion needs the occasion; a regular one has none.",
    )
    _days_in_reach = models.Constraint(
        "CHECK (offset_days BETWEEN -180 AND 30 AND within_days BETWEEN 0 AND 20)",
        "A touch lies between 180 days before and 30 days after its occasion, and within 20 working days "
        "of that.",
    )

    @api.depends("channel_id", "times", "occasion_id", "kind", "offset_days")
    def _compute_display_name(self):
        for step in self:
            channel, occasion = step.channel_id.name or "", step.occasion_id.name or ""
            if step.kind == REGULAR:
                step.display_name = self.env._(
                    "%(channel)s, %(times)s times a year", channel=channel, times=step.times
                )
            elif step.offset_days < 0:
                step.display_name = self.env._(
                    "%(occasion)s, %(days)s days before: %(channel)s",
                    occasion=occasion,
                    days=-step.offset_days,
                    channel=channel,
                )
            else:
                step.display_name = self.env._(
                    "%(occasion)s: %(channel)s", occasion=occasion, channel=channel
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_planned(self):
        # touches count also where the user may not see them
        touches = self.env["vip.care.touch"].sudo()
        if planned := touches.search([("step_id", "in", self.ids)], limit=1).step_id:
            raise UserError(
                self.env._(
                    "Touches were planned by “%s”, so it cannot be deleted. Archive it instead.",
                    planned.display_name,
                )
            )
