from odoo import api, models
from odoo.exceptions import UserError


class SpreadsheetDashboardShare(models.Model):
    """A shared dashboard is a copy that everybody with its address reads, without logging in: not of ours."""

    _inherit = "spreadsheet.dashboard.share"

    @api.model_create_multi
    def create(self, vals_list):
        shares = super().create(vals_list)
        ours = self.env.ref("vip_retention.dashboard_group_vip", raise_if_not_found=False)
        for share in shares:
            dashboard = share.dashboard_id
            if ours and dashboard.dashboard_group_id == ours:
                raise UserError(
                    self.env._(
                        "“%s” is not shared: whoever has the link would read it without logging in. Give "
                        "those who need it a role in the VIP programme, or hand up the printed report.",
                        dashboard.name,
                    )
                )
        return shares
