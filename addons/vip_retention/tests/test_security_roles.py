"""The rights of this addon's models, see ``doors_common``."""

from odoo.tests import tagged

from odoo.addons.vip_customer.tests.roles_checks import RolesChecks

from .doors_common import DoorsCase

# what customers have; who stands for another role has what that one has
RIGHTS = {}
# What all companies share: who may read it; the managers write it.
CATALOGUE = {
    name: {"desk", "manager_a", "lead", "boss", "auditor"}
    for name in ("vip.retention.reason", "vip.retention.offer", "vip.customer.type")
}
# Who may create at all (a rule still says for whom).
CREATORS = {name: {"boss"} for name in CATALOGUE}


@tagged("post_install", "-at_install", "vip_security")
class TestSecurityRoles(RolesChecks, DoorsCase):
    rights = RIGHTS
    catalogue = CATALOGUE
    creators = CREATORS
