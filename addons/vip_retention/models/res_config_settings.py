from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    vip_protected_amount = fields.Monetary(
        related="company_id.vip_protected_amount",
        readonly=False,
        currency_field="vip_currency_id",
    )
    vip_retention_calendar_id = fields.Many2one(
        related="company_id.vip_retention_calendar_id", readonly=False
    )
    vip_retention_margin = fields.Float(related="company_id.vip_retention_margin", readonly=False)
    vip_visit_value = fields.Monetary(
        related="company_id.vip_visit_value",
        readonly=False,
        currency_field="vip_currency_id",
    )
    vip_risk_medium = fields.Integer(related="company_id.vip_risk_medium", readonly=False)
    vip_risk_high = fields.Integer(related="company_id.vip_risk_high", readonly=False)
