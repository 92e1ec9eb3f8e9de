from odoo import fields, models
from odoo.fields import Domain

from .vip_benefit import STANDING


class VipMembership(models.Model):
    """What the customer has, used and has left, on his VIP page."""

    _inherit = "vip.membership"  # pylint: disable=consider-merging-classes-inherited

    entitlement_ids = fields.Many2many(
        "vip.entitlement", compute="_compute_entitlement_ids", string="This period"
    )
    standing_benefit_ids = fields.Many2many(
        "vip.benefit", compute="_compute_standing_benefit_ids", string="Standing rights"
    )
    redemption_ids = fields.Many2many(
        "vip.redemption", compute="_compute_redemption_ids", string="Redemptions"
    )
    open_redemption_count = fields.Integer(
        compute="_compute_open_redemption_count", string="To fulfil"
    )

    def _compute_entitlement_ids(self):
        lines = self.env["vip.entitlement"].search(
            [("partner_id", "in", self.partner_id.ids), ("is_current", "=", True)]
        )
        by_partner = lines.sorted(lambda line: line.benefit_id._sort_key()).grouped("partner_id")
        for member in self:
            member.entitlement_ids = by_partner.get(member.partner_id)

    def _compute_standing_benefit_ids(self):
        promises = self.env["vip.tier.benefit"].search(
            [
                ("tier_id", "in", self.tier_id.ids),
                ("benefit_id.active", "=", True),
                ("benefit_id.delivery", "=", STANDING),
            ]
        )
        by_tier = promises.grouped("tier_id")
        for member in self:
            own = by_tier.get(member.tier_id, promises.browse())
            member.standing_benefit_ids = own.benefit_id.sorted(lambda b: b._sort_key())

    def _compute_redemption_ids(self):
        redemptions = self.env["vip.redemption"].search([("partner_id", "in", self.partner_id.ids)])
        by_partner = redemptions.grouped("partner_id")
        for member in self:
            member.redemption_ids = by_partner.get(member.partner_id)

    def _compute_open_redemption_count(self):
        counts = dict(
            self.env["vip.redemption"]._read_group(
                [
                    ("partner_id", "in", self.partner_id.ids),
                    ("state", "in", ("requested", "approved", "issued")),
                ],
                ["partner_id"],
                ["__count"],
            )
        )
        for member in self:
            member.open_redemption_count = counts.get(member.partner_id, 0)

    def _entitlements(self):
        """``res.partner.vip_entitlements`` of one customer; run as superuser."""
        self.ensure_one()
        if not self.tier_id:
            return []
        Line = self.env["vip.entitlement"]
        today = self.company_id._vip_today()
        current = Line._current(today) & Domain("partner_id", "=", self.partner_id.id)
        lines = Line.search(current).filtered(lambda line: line._is_had())
        own = {
            benefit: group._first_to_use() for benefit, group in lines.grouped("benefit_id").items()
        }
        promises = {
            promise.benefit_id: promise
            for promise in self.env["vip.tier.benefit"].search([("tier_id", "=", self.tier_id.id)])
        }
        periods = Line._periods(self.company_id, today)
        return [
            own[benefit]._plain()
            if benefit in own
            else self._plain_promise(promises[benefit], periods)
            for benefit in self.env["vip.benefit"]
            .union(*own, *promises)
            .sorted(lambda benefit: benefit._sort_key())
            if benefit.active
        ]

    def _plain_promise(self, promise, periods):
        """A promise without an entitlement: standing, not counted, not granted yet, or of a year
        without a policy, in which there is nothing to give."""
        benefit = promise.benefit_id
        is_counted = benefit._is_counted(promise.quantity)
        bounds = periods.bounds(promise.period) if is_counted else None
        granted = promise.quantity or False  # False and 0 are not the same: without limit, and none
        if is_counted and not bounds:
            granted = 0
        return {
            **benefit._plain(),
            "granted": is_counted and granted,
            "used": 0,
            "remaining": is_counted and granted,
            "date_from": bounds[0].isoformat() if bounds else False,
            "date_to": bounds[1].isoformat() if bounds and bounds[1] else False,
        }

    def action_redeem(self):
        """Open the dialog in which this customer redeems a benefit."""
        self._require_one()
        return self.partner_id.action_vip_redeem()

    def action_view_redemptions(self):
        """Open the customer's redemptions."""
        return self._action_view("vip_customer.vip_redemption_action")

    def action_view_entitlements(self):
        """Open the customer's entitlements of all periods."""
        return self._action_view("vip_customer.vip_entitlement_action")

    def action_goodwill(self):
        """Open the dialog that gives the customer goodwill or withdraws it."""
        self._require_one()
        return self.env["vip.goodwill.grant"]._action(self.partner_id)
