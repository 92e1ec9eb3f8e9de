from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_list

from ..tools import portfolio

ONE, SPREAD = "one", "spread"


class VipHandover(models.TransientModel):
    """Hands customers over to other account managers from a day on.

    The customers are those chosen in a list, or all of a manager who leaves. They go to one manager, or
    are spread over several by load: a diamond customer weighs three silver ones (``tools/portfolio.py``).
    The proposal may be changed line by line before it is confirmed. Open tasks move with the customers on
    that day; who was responsible before does not change.
    """

    _name = "vip.handover"
    _description = "Customer handover"
    _inherit = "vip.guarded.mixin"

    from_manager_id = fields.Many2one(
        "res.users",
        string="All customers of",
        help="The customers of who leaves; empty for those chosen in the list.",
        context={"active_test": False},
    )
    kind = fields.Selection(
        [(ONE, "To one account manager"), (SPREAD, "Spread by load")], default=ONE, required=True
    )
    manager_ids = fields.Many2many(
        "res.users",
        string="To",
        domain="[('share', '=', False)]",
        relation="vip_handover_manager_rel",
    )
    team_id = fields.Many2one(
        "crm.team", string="Branch", help="Empty: everybody stays with the branch he has."
    )
    day = fields.Date(
        required=True, string="From", default=lambda self: self.env.company._vip_today()
    )
    line_ids = fields.One2many("vip.handover.line", "handover_id", string="Proposal")
    line_count = fields.Integer(compute="_compute_line_count", string="Customers")

    @api.depends("line_ids")
    def _compute_line_count(self):
        for handover in self:
            handover.line_count = len(handover.line_ids)

    @api.model
    def default_get(self, fields):
        defaults = super().default_get(fields)
        if "line_ids" in fields and self.env.context.get("active_model") == "vip.membership":
            members = self.env["vip.membership"].browse(self.env.context.get("active_ids", []))
            defaults["line_ids"] = [(0, 0, {"membership_id": member.id}) for member in members]
        return defaults

    @api.onchange("from_manager_id")
    def _onchange_from_manager_id(self):
        if self.from_manager_id:
            members = self.env["vip.membership"].search(
                [("manager_id", "=", self.from_manager_id.id)]
            )
            self.line_ids = [(5,)] + [(0, 0, {"membership_id": member.id}) for member in members]
            self._propose()

    @api.onchange("kind", "manager_ids", "team_id")
    def _onchange_targets(self):
        self._propose()

    def _propose(self):
        """Say on each line who gets the customer."""
        self.ensure_one()
        managers = self.manager_ids._origin
        given = portfolio.spread(self._weights(), self._loads(managers))
        for line in self.line_ids:
            manager = given.get(line.membership_id._origin.id)
            line.manager_id = managers[:1].id if self.kind == ONE else manager
            line.team_id = self.team_id or line.membership_id.team_id

    def _weights(self):
        places = self._places()
        return [
            (member.id, portfolio.weight(places.get(member.tier_id.id)))
            for member in self.line_ids.membership_id._origin
        ]

    def _loads(self, managers):
        """What these managers have already, beside the customers handed over now."""
        places = self._places()
        rows = self.env["vip.membership"]._read_group(
            [
                ("manager_id", "in", managers.ids),
                ("id", "not in", self.line_ids.membership_id._origin.ids),
            ],
            ["manager_id", "tier_id"],
            ["__count"],
        )
        loads = dict.fromkeys(managers.ids, 0.0)
        for manager, tier, count in rows:
            loads[manager.id] += count * portfolio.weight(places.get(tier.id))
        return loads

    def _places(self):
        """Tier id -> its place from the best."""
        tiers = self.env["vip.tier"].search([], order="rank desc")
        return {tier.id: place for place, tier in enumerate(tiers)}

    def action_confirm(self):
        """Hand the customers over.

        :raise AccessError: the caller is no lead, or may not change one of the customers
        :raise UserError: nobody to hand over, nobody to hand to, or somebody would get his own customers
        """
        if not self.env.user.has_group("vip_customer.group_vip_lead"):
            raise AccessError(
                self.env._("Only a lead or a manager of the VIP programme may hand customers over.")
            )
        self._require_one()
        if not self.line_ids:
            raise UserError(self.env._("Choose the customers to hand over first."))
        self._check_complete()
        for (manager, team), lines in self.line_ids.grouped(
            lambda line: (line.manager_id, line.team_id)
        ).items():
            lines.membership_id.assign(manager.id, team.id, self.day)
        return {"type": "ir.actions.act_window_close"}

    def _check_complete(self):
        if without := self.line_ids.filtered(lambda line: not line.manager_id):
            raise UserError(
                self.env._(
                    "Nobody is named for %s. Choose an account manager for every customer.",
                    format_list(self.env, without[:5].membership_id.mapped("display_name")),
                )
            )
        if same := self.line_ids.filtered(
            lambda line: (
                line.manager_id == line.membership_id.manager_id
                and line.team_id == line.membership_id.team_id
            )
        ):
            raise UserError(
                self.env._(
                    "%(manager)s looks after “%(customer)s” already: nobody hands over to himself.",
                    manager=same[0].manager_id.name,
                    customer=same[0].membership_id.display_name,
                )
            )
