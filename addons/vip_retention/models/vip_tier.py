from odoo import fields, models


class VipTier(models.Model):
    """Whether customers of the tier are protected: nothing of theirs is closed before somebody talked to
    them, see ``vip.membership._follow_protected``."""

    _inherit = "vip.tier"

    is_protected = fields.Boolean(
        string="Protected", help="Customers of this tier are protected as high-value customers."
    )
    protected_months = fields.Integer(
        string="Protected after",
        help="Full months with us after which they are protected. 0: at once.",
    )

    _protected_months_positive = models.Constraint(
        "CHECK (protected_months >= 0)",
        "The months after which a tier is protected cannot be negative.",
    )
