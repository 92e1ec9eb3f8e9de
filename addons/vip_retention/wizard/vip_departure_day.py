from odoo import api, fields, models

CHANGE, HAPPENED = "change", "happened"


class VipDepartureDay(models.TransientModel):
    """The day of a departure: another one because the customer wishes so, or that on which it happened."""

    _name = "vip.departure.day"
    _description = "Day of a departure"
    _inherit = "vip.guarded.mixin"

    departure_id = fields.Many2one("vip.departure", required=True, ondelete="cascade")
    mode = fields.Selection(
        [(CHANGE, "He wishes to leave on another day"), (HAPPENED, "It has happened")],
        required=True,
        default=CHANGE,
        string="What is to be noted",
    )
    day = fields.Date(
        required=True,
        compute="_compute_day",
        compute_sudo=False,  # of departures that the user may read only
        store=True,
        readonly=False,
        precompute=True,
    )

    @api.depends("departure_id", "mode")
    def _compute_day(self):
        for wizard in self:
            today = self.env.company._vip_today()
            planned = wizard.departure_id.effective_on
            wizard.day = today if wizard.mode == HAPPENED else planned or today

    def action_confirm(self):
        """Note it.

        :raise AccessError, UserError: as ``vip.departure.change_day`` and ``take_effect``
        """
        self._require_one()
        if self.mode == HAPPENED:
            self.departure_id.take_effect(self.day)
        else:
            self.departure_id.change_day(self.day)
        return {"type": "ir.actions.act_window_close"}
