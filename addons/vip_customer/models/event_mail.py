from odoo import models


class EventMail(models.Model):
    """Companions of guests have no address of their own: what is for the guest is sent once."""

    _inherit = "event.mail"

    def _create_missing_mail_registrations(self, registrations):
        return super()._create_missing_mail_registrations(
            registrations.filtered(lambda registration: not registration.vip_is_companion)
        )

    def _send_mail(self, registrations):
        guests = registrations.filtered(lambda registration: not registration.vip_is_companion)
        return super()._send_mail(guests) if guests else None
