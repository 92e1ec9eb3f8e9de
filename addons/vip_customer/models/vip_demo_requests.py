from odoo import models


class VipDemo(models.AbstractModel):
    """The service requests of the demo."""

    _inherit = "vip.demo"  # pylint: disable=consider-merging-classes-inherited
