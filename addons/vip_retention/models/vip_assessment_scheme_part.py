from odoo import api, fields, models

ORGANISATION, STAFF, EQUIPMENT = "organisation", "staff", "equipment"
PARTS = [
    (ORGANISATION, "Organisation in place"),
    (STAFF, "Staff in place"),
    (EQUIPMENT, "Equipment in place"),
]


class VipAssessmentSchemePart(models.AbstractModel):
    """What belongs to a scheme, and changes only while nobody was assessed by it."""

    _name = "vip.assessment.scheme.part"
    _description = "Part of an assessment scheme"
    _inherit = "vip.guarded.mixin"
    _order = "sequence, id"
    _guarded_fields = frozenset({"company_id"})
    _scope_fields = frozenset({"scheme_id"})

    scheme_id = fields.Many2one(
        "vip.assessment.scheme", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="scheme_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts.scheme_id._check_unused()
        return parts

    def write(self, vals):
        self.scheme_id._check_unused()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self.scheme_id._check_unused()
