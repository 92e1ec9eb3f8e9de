from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import tier_rules

# columns of a run's lines that the database does not check
LINE_TIERS = [
    "old_tier_id",
    "old_base_tier_id",
    "earned_tier_id",
    "proposed_tier_id",
    "base_tier_id",
    "new_tier_id",
]


class VipTier(models.Model):
    """A level of the programme, shared by all companies.

    Tiers can be inserted, reordered and archived at any time: rules, history and memberships refer to
    the record, only ``rank`` says which is better. An archived tier is not earned any more; customers
    who have it keep it until a run decides.
    """

    _name = "vip.tier"
    _description = "VIP tier"
    _inherit = "vip.guarded.mixin"
    _order = "rank desc, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, copy=False, help="Key for imports and other systems.")
    rank = fields.Integer(
        required=True,
        copy=False,
        help="A higher rank is better. Leave gaps, so that a tier can be put between two others.",
    )
    color = fields.Integer()
    active = fields.Boolean(default=True)
    # hotline
    queue_priority = fields.Integer(
        default=9,
        help="Place in the hotline's queue: 1 is answered first.",
        string="Queue priority",
    )
    direct_to_agent = fields.Boolean(
        help="The caller reaches an agent without a voice menu.", string="Agent at once"
    )
    seat_group = fields.Char(
        help="Group of agents that answers, as the telephone system names it.", string="Seat group"
    )
    # today
    member_count = fields.Integer(
        compute="_compute_member_count",
        string="Customers",
        groups="vip_customer.group_vip_user,vip_customer.group_vip_auditor",
    )

    _code_uniq = models.Constraint("UNIQUE (code)", "Another tier has this code already.")
    _rank_uniq = models.Constraint(
        "UNIQUE (rank) DEFERRABLE INITIALLY IMMEDIATE",
        "Another tier, perhaps an archived one, has this rank already. Every tier needs a rank of "
        "its own.",
    )
    _rank_positive = models.Constraint("CHECK (rank > 0)", "The rank of a tier is 1 or higher.")

    def _compute_member_count(self):
        counts = dict(
            self.env["vip.membership"]._read_group(
                [("tier_id", "in", self.ids)], ["tier_id"], ["__count"]
            )
        )
        for tier in self:
            tier.member_count = counts.get(tier, 0)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # use counts in every company
        if used := self.sudo()._first_used():
            raise UserError(
                self.env._(
                    "The tier “%(tier)s” is part of a policy or of a customer's history and cannot be "
                    "deleted. Archive it instead: it is not earned any more, and the past stays "
                    "readable.",
                    tier=used.name,
                )
            )

    def _first_used(self):
        """The first of these tiers that a history row, a rule or a line of a run names."""
        for model, names in (
            ("vip.tier.history", ["tier_id"]),
            ("vip.tier.rule", ["tier_id"]),
            ("vip.tier.run.line", LINE_TIERS),
            ("vip.tier.benefit.past", ["tier_id"]),
            ("vip.tier.run.cost", ["tier_id"]),
            ("vip.entitlement", ["tier_id"]),
            ("vip.redemption", ["tier_id"]),
        ):
            for name in names:
                record = self.env[model].search([(name, "in", self.ids)], limit=1)
                if record:
                    return record[name]
        return self.browse()

    def _plain(self):
        """This tier as ``tools/tier_rules.py`` sees it; None for an empty recordset."""
        return tier_rules.Tier(self.id, self.rank) if self else None

    def action_view_members(self):
        """Open the customers who have this tier today."""
        self._require("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("vip_customer.vip_membership_action")
        return {**action, "domain": [("tier_id", "in", self.ids)], "context": {}}
