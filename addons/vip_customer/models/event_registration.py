from odoo import api, fields, models


class EventRegistration(models.Model):
    """The seat of one person at an event; at a club event that of a guest or his companion, made and
    cancelled by the answer to the invitation. What the registration desk of Odoo does with it, by barcode
    for example, the invitation follows."""

    _inherit = "event.registration"

    vip_invitation_id = fields.Many2one(
        "vip.event.invitation",
        string="VIP invitation",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        groups="vip_customer.group_vip_desk,vip_customer.group_vip_auditor",
    )
    vip_is_companion = fields.Boolean(readonly=True, copy=False, string="Companion")

    @api.model
    def _has_field_access(self, field, operation):
        if operation == "write" and field.name in ("vip_invitation_id", "vip_is_companion"):
            return self.env.su
        return super()._has_field_access(field, operation)

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals or "active" in vals:
            # the invitation follows from the registration, whoever changed it
            self.sudo().vip_invitation_id._follow_registrations()
        return result

    def _update_mail_schedulers(self):
        """Who answers an invitation waits for no mail with a ticket: the scheduler sends it."""
        guests = self.filtered(lambda registration: registration.sudo().vip_invitation_id)
        if guests:
            # an answer by a link comes from a visitor
            self.env.ref("event.event_mail_scheduler").sudo()._trigger()
        return super(EventRegistration, self - guests)._update_mail_schedulers()
