from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..models.vip_entitlement import EXPIRING_DAYS

# Contacts on a sheet: the latest, and none older than that.
CONTACTS = 5
CONTACT_DAYS = 400


class ReportMembershipBrief(models.AbstractModel):
    """The brief sheet: what whoever gets a customer should know of him, on one page.

    Rendered as the caller: who may not read the customer's VIP page gets no sheet.
    """

    _name = "report.vip_customer.membership_brief"
    _description = "Brief sheet of a VIP customer"

    @api.model
    def _get_report_values(self, docids, data=None):
        members = self.env["vip.membership"].browse(docids).exists()
        members.check_access("read")
        contacts = members._latest_contacts(CONTACTS, self._recent())
        touches = (
            self.env["vip.care.touch"]
            .search(members._open_touches() & Domain("partner_id", "in", members.partner_id.ids))
            .grouped("partner_id")
        )
        return {
            "doc_ids": members.ids,
            "doc_model": members._name,
            "docs": members,
            "sheets": {
                member.id: {
                    "contacts": contacts[member],
                    "touches": touches.get(member.partner_id, []),
                    "benefits": member.entitlement_ids.filtered(
                        lambda line: line.is_unlimited or line.remaining > 0
                    ),
                    "reasons": member._explain()["reasons"],
                    "soon": member.company_id._vip_today() + timedelta(days=EXPIRING_DAYS[0]),
                }
                for member in members
            },
        }

    def _recent(self):
        return Domain("date", ">=", fields.Datetime.now() - timedelta(days=CONTACT_DAYS))
