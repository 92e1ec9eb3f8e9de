from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tools import format_date, format_list

from ..tools import portfolio

ONE, SPREAD, BRANCH = "one", "spread", "branch"
# So many customers are shown, and may be changed, one by one; more are too many to look at, and for a
# dialog to carry.
SHOWN = 40


class Load(NamedTuple):
    """What an account manager looks after."""

    customers: int = 0
    weight: float = 0.0

    def __add__(self, other):
        return Load(self.customers + other.customers, self.weight + other.weight)


class VipHandover(models.TransientModel):
    """Hands customers over to other account managers from a day on.

    The customers are those chosen in a list, or all of a manager who leaves. They go to one manager, or
    are spread by load, over several or over those of each customer's branch: a diamond customer weighs
    three silver ones (``tools/portfolio.py``). The summary says what each of them has before and after;
    of few customers each is shown and may be given to somebody else. Open tasks move with the customers
    on that day; who was responsible before does not change.
    """

    _name = "vip.handover"
    _description = "Customer handover"
    _inherit = "vip.guarded.mixin"

    from_manager_id = fields.Many2one(
        "res.users",
        string="All customers of",
        help="Who leaves: all customers whom he has today, as far as you may hand them over.",
        domain=lambda self: self._domain_managers(),
        context={"active_test": False},
    )
    membership_ids = fields.Many2many("vip.membership", string="Chosen customers")
    kind = fields.Selection(
        [
            (ONE, "To one account manager"),
            (SPREAD, "Spread over several by load"),
            (BRANCH, "Spread over their branch by load"),
        ],
        default=ONE,
        required=True,
        string="Way of handover",
    )
    manager_id = fields.Many2one(
        "res.users", string="Next account manager", domain=lambda self: self._domain_managers()
    )
    manager_ids = fields.Many2many(
        "res.users",
        string="Next account managers",
        domain=lambda self: self._domain_managers(),
        relation="vip_handover_manager_rel",
    )
    team_id = fields.Many2one(
        "crm.team", string="Branch", help="Empty: everybody stays with the branch he has."
    )
    day = fields.Date(
        required=True,
        string="From",
        default=lambda self: self.env.company._vip_today(),
        help="The first day of the new account managers, today or later.",
    )
    line_ids = fields.One2many("vip.handover.line", "handover_id", string="One by one")
    customer_count = fields.Integer(compute="_compute_customer_count", string="Customers")
    summary = fields.Html(compute="_compute_summary", sanitize=False)
    result = fields.Char(readonly=True, string="Outcome")

    @api.model
    def _domain_managers(self):
        group = self.env.ref("vip_customer.group_vip_user")
        return [("share", "=", False), ("all_group_ids", "in", group.ids)]

    # ------------------------------------------------------------
    # THE DIALOG
    # ------------------------------------------------------------

    @api.depends("from_manager_id", "membership_ids")
    def _compute_customer_count(self):
        for handover in self:
            handover.customer_count = len(handover._members())

    @api.depends(
        "from_manager_id",
        "membership_ids",
        "kind",
        "manager_id",
        "manager_ids",
        "team_id",
        "line_ids.manager_id",
    )
    def _compute_summary(self):
        for handover in self:
            handover.summary = self.env["ir.qweb"]._render(
                "vip_customer.handover_summary", handover._summary_values()
            )

    @api.model
    def default_get(self, fields):
        defaults = super().default_get(fields)
        context = self.env.context
        if "membership_ids" in fields and context.get("active_model") == "vip.membership":
            defaults["membership_ids"] = [Command.set(context.get("active_ids") or [])]
        return defaults

    @api.onchange(
        "from_manager_id", "membership_ids", "kind", "manager_id", "manager_ids", "team_id"
    )
    def _onchange_proposal(self):
        """Show who gets whom, where it is few."""
        members = self._members()
        self.line_ids = [Command.clear()]
        if len(members) <= SHOWN:
            proposal = self._proposal(members)
            self.line_ids = [
                Command.create({"membership_id": member.id, "manager_id": proposal.get(member.id)})
                for member in members
            ]

    @api.model
    def _action(self, members):
        """Open the dialog for these customers, spread over their branches."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Propose account managers"),
            "res_model": self._name,
            "views": [[False, "form"]],
            "target": "new",
            "context": {
                "active_model": members._name,
                "active_ids": members.ids,
                "default_kind": BRANCH,
            },
        }

    def _summary_values(self):
        """Who gets whom in figures, for the template ``handover_summary``."""
        members = self._members()
        proposal = self._chosen(members)
        given = defaultdict(Load)
        weights = self._weights(members)
        for member_id, manager_id in proposal.items():
            given[manager_id] += Load(1, weights[member_id])
        managers = self.env["res.users"].browse(given)
        loads = self._loads(managers, members)
        return {
            "rows": [
                {
                    "name": manager.name,
                    "before": loads[manager.id],
                    "given": given[manager.id],
                    "after": loads[manager.id] + given[manager.id],
                }
                for manager in managers.sorted("name")
            ],
            "count": len(members),
            "warning": self._open_warning(len(members) - len(proposal), len(members)),
            "is_long": len(members) > SHOWN,
        }

    def _open_warning(self, count, total):
        return count and self.env._(
            "%(count)s of %(total)s customers have nobody to go to yet.", count=count, total=total
        )

    # ------------------------------------------------------------
    # WHO GETS WHOM
    # ------------------------------------------------------------

    def _members(self):
        """The customers to hand over; ``_check_members`` says whether the caller may."""
        leaver = self.from_manager_id._origin
        if leaver and not self.result:  # afterwards they are not his any more
            return self.env["vip.membership"].search([("manager_id", "=", leaver.id)])
        # who may not read one is refused, not told of fewer
        return self.sudo().membership_ids._origin.sudo(False)

    def _chosen(self, members):
        """Membership id -> user id, as proposed and then changed line by line; without whom nobody gets.

        :rtype: dict[int, int]
        """
        if not self.line_ids:
            return self._proposal(members)
        return {
            line.membership_id._origin.id: line.manager_id._origin.id
            for line in self.line_ids
            if line.manager_id and line.membership_id._origin in members
        }

    def _proposal(self, members):
        """Membership id -> user id; without whom nobody gets.

        :rtype: dict[int, int]
        """
        if self.kind == ONE:
            manager = self.manager_id._origin
            return dict.fromkeys(members.ids, manager.id) if manager else {}
        groups = [(self.manager_ids._origin, members)]
        if self.kind == BRANCH:
            branches = {member: self.team_id._origin or member.team_id for member in members}
            groups = [
                (self._managers_of(branch), group)
                for branch, group in members.grouped(branches.get).items()
            ]
        everybody = self.env["res.users"].union(*(managers for managers, _group in groups))
        loads = self._loads(everybody, members)
        weights = self._weights(members)
        proposal = {}
        for managers, group in groups:
            given = portfolio.spread(
                [(member_id, weights[member_id]) for member_id in group.ids],
                {manager.id: loads[manager.id].weight for manager in managers},
            )
            for member_id, manager_id in given.items():
                loads[manager_id] += Load(1, weights[member_id])
            proposal |= given
        return proposal

    def _managers_of(self, branch):
        """The account managers of a branch, but who leaves."""
        # who belongs to a branch is not for every lead to read; nothing but names come of it
        members = branch.sudo().member_ids.sudo(False) - self.from_manager_id._origin
        return members.filtered(
            lambda user: user.active and user.has_group("vip_customer.group_vip_user")
        )

    def _loads(self, managers, members):
        """User id -> what he has beside these customers, in the company, whoever may see them.

        :rtype: dict[int, Load]
        """
        places = self._places()
        rows = (
            self.env["vip.membership"]
            .sudo()
            ._read_group(
                Domain("manager_id", "in", managers.ids)
                & Domain("id", "not in", members.ids)
                & Domain("company_id", "in", self.env.companies.ids),
                ["manager_id", "tier_id"],
                ["__count"],
            )
        )
        loads = dict.fromkeys(managers.ids, Load())
        for manager, tier, count in rows:
            loads[manager.id] += Load(count, count * portfolio.weight(places.get(tier.id)))
        return loads

    def _weights(self, members):
        places = self._places()
        return {member.id: portfolio.weight(places.get(member.tier_id.id)) for member in members}

    def _places(self):
        """Tier id -> its place from the best."""
        tiers = self.env["vip.tier"].search(Domain.TRUE, order="rank desc")
        return {tier.id: place for place, tier in enumerate(tiers)}

    # ------------------------------------------------------------
    # HANDING OVER
    # ------------------------------------------------------------

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
        members = self._members()
        self._check_members(members)
        self._check_named()
        chosen = self._chosen(members)
        self._check_complete(members, chosen)
        groups = members.grouped(
            lambda member: (chosen[member.id], self.team_id.id or member.team_id.id)
        )
        for (manager_id, team_id), group in groups.items():
            group.assign(manager_id, team_id, self.day)
        self.membership_ids = members
        self.result = self._result(members, self.env["res.users"].browse(set(chosen.values())))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Customers handed over"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [[False, "form"]],
            "target": "new",
        }

    def _result(self, members, managers):
        names = format_list(self.env, managers.sorted("name").mapped("name"))
        return self.env._(
            "%(count)s customers go to %(managers)s from %(day)s on.",
            count=len(members),
            managers=names,
            day=format_date(self.env, self.day),
        )

    def action_print_briefs(self):
        """Print a brief sheet of each customer for who looks after him now.

        :raise AccessError: the caller may not read one of the customers
        :raise UserError: there are none
        """
        self._require_one()
        members = self._members()
        self._check_chosen(members)
        members._require("read")
        return self.env.ref("vip_customer.action_report_membership_brief").report_action(members)

    def _check_chosen(self, members):
        if members:
            return
        if leaver := self.from_manager_id:
            raise UserError(
                self.env._("%s looks after nobody whom you may hand over.", leaver.name)
            )
        raise UserError(self.env._("Choose the customers to hand over first."))

    def _check_members(self, members):
        self._check_chosen(members)
        if refused := len(members - members._filtered_access("write")):
            raise AccessError(
                self.env._(
                    "%s of these customers are not yours to hand over: they belong to a branch that you "
                    "do not lead. Ask its lead, or a manager of the programme.",
                    refused,
                )
            )

    def _check_named(self):
        """Somebody is named to hand the customers to, and it is not who hands them over."""
        if self.line_ids.manager_id:
            return
        if self.kind == ONE and not self.manager_id:
            raise UserError(self.env._("Choose the account manager who gets the customers."))
        if self.kind == SPREAD and not self.manager_ids:
            raise UserError(
                self.env._("Choose the account managers over whom the customers are spread.")
            )

    def _check_complete(self, members, chosen):
        if without := members.filtered(lambda member: member.id not in chosen):
            raise UserError(
                self.env._(
                    "Nobody gets %s: there is no account manager in the branch, or none is chosen. "
                    "Choose somebody for every customer.",
                    format_list(self.env, without[:5].mapped("display_name")),
                )
            )
        leaver = self.from_manager_id
        if leaver.id in chosen.values():
            raise UserError(
                self.env._("%s hands the customers over: he cannot get them.", leaver.name)
            )
        if self.kind != ONE:
            return  # who is spread may well stay
        if same := members.filtered(lambda member: member.manager_id.id == chosen[member.id])[:1]:
            raise UserError(
                self.env._(
                    "%(manager)s looks after “%(customer)s” already: nobody hands over to himself.",
                    manager=same.manager_id.name,
                    customer=same.display_name,
                )
            )
