from odoo import fields, models
from odoo.tools import SQL


class VipTierRunComparison(models.Model):
    """Two runs side by side, one row per customer who has a line in either.

    The context names the runs: ``vip_run_ids`` = [first, second]; without them there are no rows.
    """

    _name = "vip.tier.run.comparison"
    _description = "Comparison of two VIP tier runs"
    _auto = False
    _rec_name = "partner_id"
    _order = "partner_id"
    _depends = {"vip.tier.run.line": ["run_id", "new_tier_id", "movement", "average_spend"]}

    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    old_tier_id = fields.Many2one("vip.tier", string="Tier before", readonly=True)
    first_tier_id = fields.Many2one("vip.tier", string="First run", readonly=True)
    first_average = fields.Float(
        readonly=True, digits=(16, 4), aggregator="avg", string="Average, first run"
    )
    first_score = fields.Integer(readonly=True, aggregator="avg", string="Score, first run")
    second_tier_id = fields.Many2one("vip.tier", string="Second run", readonly=True)
    second_average = fields.Float(
        readonly=True, digits=(16, 4), aggregator="avg", string="Average, second run"
    )
    second_score = fields.Integer(readonly=True, aggregator="avg", string="Score, second run")
    difference = fields.Selection(
        [
            ("same", "Same tier"),
            ("higher", "Higher in the second"),
            ("lower", "Lower in the second"),
        ],
        readonly=True,
    )

    @property
    def _table_query(self):
        chosen = self.env.context.get("vip_run_ids")
        try:
            first, second = map(int, chosen)
        except (TypeError, ValueError):
            first, second = 0, 0
        return SQL(
            """
            SELECT coalesce(a.partner_id, b.partner_id) AS id,
                   coalesce(a.partner_id, b.partner_id) AS partner_id,
                   coalesce(a.company_id, b.company_id) AS company_id,
                   coalesce(a.old_tier_id, b.old_tier_id) AS old_tier_id,
                   a.new_tier_id AS first_tier_id, a.average_spend AS first_average,
                   a.score AS first_score,
                   b.new_tier_id AS second_tier_id, b.average_spend AS second_average,
                   b.score AS second_score,
                   CASE WHEN a.new_tier_id IS NOT DISTINCT FROM b.new_tier_id THEN 'same'
                        WHEN coalesce(tb.rank, 0) > coalesce(ta.rank, 0) THEN 'higher'
                        ELSE 'lower' END AS difference
              FROM (SELECT * FROM vip_tier_run_line WHERE run_id = %s) a
              FULL JOIN (SELECT * FROM vip_tier_run_line WHERE run_id = %s) b
                ON b.partner_id = a.partner_id
              LEFT JOIN vip_tier ta ON ta.id = a.new_tier_id
              LEFT JOIN vip_tier tb ON tb.id = b.new_tier_id
            """,
            first,
            second,
        )
