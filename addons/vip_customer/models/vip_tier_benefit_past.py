from odoo import fields, models

from .vip_tier_benefit import PERIODS


class VipTierBenefitPast(models.Model):
    """What a tier promised of a benefit until the matrix was changed: last year's rights stay
    explainable. Written by ``vip.tier.benefit`` only."""

    _name = "vip.tier.benefit.past"
    _description = "Earlier benefit of a tier"
    _order = "date_to desc, benefit_id, tier_id"
    _rec_name = "benefit_id"

    tier_id = fields.Many2one(
        "vip.tier", required=True, ondelete="restrict", index=True, readonly=True
    )
    benefit_id = fields.Many2one(
        "vip.benefit", required=True, ondelete="restrict", index=True, readonly=True
    )
    quantity = fields.Integer(readonly=True)
    period = fields.Selection(PERIODS, required=True, readonly=True)
    unit_value = fields.Monetary(readonly=True, string="Value of a unit")
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    date_from = fields.Date(required=True, readonly=True, string="From")
    date_to = fields.Date(required=True, readonly=True, string="Until", help="Last day, included.")

    def _compute_currency_id(self):
        self.currency_id = self.env.company.currency_id
