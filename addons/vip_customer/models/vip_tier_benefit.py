from datetime import timedelta

from odoo import api, fields, models

from ..tools import quota

PERIODS = [(quota.MONTH, "Calendar month"), (quota.YEAR, "Policy year"), (quota.ONCE, "Once")]
CONTENT = {"tier_id", "benefit_id", "quantity", "period", "unit_value"}


class VipTierBenefit(models.Model):
    """How much of a benefit a tier promises: one cell of the tier matrix.

    Quantity 0 is unlimited; what a tier does not have has no record. ``year`` is the validity of the
    policy in force, ``month`` a calendar month, ``once`` once in a membership's life.

    A change counts from today on, for the entitlements of this period too (``vip.entitlement``, hourly
    or by “Grant now”). What was promised before stays readable in ``vip.tier.benefit.past``.
    """

    _name = "vip.tier.benefit"
    _description = "Benefit of a tier"
    _inherit = "vip.guarded.mixin"
    _order = "benefit_id, tier_id"
    _rec_name = "benefit_id"
    _guarded_fields = frozenset({"date_from"})

    tier_id = fields.Many2one("vip.tier", required=True, ondelete="cascade", index=True)
    benefit_id = fields.Many2one("vip.benefit", required=True, ondelete="cascade", index=True)
    quantity = fields.Integer(aggregator=None, help="Units in each period; 0 is unlimited.")
    period = fields.Selection(PERIODS, default=quota.YEAR, required=True)
    unit_value = fields.Monetary(
        compute="_compute_unit_value",
        store=True,
        readonly=False,
        precompute=True,
        string="Value of a unit",
        groups="vip_customer.group_vip_user,vip_customer.group_vip_auditor",
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    date_from = fields.Date(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self.env.company._vip_today(),
        string="Promised since",
    )
    delivery = fields.Selection(related="benefit_id.delivery")

    _once = models.Constraint(
        "UNIQUE (tier_id, benefit_id)", "This tier has this benefit already; change its quantity."
    )
    _quantity_positive = models.Constraint(
        "CHECK (quantity >= 0)", "The quantity of a benefit cannot be negative; 0 is unlimited."
    )
    _unit_value_positive = models.Constraint(
        "CHECK (unit_value >= 0)", "The value of a unit cannot be negative."
    )

    @api.depends("benefit_id")
    def _compute_unit_value(self):
        for promise in self:
            promise.unit_value = promise.benefit_id.unit_value

    def _compute_currency_id(self):
        self.currency_id = self.env.company.currency_id

    @api.depends("tier_id", "benefit_id")
    def _compute_display_name(self):
        for promise in self:
            promise.display_name = self.env._(
                "%(benefit)s, %(tier)s",
                benefit=promise.benefit_id.name or "",
                tier=promise.tier_id.name or "",
            )

    def write(self, vals):
        if CONTENT & vals.keys():
            changed = self.filtered(lambda promise: promise._is_changed(vals))
            changed._keep_past()
            # guarded: says since when the promise is what it is
            super(VipTierBenefit, changed.sudo()).write(
                {"date_from": self.env.company._vip_today()}
            )
        return super().write(vals)

    def unlink(self):
        self._keep_past()
        return super().unlink()

    def _is_changed(self, vals):
        self.ensure_one()
        names = CONTENT & vals.keys()
        now = self._convert_to_write({name: self[name] for name in names})
        return any(now[name] != vals[name] for name in names)

    def _keep_past(self):
        """Note what was promised until yesterday."""
        yesterday = self.env.company._vip_today() - timedelta(days=1)
        # nobody writes the past by hand
        self.env["vip.tier.benefit.past"].sudo().create(
            [
                {
                    "tier_id": promise.tier_id.id,
                    "benefit_id": promise.benefit_id.id,
                    "quantity": promise.quantity,
                    "period": promise.period,
                    "unit_value": promise.unit_value,
                    "date_from": promise.date_from,
                    "date_to": yesterday,
                }
                for promise in self
                if promise.date_from <= yesterday
            ]
        )
