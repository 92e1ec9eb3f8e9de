from odoo import fields, models


class VipEventAnswer(models.TransientModel):
    """Accepting an invitation for a customer, with the companions he brings."""

    _name = "vip.event.answer"
    _description = "Answer of a customer to an invitation"
    _inherit = "vip.guarded.mixin"
    _scope_fields = frozenset({"invitation_id"})

    invitation_id = fields.Many2one("vip.event.invitation", required=True, ondelete="cascade")
    companions = fields.Integer()
    event_companions = fields.Integer(
        related="invitation_id.event_companions", string="Companions allowed"
    )

    def action_confirm(self):
        """Accept for the customer.

        :raise AccessError, UserError: as ``vip.event.invitation.answer``
        """
        self._require_one()
        invitation = self.invitation_id
        outcome = invitation.answer("accept", self.companions)
        said = invitation._say([outcome])
        said["params"]["next"] = {
            "type": "ir.actions.act_window_close",
            "infos": {"done": True},
        }
        return said
