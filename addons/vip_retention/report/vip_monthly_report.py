from odoo import api, models


class ReportMonthlyReport(models.AbstractModel):
    """The printed monthly report, in the language of the caller.

    Rendered as the caller: who may not read the report gets none.
    """

    _name = "report.vip_retention.monthly_report"
    _description = "Monthly report of a branch"

    @api.model
    def _get_report_values(self, docids, data=None):
        reports = self.env["vip.monthly.report"].browse(docids).exists()
        reports.check_access("read")
        lang = self._lang()
        reports = reports.with_context(lang=lang)
        return {
            "doc_ids": reports.ids,
            "doc_model": reports._name,
            "docs": reports,
            "report_lang": lang,
            "report_tables": {report.id: report._tables() for report in reports},
        }

    @api.model
    def _lang(self):
        return self.env.lang


class ReportMonthlyReportOther(models.AbstractModel):
    """The same in the other language of the programme, English where the caller reads Chinese, where it is
    installed."""

    _name = "report.vip_retention.monthly_report_other"
    _description = "Monthly report of a branch, in the other language"
    _inherit = "report.vip_retention.monthly_report"

    @api.model
    def _lang(self):
        lang = super()._lang()
        other = "en_US" if (lang or "").startswith("zh") else "zh_CN"
        return other if other in dict(self.env["res.lang"].get_installed()) else lang
