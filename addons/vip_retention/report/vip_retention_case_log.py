from odoo import api, fields, models

from ..models.vip_retention_log import REFUSED


class ReportRetentionCaseLog(models.AbstractModel):
    """The printed log of a case: what was asked for, offered, answered and done, by whom and when.

    An official record, which may be shown to the customer or to an authority: it says nothing of the
    customer's type or profile and nothing of what an offer costs the company, and numbers are masked. What
    the customer was billed stands in it only for who may see it on the case.

    Rendered as the caller: who may not read the case gets none.
    """

    _name = "report.vip_retention.case_log"
    _description = "Log of a retention case"

    @api.model
    def _get_report_values(self, docids, data=None):
        cases = self.env["vip.retention.case"].browse(docids).exists()
        cases.check_access("read")
        return {
            "doc_ids": cases.ids,
            "doc_model": cases._name,
            "docs": cases,
            "printed_at": fields.Datetime.now(),
            "records": {case.id: self._record(case) for case in cases},
        }

    def _record(self, case):
        refusals = case.log_ids.filtered(lambda line: line.step == REFUSED)
        return {
            # what the customer asked for, in words that every role may read; his numbers stay masked
            "requests": case.sudo().departure_ids.sorted("id"),
            "proposals": case.proposal_ids.sorted("id"),
            "refusal": refusals[:1],
            "facts": case.snapshot or {},
        }
