from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    vip_greeting_gateway = fields.Selection(
        related="company_id.vip_greeting_gateway", readonly=False
    )
