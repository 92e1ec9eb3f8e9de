from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date


class VipBillingFact(models.Model):
    """The bill of one number in one month (of the customer, where there is no number).

    ``amount`` is what was billed for own services after discounts, in the company's currency; a credit
    note is negative. It stays with the customer who owned the number on the last day of the month.
    """

    _name = "vip.billing.fact"
    _description = "Monthly bill"
    _inherit = "vip.customer.record"
    _order = "month desc, partner_id, id"
    _scope_fields = frozenset({"partner_id", "number_id"})
    _log_access = False  # written by the million; the import says who and when
    _guarded_fields = frozenset({"company_id", "import_id"})

    partner_id = fields.Many2one(index=False)  # the covering index serves it
    company_id = fields.Many2one(index=False)
    number_id = fields.Many2one("vip.service.number", ondelete="restrict", string="Service number")
    currency_id = fields.Many2one(related="company_id.currency_id")
    month = fields.Date(required=True, help="First day of the month.")
    amount = fields.Monetary(required=True)
    arrears_suspensions = fields.Integer(default=0, required=True, string="Arrears suspensions")
    import_id = fields.Many2one("vip.import", readonly=True, copy=False, ondelete="restrict")

    _number_month_uniq = models.UniqueIndex(
        "(number_id, month) WHERE number_id IS NOT NULL",
        "This number has a bill of this month already.",
    )
    _partner_month_uniq = models.UniqueIndex(
        "(partner_id, month) WHERE number_id IS NULL",
        "This customer has a bill without a number in this month already.",
    )
    _partner_covering_idx = models.Index(
        "(partner_id) INCLUDE (month, amount, arrears_suspensions)"
    )
    _company_month_idx = models.Index("(company_id, month)")
    _month_first = models.Constraint(
        "CHECK (extract(day FROM month) = 1)", "A month is written as its first day."
    )
    _arrears_positive = models.Constraint(
        "CHECK (arrears_suspensions >= 0)", "The number of arrears suspensions cannot be negative."
    )

    @api.depends("partner_id", "number_id", "month")
    def _compute_display_name(self):
        for fact in self:
            fact.display_name = self.env._(
                "%(customer)s, %(month)s",
                customer=fact.number_id.number or fact.partner_id.display_name or "",
                month=format_date(self.env, fact.month, date_format="yyyy-MM"),
            )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("number_id") and not vals.get("partner_id"):
                number = self.env["vip.service.number"].browse(vals["number_id"])
                vals["partner_id"] = number.partner_id.id
        facts = super().create(vals_list)
        for company, rows in facts.grouped("company_id").items():
            # the list of months follows the bills
            self.env["vip.billing.month"].sudo()._ensure(company, rows.mapped("month"))
        return facts

    @api.constrains("number_id", "partner_id", "company_id")
    def _check_same_company(self):
        for fact in self:
            number = fact.number_id
            if number and number.company_id != fact.company_id:
                raise ValidationError(
                    self.env._(
                        "The number %(number)s belongs to %(company)s; its bill cannot be one of "
                        "%(other)s.",
                        number=number.number,
                        company=number.company_id.name,
                        other=fact.company_id.name,
                    )
                )
