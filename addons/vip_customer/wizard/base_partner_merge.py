from odoo import models
from odoo.exceptions import UserError


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """Contacts are merged with SQL that would delete what it cannot move: a customer of the programme
    must be the one that stays, and two of them cannot be one."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _get_ordered_partner(self, partner_ids):
        """The last one stays: a customer of the programme, where there is one."""
        ordered = super()._get_ordered_partner(partner_ids)
        # only whether there is one, for every user who merges
        return ordered.sorted(lambda partner: bool(partner.sudo().vip_membership_id))

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        # every user who merges is told, whether or not he may see the programme
        customers = self.env["res.partner"].sudo().browse(partner_ids).exists()
        customers = customers.filtered("vip_membership_id")
        if len(customers) > 1:
            raise UserError(
                self.env._(
                    "%(first)s and %(second)s are both customers of the VIP programme and cannot be "
                    "merged. Pass the numbers of one to the other with “Change of owner”; then "
                    "archive the one without numbers.",
                    first=customers[0].display_name,
                    second=customers[1].display_name,
                )
            )
        if customers and dst_partner and dst_partner.id not in customers.ids:
            raise UserError(
                self.env._(
                    "“%s” is a customer of the VIP programme: choose this contact as the destination.",
                    customers.display_name,
                )
            )
        return super()._merge(partner_ids, dst_partner, extra_checks)
