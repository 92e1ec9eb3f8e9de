from odoo import fields, models


class VipRetentionAcceptLine(models.TransientModel):
    """One number at stake: whether the customer keeps it. Its name is masked for who may not read it."""

    _name = "vip.retention.accept.line"
    _description = "Number at stake"

    wizard_id = fields.Many2one(
        "vip.retention.accept",
        required=True,
        ondelete="cascade",
        index=True,
        export_string_translation=False,
    )
    number_id = fields.Many2one("vip.service.number", required=True, readonly=True)
    is_kept = fields.Boolean(string="He keeps it")
