from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from .vip_kpi_month import TOTALS
from .vip_kpi_report import RATES


class VipKpiMonth(models.Model):
    """Several months together: customer-months, and rates that are ratios of their sums."""

    _inherit = "vip.kpi.month"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        name, _colon, function = aggregate_spec.partition(":")
        if name not in TOTALS or function != self._fields[name].aggregator:
            return super()._read_group_select(aggregate_spec, query)
        if name in RATES:
            above, below = (self._sum_of_rows(part, query) for part in RATES[name])
            return SQL("sum(%s)::float / nullif(sum(%s), 0)", above, below)
        return SQL("sum(%s)", self._sum_of_rows(name, query))

    @api.model
    def _sum_of_rows(self, name, query):
        """What the report says of the month of a row, over what the caller may see of it."""
        report = self.env["vip.kpi.report"]
        rows = report._search(Domain.TRUE)

        def column(part):
            return report._field_to_sql(rows.table, part, rows)

        rows.add_where(SQL("%s = %s", column("month_id"), SQL.identifier(query.table, "id")))
        kind = SQL(report._fields[name].column_type[1])
        return rows.subselect(SQL("sum(%s)::%s", column(name), kind))
