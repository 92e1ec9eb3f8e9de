from odoo import models
from odoo.exceptions import UserError


class ResUsers(models.Model):
    _inherit = "res.users"

    def action_archive(self):
        """Odoo deletes the open activities of whom it archives, so his customers are handed over first.

        :raise UserError: one of them still looks after customers
        """
        # who archives users need not see customers
        rows = (
            self.env["vip.membership"]
            .sudo()
            ._read_group([("manager_id", "in", self.ids)], ["manager_id"], ["__count"])
        )
        for manager, customers in rows:
            raise UserError(
                self.env._(
                    "%(user)s still looks after %(customers)s VIP customers, and archiving deletes his "
                    "open tasks. Hand his customers over first: VIP, Portfolio, Hand customers over.",
                    user=manager.name,
                    customers=customers,
                )
            )
        return super().action_archive()
