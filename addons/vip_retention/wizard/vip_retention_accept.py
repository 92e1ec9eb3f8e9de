from odoo import api, fields, models
from odoo.fields import Command


class VipRetentionAccept(models.TransientModel):
    """The customer accepts the latest offer and has several numbers at stake: which of them he keeps.

    The watch is judged by these, and only the requests to leave about these are taken back. All that are
    still open are ticked at first.
    """

    _name = "vip.retention.accept"
    _description = "Numbers that the customer keeps"
    _inherit = "vip.guarded.mixin"

    case_id = fields.Many2one("vip.retention.case", required=True, ondelete="cascade")
    proposal_id = fields.Many2one(related="case_id.proposal_id", related_sudo=False)
    line_ids = fields.One2many(
        "vip.retention.accept.line",
        "wizard_id",
        string="Numbers he keeps",
        compute="_compute_line_ids",
        compute_sudo=False,  # of cases that the user may read only
        store=True,
        readonly=False,
    )

    @api.depends("case_id")
    def _compute_line_ids(self):
        for wizard in self:
            wizard.case_id.check_access("read")
            case = wizard.case_id.sudo()  # the desk may not read numbers; it is shown them masked
            wizard.line_ids = [Command.clear()] + [
                Command.create({"number_id": line.id, "is_kept": line in case.kept_number_ids})
                for line in case.number_ids
                if line._is_open()
            ]

    def action_confirm(self):
        """He accepts, and keeps what is ticked.

        :raise AccessError, UserError: as ``vip.retention.case.action_accept``
        """
        self._require_one()
        self.case_id.action_accept(self.line_ids.filtered("is_kept").number_id.ids)
        return {"type": "ir.actions.act_window_close"}
