from odoo import api, fields, models
from odoo.tools import format_datetime

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
            "printed": self.env._(
                "Printed on %(time)s by %(user)s; times are those of %(zone)s. The steps are recorded by the "
                "system and cannot be changed.",
                time=format_datetime(self.env, fields.Datetime.now()),
                user=self.env.user.name,
                zone=self.env.user.tz or "UTC",
            ),
            "records": {case.id: self._record(case) for case in cases},
        }

    def _record(self, case):
        return {
            # what the customer asked for, in words that every role may read; his numbers stay masked
            "requests": case.sudo().departure_ids.sorted("id"),
            "proposals": case.proposal_ids.sorted("id"),
            "refusal": self._refusal_sentence(case),
            "end": self._end_sentence(case),
            "facts": case.snapshot or {},
        }

    def _refusal_sentence(self, case):
        refusal = case.log_ids.filtered(lambda line: line.step == REFUSED)[:1]
        return refusal and self.env._(
            "The customer's final refusal was noted on %(time)s by %(user)s. From then on this case took no "
            "offers and no contacts.",
            time=format_datetime(self.env, refusal.date),
            user=refusal.user_id.name,
        )

    def _end_sentence(self, case):
        return case.closed_at and self.env._(
            "Closed on %(time)s: %(outcome)s.",
            time=format_datetime(self.env, case.closed_at),
            outcome=case._label("outcome"),
        )
