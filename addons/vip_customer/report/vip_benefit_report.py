from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class VipBenefitReport(models.Model):
    """What was granted, used and left to expire, in units and money, by month.

    Granted counts in the first month of the period, used in the month of the redemption (cancelled ones
    never, counter-entries negatively), expired in the month of the period's last day once it is over.
    Unlimited entitlements are used but neither granted nor expired. Tier is that of the entitlement
    (granted, expired) or of the redemption (used); manager and branch are today's. Units of different
    benefits do not add up, their values do. Amounts are in the company's currency.
    """

    _name = "vip.benefit.report"
    _description = "Use of benefits"
    _auto = False
    _rec_name = "benefit_id"
    _order = "month desc, partner_id"
    _depends = {
        "vip.entitlement": ["granted", "remaining", "date_to", "unit_value"],
        "vip.redemption": ["state", "quantity", "value", "date"],
        "vip.membership": ["manager_id", "team_id"],
    }

    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    benefit_id = fields.Many2one("vip.benefit", readonly=True)
    category_id = fields.Many2one("vip.benefit.category", readonly=True)
    tier_id = fields.Many2one("vip.tier", readonly=True)
    manager_id = fields.Many2one("res.users", string="Account manager", readonly=True)
    team_id = fields.Many2one("crm.team", string="Branch", readonly=True)
    month = fields.Date(readonly=True)
    granted = fields.Integer(readonly=True)
    used = fields.Integer(readonly=True)
    expired = fields.Integer(readonly=True)
    granted_value = fields.Monetary(readonly=True, string="Value granted")
    used_value = fields.Monetary(readonly=True, string="Value used")
    expired_value = fields.Monetary(readonly=True, string="Value expired")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT f.id, f.partner_id, f.company_id, f.benefit_id, b.category_id, f.tier_id,
                   m.manager_id, m.team_id, date_trunc('month', f.day)::date AS month,
                   f.granted, f.used, f.expired,
                   f.granted * f.unit_value AS granted_value,
                   f.used_value,
                   f.expired * f.unit_value AS expired_value
              FROM (SELECT id * 3 AS id, partner_id, company_id, benefit_id, tier_id, unit_value,
                           date_from AS day, granted, 0 AS used, 0 AS expired, 0 AS used_value
                      FROM vip_entitlement WHERE is_unlimited IS NOT TRUE
                     UNION ALL
                    SELECT id * 3 + 1, partner_id, company_id, benefit_id, tier_id, unit_value,
                           date, 0, quantity, 0, value
                      FROM vip_redemption WHERE state <> 'cancelled'
                     UNION ALL
                    SELECT e.id * 3 + 2, e.partner_id, e.company_id, e.benefit_id, e.tier_id,
                           e.unit_value, e.date_to, 0, 0, e.remaining, 0
                      FROM vip_entitlement e
                      JOIN (VALUES %(today)s) t (company_id, day)
                        ON t.company_id = e.company_id AND e.date_to < t.day
                     WHERE e.is_unlimited IS NOT TRUE AND e.remaining > 0
                   ) f
              JOIN vip_benefit b ON b.id = f.benefit_id
              JOIN vip_membership m ON m.partner_id = f.partner_id
            """,
            today=SQL(", ").join(
                SQL("(%s, %s::date)", company.id, company._vip_today())
                # rules on the report say whose rows are read; today is nobody's secret
                for company in self.env["res.company"].sudo().search(Domain.TRUE)
            ),
        )
