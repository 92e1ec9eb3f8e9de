from odoo import http
from odoo.http import content_disposition, request

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class VipMonthlyReportController(http.Controller):
    @http.route(
        "/vip_retention/monthly_report/<int:report_id>/workbook",
        type="http",
        auth="user",
        readonly=True,
    )
    def workbook(self, report_id):
        """The figures of a monthly report as a workbook, as the caller sees them and in his language."""
        report = request.env["vip.monthly.report"].browse(report_id)
        report._require_one()
        return request.make_response(
            report._workbook(),
            [
                ("Content-Type", XLSX),
                ("Content-Disposition", content_disposition(f"{report._file_name()}.xlsx")),
            ],
        )
