import pytz

from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    vip_redemption_limit = fields.Monetary(
        default=200,
        string="Redemptions without approval up to",
        help="A redemption of a higher value waits for the approval of a lead.",
    )
    vip_use_on_request = fields.Float(
        default=0.4,
        string="Expected use of benefits on request",
        help="Share of what is granted that customers are expected to use: the benefit cost of a run.",
    )
    vip_use_automatic = fields.Float(default=0.95, string="Expected use of automatic benefits")

    vip_greeting_gateway = fields.Selection(
        [("odoo", "By Odoo"), ("file", "Own gateway, by file")],
        required=True,
        default="odoo",
        string="Greetings by text message",
        help="Odoo sends the texts, or a daily file of messages takes them to a gateway of your own.",
    )

    vip_escalation_id = fields.Many2one(
        "res.users",
        string="Late service requests go to",
        domain="[('share', '=', False), ('company_ids', 'in', id)]",
        help="The manager who is told, beside the lead, when a service request is not resolved in time. "
        "Empty: everybody with the role Manager.",
    )
    vip_escalation_ids = fields.Many2many(
        "res.users",
        "vip_company_escalation_rel",
        "company_id",
        "user_id",
        string="Very late service requests go to",
        domain="[('share', '=', False), ('company_ids', 'in', id)]",
        help="The managers who are told when one and a half times of the time is over. Empty: everybody "
        "with the role Manager.",
    )

    _vip_redemption_limit_positive = models.Constraint(
        "CHECK (vip_redemption_limit >= 0)", "The limit of redemptions cannot be negative."
    )
    _vip_use_shares = models.Constraint(
        "CHECK (vip_use_on_request BETWEEN 0 AND 1 AND vip_use_automatic BETWEEN 0 AND 1)",
        "The expected use of benefits is a share between 0 % and 100 %.",
    )

    def _vip_tz(self):
        """The time zone of the company's calendar, UTC without one."""
        self.ensure_one()
        return self.resource_calendar_id.tz or "UTC"

    def _vip_today(self):
        """Today in the company's time zone."""
        return self._vip_local(fields.Datetime.now()).date()

    def _vip_local(self, moment, tz=None):
        """A UTC moment as it reads on a clock in this time zone, else in the company's.

        Contacts keep zones that were since renamed: what is not known counts as not set.
        """
        zone = pytz.timezone(tz if tz in pytz.all_timezones_set else self._vip_tz())
        return pytz.utc.localize(moment).astimezone(zone).replace(tzinfo=None)

    def _vip_lang(self):
        """The language to write in where nobody is at the screen."""
        self.ensure_one()
        return self.partner_id.lang or self.env.lang

    def _vip_managers(self):
        """Everybody with the role Manager in this company; run as superuser."""
        self.ensure_one()
        return self.env["res.users"].search(
            [
                ("share", "=", False),
                ("all_group_ids", "in", self.env.ref("vip_customer.group_vip_manager").ids),
                ("company_ids", "in", self.ids),
            ],
            order="id",
        )
