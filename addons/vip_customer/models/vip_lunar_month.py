from datetime import timedelta

from odoo import api, fields, models

from ..tools.greeting_days import LunarMonth


class VipLunarMonth(models.Model):
    """One month of the Chinese calendar, for birthdays that are kept in it."""

    _name = "vip.lunar.month"
    _description = "Lunar month"
    _order = "date_from"

    year = fields.Integer(required=True, string="Lunar year", aggregator=None)
    month = fields.Integer(required=True, string="Lunar month", aggregator=None)
    is_leap = fields.Boolean(string="Leap month")
    date_from = fields.Date(required=True, string="First day")
    days = fields.Integer(required=True, default=30, aggregator=None)

    _once = models.UniqueIndex(
        "(year, month, (is_leap IS TRUE))", "This lunar month is in the table already."
    )
    _month_number = models.Constraint(
        "CHECK (month BETWEEN 1 AND 12)", "The lunar months are numbered from 1 to 12."
    )
    _days_number = models.Constraint("CHECK (days IN (29, 30))", "A lunar month has 29 or 30 days.")

    @api.depends("year", "month", "is_leap")
    def _compute_display_name(self):
        for month in self:
            number = f"{month.year}-{month.month:02}"
            month.display_name = self.env._("%s (leap month)", number) if month.is_leap else number

    @api.model
    def _months(self, first=None, last=None):
        """The months that reach into these days as ``tools/greeting_days.py`` sees them, all of them
        without days; readable for everybody who asks for a birthday."""
        domain = []
        if first and last:
            domain = [("date_from", ">", first - timedelta(days=30)), ("date_from", "<=", last)]
        names = ["year", "month", "is_leap", "date_from", "days"]
        # a calendar on the wall
        months = self.sudo().search_fetch(domain, names)
        return [LunarMonth(*(month[name] for name in names)) for month in months]
