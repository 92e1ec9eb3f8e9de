from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.vip_customer.tools import portfolio


class VipTier(models.Model):
    """How fast somebody of the tier who wants to leave is spoken to, and whether customers of the tier are
    protected: nothing of theirs is closed before that, see ``vip.membership._follow_protected``."""

    _inherit = "vip.tier"

    first_contact_hours = fields.Float(
        default=16,
        string="First contact within",
        help="Working hours in which somebody who wants to leave is spoken to.",
    )
    is_protected = fields.Boolean(
        string="Protected", help="Customers of this tier are protected as high-value customers."
    )
    protected_months = fields.Integer(
        string="Protected after",
        help="Full months with us after which they are protected. 0: at once.",
    )

    opens_risk_case = fields.Boolean(
        string="High risk opens a case",
        help="A retention case for the account manager, instead of a task.",
    )

    _first_contact_positive = models.Constraint(
        "CHECK (first_contact_hours > 0)", "The first contact needs some time: more than 0 hours."
    )
    _protected_months_positive = models.Constraint(
        "CHECK (protected_months >= 0)",
        "The months after which a tier is protected cannot be negative.",
    )

    @api.model
    def _portfolio_weights(self):
        """Tier id -> the work that a customer of it means for his account manager."""
        tiers = self.with_context(active_test=False).search(Domain.TRUE)
        active = tiers.filtered("active")
        return {
            tier.id: portfolio.weight(active.ids.index(tier.id) if tier.active else len(active))
            for tier in tiers
        }
