import json

from odoo.http import request

from odoo.addons.web.controllers.export import ExcelExport

from ..models.vip_kpi_report import PER_MANAGER, RATES


class VipKpiExport(ExcelExport):
    """A grouped list of month-end figures, exported: the rate of a group is the ratio of its sums there too.

    Odoo adds up in Python what it exports, and would take the mean of the rows' rates.
    """

    def from_group_data(self, fields, columns_headers, groups):
        if groups._model._name == "vip.kpi.report":
            self._vip_put_rates(groups)
        return super().from_group_data(fields, columns_headers, groups)

    def _vip_put_rates(self, tree):
        asked = json.loads(request.params["data"])
        domain = [("id", "in", asked["ids"])] if asked["ids"] else asked["domain"]
        rates = {
            name: f"{name}:avg" for name in tree._export_field_names if name in RATES | PER_MANAGER
        }
        for depth in range(1, len(tree._groupby) + 1):
            path = tree._groupby[:depth]
            for group in tree._model.formatted_read_group(domain, path, list(rates.values())):
                node = tree
                for key in path:
                    node = node.child(group[key])
                # nothing below the line is an empty cell
                node.aggregated_values.update(
                    {
                        name: None if group[rate] is False else group[rate]
                        for name, rate in rates.items()
                    }
                )
