from odoo import api, fields, models
from odoo.exceptions import ValidationError


class VipWorkingDay(models.Model):
    """A day that is worked although the week says otherwise: a Saturday made up for a holiday.

    Odoo's calendars know holidays, and no such days. The clock of service requests adds them.
    """

    _name = "vip.working.day"
    _description = "Make-up working day"
    _order = "date desc, hour_from"

    name = fields.Char(required=True, help="What it is made up for.")
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working hours",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self.env.company.resource_calendar_id,
    )
    date = fields.Date(required=True, default=lambda self: self.env.company._vip_today())
    hour_from = fields.Float(required=True, default=8.5, string="From hour")
    hour_to = fields.Float(required=True, default=18.5, string="Until hour")

    _hours_order = models.Constraint(
        "CHECK (0 <= hour_from AND hour_from < hour_to AND hour_to <= 24)",
        "Working hours begin before they end, between 00:00 and 24:00.",
    )

    @api.constrains("calendar_id", "date", "hour_from", "hour_to")
    def _check_overlap(self):
        for day in self:
            other = day.search(
                [
                    ("calendar_id", "=", day.calendar_id.id),
                    ("date", "=", day.date),
                    ("id", "!=", day.id),
                    ("hour_from", "<", day.hour_to),
                    ("hour_to", ">", day.hour_from),
                ],
                limit=1,
            )
            if other:
                raise ValidationError(
                    self.env._(
                        "“%(name)s” and “%(other)s” share hours of the same day.",
                        name=day.name,
                        other=other.name,
                    )
                )
