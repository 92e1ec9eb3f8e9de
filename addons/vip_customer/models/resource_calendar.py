from collections import defaultdict
from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

from odoo import fields, models
from odoo.exceptions import UserError

from ..tools import service_clock


class ResourceCalendar(models.Model):
    _inherit = "resource.calendar"

    vip_working_day_ids = fields.One2many(
        "vip.working.day", "calendar_id", string="Make-up working days"
    )

    def _vip_clock(self, first, company):
        """This calendar for ``tools.service_clock``: weekly hours, holidays, make-up days.

        :param datetime first: nothing before this moment (naive, UTC) is asked
        :param company: whose holidays count where they name no calendar
        :raise UserError: there are no working hours, or weeks that differ from each other
        """
        self.ensure_one()
        if self.two_weeks_calendar:
            raise UserError(
                self.env._(
                    "“%s” changes every other week; the clock of service requests needs a calendar "
                    "whose weeks are alike.",
                    self.name,
                )
            )
        week = defaultdict(list)
        for line in self.attendance_ids:
            if line.day_period != "lunch" and not line.display_type:
                hours = (round(line.hour_from * 60), round(line.hour_to * 60))
                week[int(line.dayofweek)].append(hours)
        extra = defaultdict(list)
        # a day earlier, because the zone of the calendar may be ahead
        eve = first.date() - timedelta(days=1)
        for day in self.vip_working_day_ids.filtered(lambda day: day.date >= eve):
            extra[day.date].append((round(day.hour_from * 60), round(day.hour_to * 60)))
        if not week and not extra:
            raise UserError(self._vip_never_open())
        return service_clock.Calendar(
            ZoneInfo(self.tz or "UTC"),
            week,
            extra,
            [
                (_aware(leave.date_from), _aware(leave.date_to))
                for leave in self._vip_holidays(first, company)
            ],
        )

    def _vip_holidays(self, first, company):
        """Leaves of everybody from a moment on: those of this calendar, and those that name none, as Odoo
        counts them."""
        return self.env["resource.calendar.leaves"].search(
            [
                ("resource_id", "=", False),
                ("time_type", "=", "leave"),
                ("date_to", ">", first),
                ("calendar_id", "in", [self.id, False]),
                ("company_id", "in", [company.id, False]),
            ]
        )

    def _vip_never_open(self):
        return self.env._(
            "“%s” has no working hours, so nothing can be due by it. Enter its hours, or choose another "
            "calendar for the service.",
            self.name,
        )


def _aware(moment):
    return moment.replace(tzinfo=timezone.utc)
