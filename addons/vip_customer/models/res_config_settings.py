from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    vip_redemption_limit = fields.Monetary(
        related="company_id.vip_redemption_limit",
        readonly=False,
        currency_field="vip_currency_id",
    )
    vip_use_on_request = fields.Float(related="company_id.vip_use_on_request", readonly=False)
    vip_use_automatic = fields.Float(related="company_id.vip_use_automatic", readonly=False)
    vip_currency_id = fields.Many2one(related="company_id.currency_id", string="VIP currency")
    vip_greeting_gateway = fields.Selection(
        related="company_id.vip_greeting_gateway", readonly=False
    )
    vip_escalation_id = fields.Many2one(related="company_id.vip_escalation_id", readonly=False)
    vip_escalation_ids = fields.Many2many(related="company_id.vip_escalation_ids", readonly=False)
