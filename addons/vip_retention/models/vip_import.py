from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

DEPARTURES = "departures"
ROW_REFUSALS = {
    "departure_kind_invalid": _lt(
        "This is no kind of departure. Use scheduled, port_out, arrears or suspension."
    ),
    "effective_on_missing": _lt(
        "The day on which the number closes is missing; only a suspension may do with that of the "
        "request."
    ),
    "requested_on_missing": _lt("The day on which the suspension was requested is missing."),
    "departs_early": _lt(
        "The departure is effective before it was requested. Correct one of the days."
    ),
    "departs_before_activation": _lt(
        "The number was activated on %(detail)s only, so it cannot close before. Correct the day."
    ),
    "number_closed": _lt(
        "The number is closed since %(detail)s, before this was asked for. Remove the row, or correct "
        "the days."
    ),
    "customer_left": _lt(
        "The customer left on %(detail)s already. Remove the row, or correct the days."
    ),
    "departing_number_needed": _lt("The customer has several numbers. Give the one that leaves."),
    "departure_twice": _lt("The same number or customer leaves in line %(detail)s, too."),
    "departure_announced": _lt(
        "Another departure of the number or customer is announced: %(detail)s. Let the customer withdraw "
        "that one first, or correct the kind."
    ),
    "channel_unknown": _lt("No channel has this code or name. Correct it, or leave it empty."),
    "channel_ambiguous": _lt("Several channels have this name. Give the code."),
    "reason_unknown": _lt(
        "No reason for leaving has this code or name. Correct it, or leave it empty."
    ),
    "reason_ambiguous": _lt("Several reasons for leaving have this name. Give the code."),
}


class VipImport(models.Model):
    """Imports the daily list of departures as well."""

    _inherit = "vip.import"

    kind = fields.Selection(
        selection_add=[(DEPARTURES, "Departures")], ondelete={DEPARTURES: "cascade"}
    )

    @api.model
    def _row_refusals(self):
        return {**super()._row_refusals(), **ROW_REFUSALS}
