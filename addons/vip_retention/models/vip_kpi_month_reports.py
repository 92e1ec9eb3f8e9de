from odoo import fields, models


class VipKpiMonth(models.Model):
    """The monthly reports of the branches."""

    _inherit = "vip.kpi.month"

    monthly_report_count = fields.Integer(
        compute="_compute_monthly_report_count", string="Number of monthly reports"
    )

    def _compute_monthly_report_count(self):
        counts = dict(
            self.env["vip.monthly.report"]._read_group(
                [("month_id", "in", self.ids)], ["month_id"], ["__count"]
            )
        )
        for month in self:
            month.monthly_report_count = counts.get(month, 0)

    def action_create_monthly_reports(self):
        """Begin the report of each branch that has figures in these months, where there is none yet.

        :raise AccessError: the caller is no manager
        :raise UserError: a month was not computed
        """
        self._require("write")
        for month in self:
            month._check_computed()
        branches = self.env["vip.kpi.report"]._read_group(
            [("month_id", "in", self.ids), ("team_id", "!=", False)], ["month_id", "team_id"]
        )
        begun = set(
            self.env["vip.monthly.report"]._read_group(
                [("month_id", "in", self.ids)], ["month_id", "team_id"]
            )
        )
        self.env["vip.monthly.report"].create(
            [
                {"month_id": month.id, "team_id": team.id}
                for month, team in branches
                if (month, team) not in begun
            ]
        )
        return self.action_view_monthly_reports()

    def action_view_monthly_reports(self):
        """Open the monthly reports of these months."""
        self._require("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "vip_retention.vip_monthly_report_action"
        )
        return {**action, "domain": [("month_id", "in", self.ids)], "context": {}}
