from odoo import api, fields, models
from odoo.tools import SQL, format_date


class VipBillingMonth(models.Model):
    """One month of bills of a company, and whether all of its bills are in.

    ``complete`` is set by an import or by hand; figures that wait for bills are provisional until then.
    """

    _name = "vip.billing.month"
    _description = "Billing month"
    _inherit = "vip.guarded.mixin"
    _scope_fields = frozenset({"company_id"})
    _order = "month desc, company_id"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    month = fields.Date(required=True, help="First day of the month.")
    complete = fields.Boolean(help="All bills of the month are in.")
    bill_count = fields.Integer(compute="_compute_bills", string="Number of bills")
    customer_count = fields.Integer(compute="_compute_bills", string="Customers billed")
    amount = fields.Monetary(compute="_compute_bills", string="Billed")

    _month_uniq = models.Constraint(
        "UNIQUE (company_id, month)", "This billing month is in the list already."
    )
    _month_first = models.Constraint(
        "CHECK (extract(day FROM month) = 1)", "A month is written as its first day."
    )

    @api.depends("month")
    def _compute_display_name(self):
        for record in self:
            record.display_name = format_date(self.env, record.month, date_format="yyyy-MM")

    def _compute_bills(self):
        rows = self.env["vip.billing.fact"]._read_group(
            [("month", "in", self.mapped("month")), ("company_id", "in", self.company_id.ids)],
            ["company_id", "month:month"],
            ["__count", "partner_id:count_distinct", "amount:sum"],
        )
        figures = {(company, month): rest for company, month, *rest in rows}
        for record in self:
            found = figures.get((record.company_id, record.month), (0, 0, 0))
            record.bill_count, record.customer_count, record.amount = found

    def action_mark_complete(self):
        """Say that all bills of these months are in."""
        self._require("write")
        self.write({"complete": True})
        return True

    def action_view_bills(self):
        """Open the bills of this month."""
        self._require_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "vip_customer.vip_billing_fact_action"
        )
        domain = [("month", "=", self.month), ("company_id", "=", self.company_id.id)]
        return {**action, "domain": domain, "context": {}}

    @api.model
    def _ensure(self, company, months, complete=False):
        """Put these months on the list, and mark them complete if asked; run as superuser."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO vip_billing_month (company_id, month, complete,
                                               create_uid, write_uid, create_date, write_date)
                SELECT %(company)s, m, %(complete)s, %(uid)s, %(uid)s, %(now)s, %(now)s
                  FROM unnest(%(months)s::date[]) m
                ON CONFLICT (company_id, month) DO UPDATE SET complete = TRUE
                 WHERE excluded.complete AND vip_billing_month.complete IS NOT TRUE
                """,
                company=company.id,
                months=sorted(set(months)),
                complete=complete,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        self.invalidate_model()
