from odoo import api, fields, models
from odoo.tools import SQL


class VipTierRunCost(models.Model):
    """What a run makes of the cost of benefits: one row per tier and benefit, before and after.

    Cost of a year = customers of the tier x quantity in a year x value of a unit x expected use, as the
    matrix and the company's settings say when the run is computed. Unlimited and standing benefits cost
    nothing here; what is given once counts once. Rows are written by the run only.
    """

    _name = "vip.tier.run.cost"
    _description = "Benefit cost of a tier run"
    _order = "run_id desc, tier_rank desc, benefit_id"
    _rec_name = "benefit_id"
    _log_access = False

    run_id = fields.Many2one(
        "vip.tier.run", required=True, ondelete="cascade", readonly=True, index=True
    )
    company_id = fields.Many2one("res.company", required=True, ondelete="restrict", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    tier_id = fields.Many2one("vip.tier", required=True, ondelete="restrict", readonly=True)
    tier_rank = fields.Integer(related="tier_id.rank", store=True)
    benefit_id = fields.Many2one("vip.benefit", required=True, ondelete="cascade", readonly=True)
    count_before = fields.Integer(readonly=True, string="Customers before")
    count_after = fields.Integer(readonly=True, string="Customers after")
    cost_per_customer = fields.Monetary(
        readonly=True, string="Expected cost per customer", aggregator=None
    )
    cost_before = fields.Monetary(readonly=True, string="Cost before")
    cost_after = fields.Monetary(readonly=True, string="Cost after")
    difference = fields.Monetary(readonly=True)

    @api.model
    def _recompute(self, run):
        """Write the rows of a computed run anew; run as superuser."""
        company = run.company_id
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM vip_tier_run_cost WHERE run_id = %(run)s;
                INSERT INTO vip_tier_run_cost (run_id, company_id, tier_id, tier_rank, benefit_id,
                                               count_before, count_after, cost_per_customer,
                                               cost_before, cost_after, difference)
                SELECT %(run)s, %(company)s, t.id, t.rank, b.id, n.before, n.after, c.cost,
                       n.before * c.cost, n.after * c.cost, (n.after - n.before) * c.cost
                  FROM (SELECT tier_id, sum(before) AS before, sum(after) AS after
                          FROM (SELECT old_tier_id AS tier_id, count(*) AS before, 0 AS after
                                  FROM vip_tier_run_line
                                 WHERE run_id = %(run)s AND old_tier_id IS NOT NULL GROUP BY 1
                                 UNION ALL
                                SELECT new_tier_id, 0, count(*) FROM vip_tier_run_line
                                 WHERE run_id = %(run)s AND new_tier_id IS NOT NULL GROUP BY 1
                               ) side
                         GROUP BY tier_id
                       ) n
                  JOIN vip_tier t ON t.id = n.tier_id
                  JOIN vip_tier_benefit tb ON tb.tier_id = t.id AND tb.quantity > 0
                  JOIN vip_benefit b ON b.id = tb.benefit_id AND b.active IS TRUE
                 CROSS JOIN LATERAL (
                       SELECT tb.quantity * tb.unit_value
                              * CASE tb.period WHEN 'month' THEN 12 ELSE 1 END
                              * CASE b.delivery WHEN 'on_request' THEN %(on_request)s
                                                WHEN 'automatic' THEN %(automatic)s ELSE 0 END AS cost
                       ) c
                 WHERE c.cost > 0
                """,
                run=run.id,
                company=company.id,
                on_request=company.vip_use_on_request,
                automatic=company.vip_use_automatic,
            )
        )
        self.invalidate_model()
