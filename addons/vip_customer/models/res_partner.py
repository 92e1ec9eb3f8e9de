from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

VIP_GROUPS = ("vip_customer.group_vip_desk", "vip_customer.group_vip_auditor")
VIP_FIELDS = frozenset(
    {
        "vip_membership_id",
        "vip_tier_id",
        "vip_tier_color",
        "vip_tier_valid_until",
        "vip_since",
        "vip_joined_on",
        "vip_card_number",
        "vip_manager_id",
        "vip_team_id",
        "vip_protected",
        "vip_number_ids",
    }
)


class ResPartner(models.Model):
    """The contact shows what internal users may see of the programme whatever company is active: tier,
    card, manager and branch. Everything else lives on ``vip.membership`` and its children."""

    _name = "res.partner"
    _inherit = ["res.partner", "vip.guarded.mixin"]
    _guarded_fields = VIP_FIELDS

    vip_membership_id = fields.Many2one(
        "vip.membership",
        string="VIP membership",
        copy=False,
        readonly=True,
        exportable=False,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
    )
    vip_tier_id = fields.Many2one(
        related="vip_membership_id.tier_id", string="VIP tier", groups="base.group_user"
    )
    vip_tier_color = fields.Integer(
        related="vip_membership_id.tier_id.color", groups="base.group_user"
    )
    vip_tier_valid_until = fields.Date(
        related="vip_membership_id.valid_until", groups="base.group_user"
    )
    vip_since = fields.Date(
        related="vip_membership_id.since", string="VIP tier since", groups="base.group_user"
    )
    vip_joined_on = fields.Date(
        related="vip_membership_id.joined_on", string="With us since", groups="base.group_user"
    )
    vip_card_number = fields.Char(
        related="vip_membership_id.card_number", string="VIP card", groups="base.group_user"
    )
    vip_manager_id = fields.Many2one(
        related="vip_membership_id.manager_id", string="Account manager", groups="base.group_user"
    )
    vip_team_id = fields.Many2one(
        related="vip_membership_id.team_id", string="VIP branch", groups="base.group_user"
    )
    vip_protected = fields.Boolean(
        related="vip_membership_id.protected", string="VIP protected", groups="base.group_user"
    )
    vip_number_ids = fields.One2many(
        "vip.service.number",
        "partner_id",
        string="Service numbers",
        groups="vip_customer.group_vip_user,vip_customer.group_vip_auditor",
    )

    @api.constrains("company_id")
    def _check_vip_company(self):
        """The other side of ``vip.membership._check_same_company``."""
        # who moves a contact may not see its membership; the rule holds all the same
        self.sudo().vip_membership_id._check_same_company()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_vip(self):
        # whoever deletes a contact is told, whether or not he may see the programme
        for partner in self.sudo():
            if partner.vip_membership_id:
                raise UserError(
                    self.env._(
                        "“%s” is a customer of the VIP programme and cannot be deleted. Archive the "
                        "contact; to erase a person, anonymise the contact and keep its records.",
                        partner.display_name,
                    )
                )

    def action_vip_membership(self):
        """Open the customer's VIP page.

        :raise UserError: the contact is not in the programme
        """
        self._require_one()
        if not self.vip_membership_id:
            raise UserError(self.env._("“%s” is not in the VIP programme yet.", self.display_name))
        return {
            "type": "ir.actions.act_window",
            "res_model": "vip.membership",
            "res_id": self.vip_membership_id.id,
            "view_mode": "form",
        }

    def action_vip_join(self):
        """Take contacts into the programme of their company, without a tier.

        :raise AccessError: the caller is no VIP lead
        """
        if not self.env.user.has_group("vip_customer.group_vip_lead"):
            raise AccessError(
                self.env._("Only a lead or a manager of the VIP programme may add customers.")
            )
        self._require("read")
        for company, partners in self.grouped("company_id").items():
            # the link of a contact to its membership is the programme's to write
            self.env["vip.membership"].sudo()._ensure(partners.ids, company or self.env.company)
        return self.action_vip_membership() if len(self) == 1 else True

    def vip_explain_tier(self):
        """Why this customer has his tier, what he earns today, what is missing to keep it and to reach
        the next one.

        :return: ``tier``, ``tier_name``, ``since``, ``valid_until``, ``earned`` (code),
            ``figures``, ``rule``, ``to_keep``, ``to_next``, ``override``, ``eligible``, ``reasons``
            (list of sentences). Amounts are in the company's currency, dates ISO strings, a missing
            value is False. Who may not read the customer's VIP page gets no amounts and scores.
        :rtype: dict
        :raise AccessError: the caller has no VIP role, or not in this customer's company
        :raise MissingError: no such customer
        :raise UserError: the contact is not in the programme
        """
        member = self._vip_member()
        return member.sudo()._explain(money=member.has_access("read"))

    def _vip_member(self):
        """The membership of one customer, checked as the caller: a VIP group, existence, company."""
        if not any(self.env.user.has_group(group) for group in VIP_GROUPS):
            raise AccessError(self.env._("This needs a role in the VIP programme."))
        self._require_one()
        member = self.sudo().vip_membership_id  # a desk agent sees no VIP pages, only this answer
        if not member:
            raise UserError(self.env._("“%s” is not in the VIP programme yet.", self.display_name))
        if member.company_id not in self.env.user.company_ids:
            raise AccessError(
                self.env._(
                    "“%s” is a customer of a company you have no access to.", self.display_name
                )
            )
        return member.with_env(self.env)
