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

    def _vip_lang(self):
        """The language to write in where nobody is at the screen."""
        self.ensure_one()
        return self.partner_id.lang or self.env.lang
