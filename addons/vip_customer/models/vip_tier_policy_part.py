from odoo import api, fields, models


class VipTierPolicyPart(models.AbstractModel):
    """What belongs to a policy and can be edited only while the policy is a draft."""

    _name = "vip.tier.policy.part"
    _description = "Part of a VIP tier policy"
    _inherit = "vip.guarded.mixin"
    _guarded_fields = frozenset({"company_id"})
    _scope_fields = frozenset({"policy_id"})

    policy_id = fields.Many2one("vip.tier.policy", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts.policy_id._check_editable()
        return parts

    def write(self, vals):
        self.policy_id._check_editable()
        result = super().write(vals)
        self.policy_id._check_editable()
        return result

    def unlink(self):
        self.policy_id._check_editable()
        return super().unlink()
