from odoo import fields, models

CUSTOMER, DOCUMENTS, APPOINTMENT, THIRD_PARTY, CLOSED_MEANWHILE = (
    "customer",
    "documents",
    "appointment",
    "third_party",
    "closed",
)
PAUSE_REASONS = [
    (CUSTOMER, "Waiting for the customer's answer"),
    (DOCUMENTS, "Waiting for documents"),
    (APPOINTMENT, "Appointment agreed with the customer"),
    (THIRD_PARTY, "Waiting for a third party"),
]
# a third party is our business, not the customer's: the clock runs on
KEEPS_RUNNING = {THIRD_PARTY}


class VipServicePause(models.Model):
    """A time in which a request waited, and for what; also that between its closing and its opening
    again. Written by the request's own actions."""

    _name = "vip.service.pause"
    _description = "Pause of a service request"
    _inherit = "vip.guarded.mixin"
    _order = "date_from desc, id desc"
    _log_access = False
    _rec_name = "reason"
    _guarded_fields = frozenset(
        {
            "request_id",
            "partner_id",
            "company_id",
            "reason",
            "note",
            "stops_clock",
            "date_from",
            "date_to",
            "working_hours",
            "resolve_by",
            "user_id",
        }
    )

    request_id = fields.Many2one(
        "vip.service.request", required=True, ondelete="cascade", readonly=True, index=True
    )
    partner_id = fields.Many2one(
        related="request_id.partner_id", store=True, string="Customer", ondelete="restrict"
    )
    company_id = fields.Many2one(related="request_id.company_id", store=True)
    reason = fields.Selection(
        [*PAUSE_REASONS, (CLOSED_MEANWHILE, "Closed, and opened again")],
        required=True,
        readonly=True,
    )
    note = fields.Char(readonly=True)
    stops_clock = fields.Boolean(readonly=True, string="Stops the clock")
    date_from = fields.Datetime(required=True, readonly=True, string="From")
    date_to = fields.Datetime(readonly=True, string="Until")
    working_hours = fields.Float(
        readonly=True, string="Working hours", help="Working time in it, when it is over."
    )
    resolve_by = fields.Datetime(
        readonly=True,
        string="Resolve by",
        help="Until when it was to be resolved as the pause began.",
    )
    user_id = fields.Many2one("res.users", readonly=True, ondelete="restrict", string="Paused by")

    _open_uniq = models.UniqueIndex(
        "(request_id) WHERE date_to IS NULL", "This request is paused already."
    )
