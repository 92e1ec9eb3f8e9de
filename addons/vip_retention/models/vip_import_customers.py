from odoo import models
from odoo.tools import SQL

from .vip_membership_risk import AT_ONCE


class VipImportCustomers(models.AbstractModel):
    """Whom a file changes is assessed once, and not with each of his numbers."""

    _inherit = "vip.import.customers"

    def _write(self, job):
        later = self.with_context(vip_risk_later=True)
        result = super(VipImportCustomers, later)._write(job)
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT m.id FROM vip_import_row r
                     JOIN vip_import_person x ON x.customer_code = r.customer_code
                     JOIN vip_membership m ON m.partner_id = x.partner_id
                    WHERE r.outcome <> 'unchanged' LIMIT %s""",
                AT_ONCE + 1,  # enough to say that they are many
            )
        )
        self.env["vip.membership"].browse(row[0] for row in rows)._renew_risk()
        return result
