from odoo import fields, models


class VipServiceTarget(models.Model):
    """How fast a tier is answered and served: working hours of the service type's calendar. A tier
    without a target does not have the service."""

    _name = "vip.service.target"
    _description = "Service target"
    _order = "type_id, tier_id"
    _rec_name = "type_id"

    type_id = fields.Many2one("vip.service.type", required=True, ondelete="cascade", index=True)
    tier_id = fields.Many2one("vip.tier", required=True, ondelete="cascade")
    respond_hours = fields.Float(required=True, string="Response within", help="Working hours.")
    resolve_hours = fields.Float(required=True, string="Resolution within", help="Working hours.")

    _tier_uniq = models.Constraint(
        "UNIQUE (type_id, tier_id)", "This service has a target for this tier already."
    )
    _hours_order = models.Constraint(
        "CHECK (0 < respond_hours AND respond_hours <= resolve_hours)",
        "A request is answered first and resolved then: give hours above zero, for the response no more "
        "than for the resolution.",
    )
