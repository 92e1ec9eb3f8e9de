from odoo import api, fields, models

from odoo.addons.vip_customer.models.vip_interaction import VipInteraction as Interaction


class VipInteraction(models.Model):
    """Contacts made to keep a customer; one that he rated makes him be assessed anew at once."""

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

    _rated_idx = models.Index("(partner_id) WHERE rating IS NOT NULL")

    @api.model_create_multi
    def create(self, vals_list):
        interactions = super().create(vals_list)
        interactions.filtered("rating")._members()._renew_risk()
        return interactions

    def write(self, vals):
        result = super().write(vals)
        if "rating" in vals:
            self._members()._renew_risk()
        return result

    def action_leave(self):
        """Open the dialog in which it is noted that the customer said here that he wants to leave."""
        self._require_one()
        return self.partner_id.action_vip_leave()
