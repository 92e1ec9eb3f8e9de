from odoo import fields, models

from ..models.vip_service_pause import PAUSE_REASONS


class VipServiceHold(models.TransientModel):
    """Asks why a service request has to wait."""

    _name = "vip.service.hold"
    _description = "Pause a service request"
    _inherit = "vip.guarded.mixin"
    _scope_fields = frozenset({"request_id"})

    request_id = fields.Many2one("vip.service.request", required=True, ondelete="cascade")
    reason = fields.Selection(PAUSE_REASONS, required=True, default="customer")
    note = fields.Char(help="What exactly is waited for, or until when.")

    def action_confirm(self):
        """Pause the request.

        :raise AccessError, UserError: as ``vip.service.request.pause``
        """
        self._require_one()
        self.request_id.pause(self.reason, self.note)
        return {"type": "ir.actions.act_window_close"}
