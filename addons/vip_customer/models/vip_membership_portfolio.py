from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_date, format_list

from .vip_manager_assignment import AGREED


class VipMembership(models.Model):
    """Who is responsible for the customer: who was, who will be, who stands in today; and who has
    nobody."""

    _inherit = "vip.membership"  # pylint: disable=consider-merging-classes-inherited

    has_no_manager = fields.Boolean(
        compute="_compute_has_no_manager",
        search="_search_has_no_manager",
        string="Without account manager",
        help="A VIP customer without an account manager, or with one who is archived.",
    )
    stand_in = fields.Char(compute="_compute_stand_in", string="Standing in today")
    agreed = fields.Char(compute="_compute_agreed", string="Agreed for later")

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("tier_id", "manager_id.active")
    def _compute_has_no_manager(self):
        for member in self:
            member.has_no_manager = member.tier_id and not member.manager_id.active

    def _search_has_no_manager(self, operator, value):
        if operator != "in":
            return NotImplemented
        nobody = Domain("manager_id", "=", False) | Domain("manager_id.active", "=", False)
        return Domain("tier_id", "!=", False) & nobody

    @api.depends("manager_id")
    def _compute_stand_in(self):
        terms = self.env["vip.manager.deputy"].search(
            [
                ("manager_id", "in", self.manager_id.ids),
                ("is_today", "=", True),
                ("deputy_id.active", "=", True),
            ]
        )
        by_manager = terms.grouped(lambda term: (term.manager_id, term.company_id))
        for member in self:
            sentences = [
                self.env._(
                    "%(deputy)s stands in until %(day)s",
                    deputy=term.deputy_id.name,
                    day=format_date(self.env, term.date_to),
                )
                for term in by_manager.get((member.manager_id, member.company_id), terms.browse())
            ]
            member.stand_in = format_list(self.env, sentences)

    @api.depends("manager_id", "team_id")
    def _compute_agreed(self):
        rows = self.env["vip.manager.assignment"].search(
            [("partner_id", "in", self.partner_id.ids), ("state", "=", AGREED)], order="date_from"
        )
        by_partner = rows.grouped("partner_id")
        for member in self:
            first = by_partner.get(member.partner_id, rows.browse())[:1]
            member.agreed = first._sentence() if first else False

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_except_assigned(self):
        # as in ``_unlink_except_recorded``
        domain = [("partner_id", "in", self.partner_id.ids)]
        if assigned := self.env["vip.manager.assignment"].sudo().search(domain, limit=1):
            raise UserError(
                self.env._(
                    "Who was responsible for “%s” is evidence, so his membership cannot be deleted. To "
                    "erase a person, anonymise the contact and keep the rows.",
                    assigned.partner_id.display_name,
                )
            )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_view_assignments(self):
        """Open who was responsible for this customer when."""
        return self._action_view("vip_customer.vip_manager_assignment_action")

    def action_propose_managers(self):
        """Open the handover that spreads these customers, all VIP customers without an account manager
        where none are chosen, over the account managers of their branches by load.

        :raise AccessError: the caller is no lead, or may not change one of the customers
        :raise UserError: everybody has an account manager
        """
        if not self.env.user.has_group("vip_customer.group_vip_lead"):
            raise AccessError(
                self.env._("Only a lead or a manager of the VIP programme may assign customers.")
            )
        self._require("write")
        members = self or self.search([("has_no_manager", "=", True)])
        if not members:
            raise UserError(self.env._("Every VIP customer has an account manager."))
        return self.env["vip.handover"]._action(members)
