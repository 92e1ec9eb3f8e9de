from odoo import models

from .vip_kpi_report import PER_MANAGER, RATES


class VipKpiReport(models.Model):
    """A rate with nothing below the line is an empty cell in a file, as it is none on the screen."""

    _inherit = "vip.kpi.report"  # pylint: disable=consider-merging-classes-inherited

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        rows = super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)
        if len(rows) != len(self):
            return rows  # lines of what hangs on a row are between them
        for column, path in enumerate(fields):
            if path[0] in PER_MANAGER:
                needed = ("manager_id", "closing")
            elif path[0] in RATES:
                needed = RATES[path[0]][1:]
            else:
                continue
            for row, report in zip(rows, self, strict=True):
                if not all(report[name] for name in needed):
                    row[column] = ""
        return rows
