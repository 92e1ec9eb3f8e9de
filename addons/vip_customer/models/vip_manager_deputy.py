from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class VipManagerDeputy(models.Model):
    """Who stands in for an account manager on leave or ill: he sees and does as the manager from the
    first day to the last, both included; figures stay with the manager.

    Record rules ask ``vip.membership.is_mine``, which asks ``_managers_of``. Who stands in for a deputy does
    not stand in for the manager: it does not go on.
    """

    _name = "vip.manager.deputy"
    _description = "Deputy of an account manager"
    _inherit = "vip.guarded.mixin"
    _order = "date_from desc, id desc"
    _rec_name = "deputy_id"
    _scope_fields = frozenset({"manager_id", "deputy_id", "company_id"})

    manager_id = fields.Many2one(
        "res.users",
        string="Account manager",
        required=True,
        ondelete="cascade",
        index=True,
        domain=lambda self: self.env["vip.handover"]._domain_managers(),
    )
    deputy_id = fields.Many2one(
        "res.users",
        required=True,
        ondelete="cascade",
        index=True,
        domain=lambda self: self.env["vip.handover"]._domain_managers(),
    )
    date_from = fields.Date(
        required=True, string="From", default=lambda self: self.env.company._vip_today()
    )
    date_to = fields.Date(required=True, string="Until", help="Last day, included.")
    is_today = fields.Boolean(
        compute="_compute_is_today", search="_search_is_today", string="Stands in today"
    )
    # why somebody is away is nobody's business but his lead's
    reason = fields.Char(
        help="Leave, illness, training.",
        groups="vip_customer.group_vip_lead,vip_customer.group_vip_auditor",
    )
    company_id = fields.Many2one(
        "res.company", required=True, ondelete="cascade", default=lambda self: self.env.company
    )

    _date_order = models.Constraint(
        "CHECK (date_to >= date_from)",
        "The deputy's time ends before it begins: “Until” must not be before “From”.",
    )
    _somebody_else = models.Constraint(
        "CHECK (manager_id <> deputy_id)", "Nobody stands in for himself. Choose somebody else."
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("date_from", "date_to")
    def _compute_is_today(self):
        today = {company: company._vip_today() for company in self.company_id}
        for deputy in self:
            first, last = deputy.date_from, deputy.date_to
            deputy.is_today = bool(first and last and first <= today[deputy.company_id] <= last)

    def _search_is_today(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.OR(
            Domain("company_id", "=", company.id) & self._on(company._vip_today())
            for company in self.env.companies
        )

    @api.depends("manager_id", "deputy_id")
    def _compute_display_name(self):
        for deputy in self:
            deputy.display_name = (
                self.env._(
                    "%(deputy)s for %(manager)s",
                    deputy=deputy.deputy_id.name,
                    manager=deputy.manager_id.name,
                )
                if deputy.deputy_id and deputy.manager_id
                else False
            )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.constrains("manager_id", "deputy_id", "company_id")
    def _check_users(self):
        for deputy in self:
            deputy._check_manager()
            deputy._check_deputy()

    def _check_manager(self):
        # whose companies a colleague is in is not for everybody to read
        user = self.manager_id.sudo()
        if user.share or self.company_id not in user.company_ids:
            raise ValidationError(
                self.env._(
                    "%(user)s is no internal user of %(company)s: he has no customers there.",
                    user=user.name,
                    company=self.company_id.name,
                )
            )

    def _check_deputy(self):
        user = self.deputy_id.sudo()  # as above
        if not user.active:
            raise ValidationError(
                self.env._("%s is archived and cannot stand in. Choose somebody else.", user.name)
            )
        if user.share or self.company_id not in user.company_ids:
            raise ValidationError(
                self.env._(
                    "%(user)s is no internal user of %(company)s and cannot stand in.",
                    user=user.name,
                    company=self.company_id.name,
                )
            )
        if not user.has_group("vip_customer.group_vip_user"):
            raise ValidationError(
                self.env._(
                    "%s is no account manager of the VIP programme and would see nothing of the "
                    "customers. Give him the role first, or choose somebody else.",
                    user.name,
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        deputies = super().create(vals_list)
        deputies._check_branches()
        self.env.registry.clear_cache()
        return deputies

    def write(self, vals):
        result = super().write(vals)
        if "manager_id" in vals:
            self._check_branches()
        self.env.registry.clear_cache()
        return result

    def _check_branches(self):
        """Whoever names a deputy gives him all customers of the manager: a lead has to lead them all. No
        constraint, because these do not know who is asking."""
        user = self.env.user
        if self.env.su or user.has_group("vip_customer.group_vip_manager"):
            return
        others = Domain("manager_id", "in", self.manager_id.ids)
        others &= ~Domain("team_id.user_id", "=", user.id)
        # he may not read them
        if other := self.env["vip.membership"].sudo().search(others, limit=1):
            raise ValidationError(
                self.env._(
                    "%s looks after customers of branches that you do not lead, too. Ask a manager of the "
                    "VIP programme to name his deputy.",
                    other.manager_id.name,
                )
            )

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    # ------------------------------------------------------------
    # WHO STANDS IN FOR WHOM
    # ------------------------------------------------------------

    @api.model
    def _managers_of(self, user, company):
        """The ids of the users for whom a user stands in today, in a company."""
        terms = self._terms_of(user.id)
        if not terms:
            return []
        today = company._vip_today()
        return sorted(
            {
                manager_id
                for manager_id, company_id, first, last in terms
                if company_id == company.id and first <= today <= last
            }
        )

    @api.model
    @tools.ormcache("user_id")
    def _terms_of(self, user_id):
        """(manager, company, first day, last day) of every time a user stands in; asked by the record
        rules of each search."""
        # rules that ask whose customer it is are asked by people who may read no deputies
        terms = self.sudo().search([("deputy_id", "=", user_id)])
        return tuple(
            (term.manager_id.id, term.company_id.id, term.date_from, term.date_to) for term in terms
        )

    @api.model
    def _on(self, day):
        """Domain of the deputies of a day."""
        return Domain("date_from", "<=", day) & Domain("date_to", ">=", day)
