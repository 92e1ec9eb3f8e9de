from odoo import fields, models


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

    manager_load = fields.Float(
        default=1,
        string="Weight in customers per manager",
        help="How much of an account manager's time a customer of the tier takes, beside one with 1.",
    )
    opens_risk_case = fields.Boolean(
        string="High risk opens a case",
        help="A retention case for the account manager, instead of a task.",
    )

    _first_contact_positive = models.Constraint(
        "CHECK (first_contact_hours > 0)", "The first contact needs some time: more than 0 hours."
    )
    _manager_load_positive = models.Constraint(
        "CHECK (manager_load > 0)",
        "A customer takes some of his account manager's time: a weight of more than 0.",
    )
    _protected_months_positive = models.Constraint(
        "CHECK (protected_months >= 0)",
        "The months after which a tier is protected cannot be negative.",
    )
