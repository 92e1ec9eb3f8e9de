from odoo import models


class VipLogCall(models.TransientModel):
    """A contact to keep a customer goes through the door of his case, which knows how many there may be, and
    that there is none after his final refusal. What was before the case is none of its."""

    _inherit = "vip.log.call"

    def _note(self):
        if self.purpose == "retention":
            case = self.env["vip.retention.case"].sudo()._counting(self.partner_id)
            if case and not (self.date and self.date < case.opened_at):
                return case.with_env(self.env)._contact(self._prepare_interaction())
        return super()._note()
