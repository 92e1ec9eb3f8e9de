from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.vip_customer.models.vip_interaction import VipInteraction as Interaction

# By these it is counted how often somebody who wants to leave was contacted.
COUNTED = ("partner_id", "date", "channel_id", "purpose", "result_id")


class VipInteraction(models.Model):
    """Contacts made to keep a customer, which his case counts: nobody rewrites or deletes them, and they are
    noted by the case. One that he rated makes him be assessed anew at once."""

    _inherit = "vip.interaction"
    _guarded_fields = Interaction._guarded_fields | {
        "retention_case_id",
        "is_attempt",
        "is_noted_by_case",
    }

    retention_case_id = fields.Many2one(
        "vip.retention.case",
        string="Retention case",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    is_attempt = fields.Boolean(
        readonly=True, string="Attempt", help="Counts towards the contacts that a case may have."
    )
    is_noted_by_case = fields.Boolean(
        readonly=True,
        string="Noted by the case",
        help="Because the customer asked or answered; who had the talk may still describe it.",
    )

    _rated_idx = models.Index("(partner_id) WHERE rating IS NOT NULL")

    @api.model_create_multi
    def create(self, vals_list):
        interactions = super().create(vals_list)
        if not self.env.su:
            interactions._check_own_door()
        interactions.filtered("rating")._members()._renew_risk()
        return interactions

    def write(self, vals):
        self._check_counted(vals)
        result = super().write(vals)
        if not self.env.su and {"purpose", "partner_id"} & vals.keys():
            self._check_own_door()
        if "rating" in vals:
            self._members()._renew_risk()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_counted(self):
        for interaction in self.filtered("retention_case_id"):
            raise UserError(
                self.env._(
                    "“%(contact)s” with %(customer)s is counted by %(case)s: it is not deleted.",
                    contact=interaction.display_name,
                    customer=interaction.partner_id.display_name,
                    case=interaction.sudo().retention_case_id.name,
                )
            )

    def _check_counted(self, vals):
        """:raise UserError: somebody rewrites what a case counts"""
        names = [name for name in COUNTED if name in vals]
        if self.env.su or not names:
            return
        self.check_access("write")
        for interaction in self.filtered("retention_case_id"):
            raise UserError(
                self.env._(
                    "“%(contact)s” with %(customer)s is counted by %(case)s, so “%(field)s” stays as it is. "
                    "Correct the summary, the rating or the next step.",
                    contact=interaction.display_name,
                    customer=interaction.partner_id.display_name,
                    case=interaction.sudo().retention_case_id.name,
                    field=self._fields[names[0]]._description_string(self.env),
                )
            )

    def _check_own_door(self):
        """:raise UserError: somebody notes a contact past the case that counts it"""
        for partner in self.filtered(lambda one: one.purpose == "retention").partner_id:
            if case := self.env["vip.retention.case"].sudo()._counting(partner):
                raise UserError(
                    self.env._(
                        "Contacts to keep “%(customer)s” are counted by %(case)s: note this one there, or by "
                        "“Log contact” on his page.",
                        customer=partner.display_name,
                        case=case.name,
                    )
                )

    def action_leave(self):
        """Open the dialog in which it is noted that the customer said here that he wants to leave."""
        self._require_one()
        return self.partner_id.action_vip_leave()
