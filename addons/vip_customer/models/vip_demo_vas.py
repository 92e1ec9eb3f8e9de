from datetime import timedelta

from odoo import models
from odoo.fields import Domain

from .vip_vas_use import COUNTER, DEMONSTRATION, HOTLINE

# Days before today on which a service was shown, taken up and ended, and where it began.
STORIES = (
    ("DATA", 70, 66, None, DEMONSTRATION),
    ("SEC", 12, None, None, DEMONSTRATION),
    ("GPS", 40, 33, None, DEMONSTRATION),
    ("DATA", None, 150, None, COUNTER),
    ("INTER", 25, None, None, DEMONSTRATION),
    ("SEC", None, 90, 20, HOTLINE),
    ("DATA", None, 0, None, HOTLINE),
    ("INTER", 55, 50, 8, DEMONSTRATION),
    ("GPS", 3, None, None, DEMONSTRATION),
)


class VipDemo(models.AbstractModel):
    """The value-added services of the demo: shown, taken up, ended again."""

    _inherit = "vip.demo"  # pylint: disable=consider-merging-classes-inherited

    def _play_vas(self, book, today):
        """Every second customer of a tier, in turn, one of ``STORIES``."""
        services = self.env["vip.vas"].search(Domain.TRUE).grouped("code")
        partners = self._partners(book).filtered("vip_tier_id")[::2]
        self.env["vip.vas.use"].create(
            [
                {
                    "partner_id": partner.id,
                    "number_id": partner.vip_number_ids.filtered("is_primary")[:1].id,
                    "vas_id": services[code].id,
                    "source": source,
                    **{
                        name: today - timedelta(days=days)
                        for name, days in zip(
                            ("shown_on", "taken_up_on", "ended_on"), all_days, strict=True
                        )
                        if days is not None
                    },
                }
                for index, partner in enumerate(partners)
                for code, *all_days, source in [STORIES[index % len(STORIES)]]
            ]
        )
