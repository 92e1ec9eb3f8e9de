from odoo import fields, models

OWN, PARTNER, BOTH = "own", "partner", "both"


class VipVas(models.Model):
    """A value-added service: what customers are shown and take up beside calls, texts and data."""

    _name = "vip.vas"
    _description = "Value-added service"
    _order = "sequence, id"
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, copy=False, help="Key for imports and other systems.")
    provided_by = fields.Selection(
        [(OWN, "Ourselves"), (PARTNER, "A partner"), (BOTH, "Ourselves or a partner")],
        default=OWN,
        required=True,
        string="Provided by",
    )
    counts_in_kpi = fields.Boolean(
        default=True,
        string="Counts in the KPI",
        help="Whether who uses it counts as a user of new services in the month-end figures.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (code)", "Another value-added service has this code already."
    )
