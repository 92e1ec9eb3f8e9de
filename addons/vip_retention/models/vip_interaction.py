from odoo import fields, models

from odoo.addons.vip_customer.models.vip_interaction import VipInteraction as Interaction


class VipInteraction(models.Model):
    """Contacts made to keep a customer."""

    _inherit = "vip.interaction"
    _guarded_fields = Interaction._guarded_fields | {"retention_case_id", "is_attempt"}

    retention_case_id = fields.Many2one(
        "vip.retention.case",
        string="Retention case",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    is_attempt = fields.Boolean(
        readonly=True, string="Attempt", help="Counts towards the contacts that a case may have."
    )

    def action_leave(self):
        """Open the dialog in which it is noted that the customer said here that he wants to leave."""
        self._require_one()
        return self.partner_id.action_vip_leave()
