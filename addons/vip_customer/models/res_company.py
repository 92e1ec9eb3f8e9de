import pytz

from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _vip_today(self):
        """Today in the company's calendar (``resource_calendar_id.tz``, UTC without one)."""
        self.ensure_one()
        zone = pytz.timezone(self.resource_calendar_id.tz or "UTC")
        now = pytz.utc.localize(fields.Datetime.now())
        return now.astimezone(zone).date()
