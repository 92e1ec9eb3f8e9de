"""The public methods and guarded fields of this addon, see ``doors_common``."""

from odoo.tests import tagged

from odoo.addons.vip_customer.tests.doors_checks import DoorsChecks, DoorsTable, WireChecks

from .doors_common import DoorsCase

DOORS = []
PRIVATE_METHODS = [("vip.retention.offer", "_fitting_domain")]


class RetentionDoors(DoorsTable, DoorsCase):
    doors = DOORS


@tagged("post_install", "-at_install", "vip_security")
class TestDoors(DoorsChecks, RetentionDoors):
    pass


@tagged("post_install", "-at_install", "vip_security")
class TestDoorsWire(WireChecks, RetentionDoors):
    private_methods = PRIVATE_METHODS
