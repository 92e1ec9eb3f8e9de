from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.vip_customer.models.vip_vas_use import VipVasUse as Use


class VipVasUse(models.Model):
    """What was taken up counts in its month, or, where that was frozen before anybody knew, in the earliest
    open one. Freezing a month settles what it has seen."""

    _inherit = "vip.vas.use"
    _guarded_fields = Use._guarded_fields | {"counts_in"}

    counts_in = fields.Date(
        readonly=True,
        copy=False,
        string="Counts in the month of",
        help="The month end that has it as taken up. Empty while its month is not frozen.",
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_counted(self):
        for use in self.filtered("counts_in"):
            raise UserError(
                self.env._(
                    "“%s” counts in a frozen month and stays. Enter the day on which it ended instead.",
                    use.display_name,
                )
            )

    @api.model
    def _settle(self, month):
        """A month was frozen, and has seen what was taken up by its end; run as superuser."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """UPDATE vip_vas_use SET counts_in = %s
                    WHERE company_id = %s AND counts_in IS NULL AND taken_up_on <= %s""",
                month.month,
                month.company_id.id,
                month._last_day(),
            )
        )
        self.invalidate_model(["counts_in"])

    @api.model
    def _count_again(self, month):
        """A month is open again, and what it had is unsettled; run as superuser."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE vip_vas_use SET counts_in = NULL WHERE company_id = %s AND counts_in >= %s",
                month.company_id.id,
                month.month,
            )
        )
        self.invalidate_model(["counts_in"])
