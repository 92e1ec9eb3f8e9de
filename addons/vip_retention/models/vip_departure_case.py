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
        self.env["vip.retention.case"]._departures_announced(self)
        return super()._after_announced()

    def _after_moved(self):
        self.env["vip.retention.case"]._departures_moved(self)
        return super()._after_moved()

    def _after_withdrawn(self):
        self.env["vip.retention.case"]._departures_withdrawn(self)
        return super()._after_withdrawn()

    def _after_effective(self):
        self.env["vip.retention.case"]._departures_effective(self)
        return super()._after_effective()
