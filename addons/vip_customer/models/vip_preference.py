from odoo import api, fields, models
from odoo.exceptions import ValidationError


class VipPreference(models.Model):
    """What a customer told us about himself: one value of each type, the latest.

    Where its type needs consent, a value is kept only with it: consent cannot be taken off a value, who
    hears that it is withdrawn deletes the line.
    """

    _name = "vip.preference"
    _description = "Preference of a VIP customer"
    _inherit = "vip.customer.record"
    _order = "partner_id, type_id, id"
    _rec_name = "value"

    membership_id = fields.Many2one(related="partner_id.vip_membership_id", related_sudo=False)
    type_id = fields.Many2one("vip.preference.type", required=True, ondelete="restrict", index=True)
    value = fields.Char(required=True)
    date = fields.Date(
        required=True, default=lambda self: self.env.company._vip_today(), string="Told on"
    )
    source_ref = fields.Char(string="Source", help="Where it was told: a call, a form, a visit.")
    consent_needed = fields.Boolean(related="type_id.consent_needed")
    consent = fields.Boolean(help="The customer agrees that this is recorded.")

    _type_uniq = models.Constraint(
        "UNIQUE (partner_id, type_id)",
        "This customer's profile has a value of this kind already. Change it instead.",
    )

    @api.constrains("type_id", "value", "consent")
    def _check_consent(self):
        for preference in self:
            if preference.type_id.consent_needed and not preference.consent:
                raise ValidationError(
                    self.env._(
                        "“%(type)s” of %(customer)s may be recorded only with the customer's consent. "
                        "Ask, and tick “Consent”. Without consent, delete the line.",
                        type=preference.type_id.name,
                        customer=preference.partner_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        """A line of the VIP page names its membership; whose it is follows from that."""
        members = self.env["vip.membership"]
        for vals in vals_list:
            member_id = vals.pop("membership_id", None)
            if member_id and not vals.get("partner_id"):
                vals["partner_id"] = members.browse(member_id).partner_id.id
        return super().create(vals_list)
