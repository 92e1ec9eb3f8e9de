from odoo import api, fields, models
from odoo.exceptions import ValidationError


class VipServiceRequest(models.Model):
    """Which value-added services a demonstration showed, and which of them the customer took up: noted
    with the customer (``vip.vas.use``) when the request is closed."""

    _inherit = "vip.service.request"  # pylint: disable=consider-merging-classes-inherited

    with_vas = fields.Boolean(related="type_id.with_vas")
    shown_vas_ids = fields.Many2many(
        "vip.vas", relation="vip_service_request_shown_rel", string="Services shown", copy=False
    )
    taken_vas_ids = fields.Many2many(
        "vip.vas",
        relation="vip_service_request_taken_rel",
        string="Of these taken up",
        domain="[('id', 'in', shown_vas_ids)]",
        copy=False,
    )

    @api.constrains("shown_vas_ids", "taken_vas_ids")
    def _check_taken_vas(self):
        for request in self:
            unseen = request.taken_vas_ids - request.shown_vas_ids
            if unseen:
                raise ValidationError(
                    self.env._(
                        "“%(service)s” was taken up in the demonstration %(request)s without having been "
                        "shown. Add it to what was shown.",
                        service=unseen[0].name,
                        request=request.name,
                    )
                )

    def _note_demonstration(self):
        """Note what was shown and taken up, on the number concerned or the customer's only one; run as
        superuser when the request is closed."""
        uses, day = self.env["vip.vas.use"], self.company_id._vip_today()
        partner, number = self.partner_id, self.number_id
        if not number:
            number = number.browse(uses._only_numbers(partner.ids).get(partner.id))
        for service in self.shown_vas_ids:
            uses._shown(partner, number, service, day)
        for service in self.taken_vas_ids:
            uses._taken_up(partner, number, service, day)
