from odoo import fields, models

from .vip_departure import VipDeparture as Departure


class VipDeparture(models.Model):
    """What a request to leave, and what becomes of it, does to its case."""

    _inherit = "vip.departure"  # pylint: disable=consider-merging-classes-inherited
    _guarded_fields = Departure._guarded_fields | {"case_id"}

    case_id = fields.Many2one(
        "vip.retention.case",
        string="Retention case",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )

    def _after_announced(self):
        super()._after_announced()
        self.env["vip.retention.case"]._departures_announced(self)

    def _after_moved(self):
        super()._after_moved()
        self.env["vip.retention.case"]._departures_moved(self)

    def _after_withdrawn(self):
        super()._after_withdrawn()
        self.env["vip.retention.case"]._departures_withdrawn(self)

    def _after_effective(self):
        super()._after_effective()
        self.env["vip.retention.case"]._departures_effective(self)
