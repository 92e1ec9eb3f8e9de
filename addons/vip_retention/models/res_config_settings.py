from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    vip_protected_amount = fields.Monetary(
        related="company_id.vip_protected_amount",
        readonly=False,
        currency_field="vip_currency_id",
    )
