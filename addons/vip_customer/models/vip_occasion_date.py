from odoo import api, fields, models


class VipOccasionDate(models.Model):
    """One day on which a festival is, shipped for twelve years and editable."""

    _name = "vip.occasion.date"
    _description = "Date of an occasion"
    _order = "date, id"

    occasion_id = fields.Many2one(
        "vip.occasion",
        required=True,
        ondelete="cascade",
        index=True,
        domain=[("kind", "=", "festival")],
    )
    date = fields.Date(required=True, index=True)
    is_mourning = fields.Boolean(related="occasion_id.is_mourning")

    _occasion_date_uniq = models.Constraint(
        "UNIQUE (occasion_id, date)", "This occasion has this date already."
    )

    @api.depends("occasion_id", "date")
    def _compute_display_name(self):
        for day in self:
            day.display_name = day.occasion_id.name
