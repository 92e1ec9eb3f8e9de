from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class VipManagerDeputy(models.Model):
    """Who stands in for an account manager on leave or ill: he sees and does as the manager from the
    first day to the last, both included; figures stay with the manager.

    Record rules ask ``vip.membership.is_mine``, which asks ``_managers_of``.
    """

    _name = "vip.manager.deputy"
    _description = "Deputy of an account manager"
    _order = "date_from desc, id desc"
    _rec_name = "deputy_id"

    manager_id = fields.Many2one(
        "res.users", string="Account manager", required=True, ondelete="cascade", index=True
    )
    deputy_id = fields.Many2one("res.users", required=True, ondelete="cascade", index=True)
    date_from = fields.Date(
        required=True, string="From", default=lambda self: self.env.company._vip_today()
    )
    date_to = fields.Date(required=True, string="Until", help="Last day, included.")
    reason = fields.Char(help="Leave, illness, training.")
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

    @api.constrains("deputy_id", "company_id")
    def _check_deputy(self):
        for deputy in self:
            # whose companies a colleague is in is not for everybody to read
            user = deputy.deputy_id.sudo()
            if not user.active or user.share or deputy.company_id not in user.company_ids:
                raise ValidationError(
                    self.env._(
                        "%(user)s is no active internal user of %(company)s and cannot stand in.",
                        user=user.name,
                        company=deputy.company_id.name,
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
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    @api.model
    def _managers_of(self, user, company):
        """The ids of the users whose customers are a user's today: himself, and whom he stands in for.

        :param company: whose today counts
        """
        terms = self._terms_of(user.id)
        if not terms:
            return [user.id]
        today = company._vip_today()
        managers = {manager for manager, first, last in terms if first <= today <= last}
        return [user.id, *sorted(managers - {user.id})]

    @api.model
    @tools.ormcache("user_id")
    def _terms_of(self, user_id):
        """(manager, first day, last day) of every time a user stands in; asked by the record rules of
        each search."""
        terms = self.sudo().search([("deputy_id", "=", user_id)])
        return tuple((term.manager_id.id, term.date_from, term.date_to) for term in terms)

    @api.model
    def _on(self, day):
        """Domain of the deputies of a day."""
        return Domain("date_from", "<=", day) & Domain("date_to", ">=", day)
