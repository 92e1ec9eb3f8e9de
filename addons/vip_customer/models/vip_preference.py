from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from .vip_preference_type import CHOICE


class VipPreference(models.Model):
    """What a customer told us about himself: one answer of each type, the latest.

    Where its type needs consent, an answer is kept only with it: consent cannot be taken off an answer,
    who hears that it is withdrawn deletes the line. The birthday is on the VIP page itself.
    """

    _name = "vip.preference"
    _description = "Preference of a VIP customer"
    _inherit = "vip.customer.record"
    _order = "partner_id, type_id, id"
    _rec_name = "answer"
    _rec_names_search = ["value", "option_id"]
    _scope_fields = frozenset({"partner_id", "interaction_id"})

    membership_id = fields.Many2one(related="partner_id.vip_membership_id", related_sudo=False)
    type_id = fields.Many2one("vip.preference.type", required=True, ondelete="restrict", index=True)
    kind = fields.Selection(related="type_id.kind", string="Answered by")
    option_id = fields.Many2one(
        "vip.preference.option",
        string="Choice",
        domain="[('type_id', '=', type_id)]",
        ondelete="restrict",
        index="btree_not_null",
    )
    value = fields.Char(help="In the customer's words; beside a choice what is to be added.")
    answer = fields.Char(compute="_compute_answer")
    date = fields.Date(
        required=True, default=lambda self: self.env.company._vip_today(), string="Told on"
    )
    interaction_id = fields.Many2one(
        "vip.interaction",
        string="Told in",
        domain="[('partner_id', '=', partner_id)]",
        ondelete="set null",
        index="btree_not_null",
        help="The contact in which the customer told it.",
    )
    source_ref = fields.Char(string="Source", help="Where it was told: a call, a form, a visit.")
    consent_needed = fields.Boolean(related="type_id.consent_needed")
    consent = fields.Boolean(help="The customer agrees that this is recorded.")

    _type_uniq = models.Constraint(
        "UNIQUE (partner_id, type_id)",
        "This customer's profile has a value of this kind already. Change it instead.",
    )

    @api.depends("option_id.name", "value")
    def _compute_answer(self):
        for preference in self:
            told = filter(None, (preference.option_id.name, preference.value))
            preference.answer = " – ".join(told)

    @api.constrains("type_id", "option_id", "value")
    def _check_answer(self):
        for preference in self:
            kind, customer = preference.type_id, preference.partner_id.display_name
            if kind._is_birthday:
                raise ValidationError(
                    self.env._(
                        "The birthday of %s is entered in its own field of the VIP page, not among the "
                        "preferences.",
                        customer,
                    )
                )
            if preference.option_id and preference.option_id.type_id != kind:
                raise ValidationError(
                    self.env._(
                        "“%(answer)s” is no answer to “%(type)s” of %(customer)s. Choose one of its "
                        "own answers.",
                        answer=preference.option_id.name,
                        type=kind.name,
                        customer=customer,
                    )
                )
            if kind.kind == CHOICE and not preference.option_id:
                raise ValidationError(
                    self.env._(
                        "“%(type)s” of %(customer)s is answered by choosing. Choose one of the answers, "
                        "and add in words what it does not say.",
                        type=kind.name,
                        customer=customer,
                    )
                )
            if not preference.option_id and not (preference.value or "").strip():
                raise ValidationError(
                    self.env._(
                        "“%(type)s” of %(customer)s has no answer. Write what he told, or delete the "
                        "line.",
                        type=kind.name,
                        customer=customer,
                    )
                )

    @api.constrains("date")
    def _check_date(self):
        for preference in self:
            if preference.date > preference.company_id._vip_today():
                raise ValidationError(
                    self.env._(
                        "“%(type)s” of %(customer)s cannot have been told on %(day)s, which is still to "
                        "come. Enter the day on which you heard it.",
                        type=preference.type_id.name,
                        customer=preference.partner_id.display_name,
                        day=format_date(self.env, preference.date),
                    )
                )

    @api.constrains("interaction_id", "partner_id")
    def _check_interaction(self):
        for preference in self:
            # a contact that the writer may not read would have been refused before
            told_by = preference.interaction_id.sudo().partner_id
            if told_by and told_by != preference.partner_id:
                raise ValidationError(
                    self.env._(
                        "“%(type)s” of %(customer)s cannot come from a contact with %(other)s. Choose a "
                        "contact with the customer himself.",
                        type=preference.type_id.name,
                        customer=preference.partner_id.display_name,
                        other=told_by.display_name,
                    )
                )

    @api.constrains("type_id", "value", "option_id", "consent")
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

    @api.model
    def _note(self, partner, kind, values):
        """Write an answer down, in the place of what he answered before.

        :param kind: the preference type
        :param values: the answer, of today
        """
        values = {
            "date": self.env.company._vip_today(),
            "option_id": False,
            "value": False,
            "source_ref": False,
            **values,
        }
        known = self.search([("partner_id", "=", partner.id), ("type_id", "=", kind.id)])
        if known:
            known.write(values)
            return known
        return self.create({"partner_id": partner.id, "type_id": kind.id, **values})
