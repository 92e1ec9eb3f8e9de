from odoo import api, fields, models

from ..tools import assessment
from .vip_kpi_report import RATES

# reckoned from the start of the period: its target is that of the whole year
YEARLY = "benefit_use"


class VipKpiReport(models.Model):
    """The figures of a row beside what they should be in its tier."""

    _inherit = "vip.kpi.report"

    aims = fields.Text(
        compute="_compute_aims",
        string="Beside the target",
        help="Figures of this row that have a target for its tier.",
    )

    @api.depends("company_id", "tier_id", *RATES)
    @api.depends_context("lang")
    def _compute_aims(self):
        Target = self.env["vip.kpi.target"]
        labels = dict(Target._selection_figure())
        goals = {company: Target._goals(company) for company in self.company_id}
        for row in self:
            lines = []
            for figure, (_above, below) in RATES.items():
                if figure == YEARLY:
                    continue
                tiers = goals[row.company_id].get(figure, {})
                goal = tiers.get(row.tier_id.id, tiers.get(None))
                if not goal or not row[below]:
                    continue
                values = {
                    "figure": labels[figure],
                    "value": Target._written(figure, row[figure]),
                    "aim": Target._aim(figure, goal.target),
                }
                if assessment.is_reached(row[figure], goal):
                    lines.append(self.env._("✓ %(figure)s %(value)s: %(aim)s, reached", **values))
                else:
                    lines.append(self.env._("✗ %(figure)s %(value)s: %(aim)s, missed", **values))
            row.aims = "\n".join(lines)
