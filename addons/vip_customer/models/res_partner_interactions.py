from odoo import models


class ResPartner(models.Model):
    """Messages of a customer's contact page land in his timeline."""

    _inherit = "res.partner"  # pylint: disable=consider-merging-classes-inherited

    def _notify_thread(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_thread(message, msg_vals=msg_vals, **kwargs)
        # whose customer it is is no matter of who writes to him
        members = self.sudo().vip_membership_id
        members._note_sent(message.sudo(), recipients, kwargs)
        return recipients

    def _message_post_after_hook(self, message, msg_values):
        # as above
        self.sudo().vip_membership_id._note_received(message.sudo())
        return super()._message_post_after_hook(message, msg_values)
