import json

from odoo.http import request

from odoo.addons.web.controllers.export import ExcelExport


class VipExport(ExcelExport):
    """A grouped list of the programme, exported: a group says there what it says on the screen.

    Odoo adds up in Python what it exports: it would take the mean of the rates of a group for its rate, and
    for 0 what is no figure.
    """

    def from_group_data(self, fields, columns_headers, groups):
        if groups._model._name.startswith("vip."):
            self._vip_put_aggregates(groups)
        return super().from_group_data(fields, columns_headers, groups)

    def _vip_put_aggregates(self, tree):
        asked = json.loads(request.params["data"])
        model, domain = tree._model, asked["domain"]
        if asked["ids"]:
            model, domain = model.with_context(active_test=False), [("id", "in", asked["ids"])]
        # what a screen cannot group by is added up by Odoo
        described = model.fields_get(tree._get_aggregated_field_names(), ["aggregator"])
        aggregates = {
            name: f"{name}:{field['aggregator']}"
            for name, field in described.items()
            if field.get("aggregator")
        }
        for depth in range(1, len(tree._groupby) + 1):
            path = tree._groupby[:depth]
            for group in model.formatted_read_group(domain, path, list(aggregates.values())):
                node = tree
                for key in path:
                    node = node.child(group[key])
                # nothing to tell is an empty cell
                node.aggregated_values.update(
                    {
                        name: None if group[aggregate] is False else group[aggregate]
                        for name, aggregate in aggregates.items()
                    }
                )
