from odoo import models
from odoo.fields import Domain
from odoo.tools import format_datetime

from .vip_my_day import MINE
from .vip_service_request import OPEN_STATES


class VipMyDay(models.AbstractModel):
    """Service requests that are due: of these customers, and whatever is assigned to the user."""

    _inherit = "vip.my.day"  # pylint: disable=consider-merging-classes-inherited

    def _blocks(self, scope):
        return [self._request_block(scope), *super()._blocks(scope)]

    def _request_block(self, scope):
        domain = self._scope_domain(scope, "partner_id.vip_membership_id.")
        if scope == MINE:
            domain |= Domain("user_id", "=", self.env.uid)
        domain &= Domain("state", "in", OPEN_STATES) & Domain("paused", "=", False)
        return self._block(
            "requests",
            self.env._("Open service requests"),
            "fa-ticket",
            "vip.service.request",
            domain,
            "next_due, id",
            lambda request: {
                "text": self._request_text(request),
                "is_late": request.is_overdue,
                "buttons": [("open", self.env._("Open"))],
            },
        )

    def _request_text(self, request):
        terms = {
            "service": request.type_id.name,
            "number": request.name,
            "time": format_datetime(
                self.env, request.next_due, tz=self.env.company._vip_tz(), dt_format="short"
            ),
        }
        if request.is_overdue:
            return self.env._("%(service)s %(number)s, overdue since %(time)s", **terms)
        return self.env._("%(service)s %(number)s, due %(time)s", **terms)
