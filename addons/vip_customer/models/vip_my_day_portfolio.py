from odoo import models
from odoo.fields import Domain

from .vip_my_day import BRANCH


class VipMyDay(models.AbstractModel):
    """VIP customers without an account manager, for who may give them one."""

    _inherit = "vip.my.day"

    def _blocks(self, scope):
        blocks = super()._blocks(scope)
        if scope == BRANCH:
            block = self._no_manager_block(scope)
            if block["count"]:
                blocks.insert(0, block)
        return blocks

    def _no_manager_block(self, scope):
        block = self._block(
            "no_manager",
            self.env._("Without account manager"),
            "fa-user-times",
            "vip.membership",
            self._scope_domain(scope) & Domain("has_no_manager", "=", True),
            "since desc, id",
            lambda member: {
                "text": member.team_id.name or "",
                "date": member.since,
                "is_late": True,
                "buttons": [("action_propose_managers", self.env._("Propose"))],
            },
        )
        # its list proposes account managers for all of them
        view = self.env.ref("vip_customer.vip_membership_view_list_no_manager")
        block["action"]["views"][0][0] = view.id
        return block
