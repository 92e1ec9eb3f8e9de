from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    vip_retention_calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working hours of retention",
        default=lambda self: self.env.ref("vip_customer.calendar_office", raise_if_not_found=False),
    )
    vip_retention_margin = fields.Float(
        default=30, string="Margin", help="Share of a bill that the company earns, in percent."
    )
    vip_visit_value = fields.Monetary(
        default=12000,
        string="Home visit from",
        help="Billed in a year from which a home visit is proposed to somebody who wants to leave.",
    )
    vip_protected_amount = fields.Monetary(
        default=12000,
        string="Protected from, a year",
        help="Who was billed this much in the last 12 full months is protected, whatever his tier. 0: "
        "nobody for that.",
    )

    _vip_margin_share = models.Constraint(
        "CHECK (vip_retention_margin > 0 AND vip_retention_margin <= 100)",
        "The margin is a share of the bill: more than 0 and at most 100 percent.",
    )
    _vip_protected_amount_positive = models.Constraint(
        "CHECK (vip_protected_amount >= 0)",
        "The amount from which customers are protected cannot be negative.",
    )

    # risk
    vip_risk_medium = fields.Integer(
        default=30,
        required=True,
        string="Medium risk from",
        help="The lowest score of medium risk.",
    )
    vip_risk_high = fields.Integer(
        default=60, required=True, string="High risk from", help="The lowest score of high risk."
    )
    # how far the assessment of the night has come: its day, and the last membership
    vip_risk_day = fields.Date(readonly=True)
    vip_risk_done = fields.Integer(readonly=True)

    _vip_risk_bands = models.Constraint(
        "CHECK (vip_risk_medium > 0 AND vip_risk_medium < vip_risk_high AND vip_risk_high <= 100)",
        "The bands of risk are in the wrong order: medium begins above 0, high above medium, at 100 at most.",
    )

    def write(self, vals):
        """Other bands of risk are other levels of everybody, as soon as may be."""
        changed = self.filtered(
            lambda company: any(
                name in vals and company[name] != vals[name]
                for name in ("vip_risk_medium", "vip_risk_high")
            )
        )
        result = super().write(vals)
        # the progress of the night is the programme's
        self.env["vip.membership"].sudo()._assess_risk_soon(changed)
        return result

    def _vip_retention_calendar(self):
        """The working hours in which deadlines of retention run, else the company's."""
        self.ensure_one()
        return self.vip_retention_calendar_id or self.resource_calendar_id

    def _vip_retention_clock(self):
        """These working hours from now on, for ``tools/deadlines.py``."""
        return self._vip_retention_calendar()._vip_clock(fields.Datetime.now(), self)
