from odoo import api, fields, models
from odoo.fields import Domain

DESK, ACCOUNT_MANAGER, LEAD, MANAGER = "desk", "account_manager", "lead", "manager"
AUTHORITIES = [
    (DESK, "Front desk"),
    (ACCOUNT_MANAGER, "Account manager"),
    (LEAD, "Team lead"),
    (MANAGER, "Manager"),
]
NOTHING, BILLING, NETWORK, ENTITLEMENT, OVERRIDE = (
    "nothing",
    "billing",
    "network",
    "entitlement",
    "override",
)


class VipRetentionOffer(models.Model):
    """A plan in the catalogue: what may be offered to somebody who wants to leave.

    It fits a case when reason and tier do (none named: all of them; a kind of reason covers the reasons
    below it). ``authority`` is who may grant it without asking. ``open_to_all`` offers are open to every
    customer of the tier; only these are shown to who ports his number out. ``cooldown_days`` rest per
    customer and offer after an acceptance. ``watch_days`` is how long a customer who accepted is watched
    before he counts as kept.
    """

    _name = "vip.retention.offer"
    _description = "Offer"
    _order = "sequence, id"
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    description = fields.Text(
        translate=True, help="What is said to the customer, and what has to be done."
    )
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_currency_id", string="Currency of the company"
    )
    cost = fields.Monetary(help="What it costs the company, in the company's currency.")
    authority = fields.Selection(AUTHORITIES, default=DESK, required=True)
    cooldown_days = fields.Integer(
        string="Cool-down",
        help="Days after an acceptance until the customer may be offered it again.",
    )
    watch_days = fields.Integer(
        default=30, string="Watch period", help="Days until it shows whether the customer was kept."
    )
    open_to_all = fields.Boolean(
        string="Open to all", help="Open to every customer of the tier, whoever asks."
    )
    done_in = fields.Selection(
        [
            (NOTHING, "Nothing to do"),
            (BILLING, "Billing system"),
            (NETWORK, "Network"),
            (ENTITLEMENT, "Entitlement"),
            (OVERRIDE, "Tier override"),
        ],
        default=BILLING,
        required=True,
        string="Done where",
    )
    benefit_ids = fields.Many2many(
        "vip.benefit",
        string="Benefits to choose from",
        help="Of which the customer is given one unit.",
    )
    override_months = fields.Integer(
        default=6, string="Tier kept for", help="Months for which the tier is kept."
    )
    reason_ids = fields.Many2many(
        "vip.retention.reason", string="Reasons it fits", help="None: all of them."
    )
    tier_ids = fields.Many2many("vip.tier", string="Tiers it fits", help="None: all of them.")
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint("UNIQUE (code)", "Another offer has this code already.")
    _positive = models.Constraint(
        "CHECK (cost >= 0 AND cooldown_days >= 0 AND watch_days > 0 AND override_months > 0)",
        "Cost and cool-down of an offer cannot be negative, and its watch period has at least one day.",
    )

    @api.depends_context("allowed_company_ids")
    def _compute_currency_id(self):
        self.currency_id = self.env.company.currency_id

    @api.model
    def _fitting_domain(self, reason, tier):
        """Domain of the offers that reason and tier leave."""
        reasons = [int(part) for part in (reason.parent_path or "").split("/") if part]
        fits = (Domain("reason_ids", "=", False) | Domain("reason_ids", "in", reasons)) & (
            Domain("tier_ids", "=", False) | Domain("tier_ids", "in", tier.ids)
        )
        # there is no tier to keep
        return fits if tier else fits & Domain("done_in", "!=", OVERRIDE)
