from odoo import api, fields, models


class VipCustomerRecord(models.AbstractModel):
    """Something that belongs to one customer of the programme.

    The company is that of the customer's membership and nobody's to choose. Whoever gets such a record
    without being in the programme joins it.
    """

    _name = "vip.customer.record"
    _description = "Record of a VIP customer"
    _inherit = "vip.guarded.mixin"
    _guarded_fields = frozenset({"company_id"})
    _scope_fields = frozenset({"partner_id"})

    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        precompute=True,
        required=True,
        ondelete="restrict",
        index=True,
    )

    @api.depends("partner_id")
    def _compute_company_id(self):
        for record in self:
            partner = record.partner_id
            company = partner.vip_membership_id.company_id or partner.company_id
            record.company_id = company or self.env.company

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        # joining follows from having a record; it is no right of its own
        new = records.filtered(lambda record: not record.sudo().partner_id.vip_membership_id)
        for company, group in new.grouped("company_id").items():
            self.env["vip.membership"].sudo()._ensure(group.partner_id.ids, company)
        return records
