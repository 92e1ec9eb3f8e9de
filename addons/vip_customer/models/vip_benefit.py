from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import quota

STANDING, ON_REQUEST, AUTOMATIC = "standing", "on_request", "automatic"


class VipBenefit(models.Model):
    """Something the programme promises; how much of it a tier promises is ``vip.tier.benefit``.

    SPECIFICATION

    Delivery: ``standing`` rights hold as long as the tier (hotline priority) and are never counted;
    ``on_request`` is given when the customer asks, out of an entitlement; ``automatic`` is given without
    being asked for: what has a quantity becomes a redemption by itself, the rest is nobody's to count
    (greetings).

    A unit is whatever is counted: visits, cards, or an amount of money (a repair allowance is 500 units
    worth 1 each). ``when_exhausted``: ``block`` refuses beyond what was granted, ``warn`` gives and says
    so, ``allow`` gives. ``keep_on_downgrade``: a lower tier takes nothing of it away within the period.
    ``extra_on_rise``: each rise, and each entry after the first, brings one more (a new card).

    An archived benefit is not given any more; what was requested before is still fulfilled. Its code and
    kind of delivery stay while entitlements refer to it.
    """

    _name = "vip.benefit"
    _description = "Benefit"
    _inherit = "vip.guarded.mixin"
    _guarded_fields = frozenset({"category_sequence"})
    _order = "category_sequence, sequence, id"
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, copy=False, help="Key for imports and other systems.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    category_id = fields.Many2one(
        "vip.benefit.category", ondelete="restrict", index="btree_not_null"
    )
    category_sequence = fields.Integer(
        related="category_id.sequence", store=True, string="Sequence of the category"
    )
    description = fields.Text(
        translate=True, help="What colleagues at the counter and the hotline need to know."
    )
    # how it is given
    delivery = fields.Selection(
        [(STANDING, "Standing right"), (ON_REQUEST, "On request"), (AUTOMATIC, "Automatic")],
        default=ON_REQUEST,
        required=True,
    )
    provider_id = fields.Many2one(
        "vip.benefit.provider", string="Fulfilled by", ondelete="restrict", index="btree_not_null"
    )
    needs_approval = fields.Boolean(
        string="Needs approval", help="Every redemption waits for the lead, whatever its value."
    )
    # how it is counted
    unit = fields.Char(translate=True, help="What is counted: visit, card, item.")
    unit_value = fields.Monetary(
        string="Value of a unit",
        help="What one unit costs the company; a tier may have its own.",
        groups="vip_customer.group_vip_user,vip_customer.group_vip_auditor",
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    when_exhausted = fields.Selection(
        [
            (quota.BLOCK, "Refuse"),
            (quota.WARN, "Give and warn"),
            (quota.ALLOW, "Give"),
        ],
        default=quota.BLOCK,
        required=True,
        string="When used up",
    )
    keep_on_downgrade = fields.Boolean(string="Kept on downgrade")
    extra_on_rise = fields.Boolean(
        string="One more with each rise",
        help="Each rise of the tier, and each entry after the first, brings one more.",
    )
    # tiers
    tier_benefit_ids = fields.One2many("vip.tier.benefit", "benefit_id", string="Tiers")
    past_ids = fields.One2many("vip.tier.benefit.past", "benefit_id", string="Earlier promises")

    _code_uniq = models.Constraint("UNIQUE (code)", "Another benefit has this code already.")
    _unit_value_positive = models.Constraint(
        "CHECK (unit_value >= 0)", "The value of a unit cannot be negative."
    )

    def _compute_currency_id(self):
        self.currency_id = self.env.company.currency_id

    def write(self, vals):
        if vals.keys() & {"code", "delivery"}:
            self._check_unused(vals)
        before = {benefit: benefit.unit_value for benefit in self}
        result = super().write(vals)
        if "unit_value" in vals:
            for benefit, value in before.items():
                # tiers that had no value of their own follow
                same = benefit.tier_benefit_ids.filtered(
                    lambda t, value=value: t.unit_value == value
                )
                same.unit_value = benefit.unit_value
        return result

    def _check_unused(self, vals):
        changed = self.filtered(
            lambda benefit: any(
                vals.get(name, benefit[name]) != benefit[name] for name in ("code", "delivery")
            )
        )
        if used := changed._first_used():
            raise UserError(
                self.env._(
                    "Customers have the benefit “%s”; its code and the way it is delivered cannot change "
                    "any more. Archive it and make a new one.",
                    used.name,
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if used := self._first_used() or self._first_promised():
            raise UserError(
                self.env._(
                    "Customers have or had the benefit “%s”, so it cannot be deleted. Archive it instead: "
                    "it is not given any more, and the past stays readable.",
                    used.name,
                )
            )

    def _first_used(self):
        """The first of these benefits that an entitlement names, in any company."""
        domain = [("benefit_id", "in", self.ids)]
        return self.env["vip.entitlement"].sudo().search(domain, limit=1).benefit_id

    def _first_promised(self):
        """The first of these benefits that a tier promised before today."""
        today = self.env.company._vip_today()
        return self.filtered(
            lambda benefit: (
                benefit.past_ids
                or any(promise.date_from < today for promise in benefit.tier_benefit_ids)
            )
        )[:1]

    def _sort_key(self):
        self.ensure_one()
        return self.category_sequence, self.sequence, self.id

    def _plain(self):
        """What ``vip_entitlements`` says of the benefit itself."""
        self.ensure_one()
        return {
            "code": self.code,
            "name": self.name,
            "delivery": self.delivery,
            "unit": self.unit or False,
        }

    def _is_counted(self, quantity):
        """Whether customers get an entitlement of it where their tier promises this quantity."""
        self.ensure_one()
        return self.delivery == ON_REQUEST or (self.delivery == AUTOMATIC and quantity > 0)
