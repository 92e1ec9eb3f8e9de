from odoo import api, fields, models
from odoo.tools import format_date, format_list

from odoo.addons.vip_customer.models.vip_redemption import APPROVED, ISSUED, REQUESTED

from .vip_departure import ANNOUNCED, SUSPENSION


class VipRetentionCase(models.Model):
    """What a customer who finally refused still has to settle before he is gone: told to him in the talk, and
    never a condition. It needs no amounts, so whoever he says it to may read it; what he paid and earned is
    told to who sees the facts of the case."""

    _inherit = "vip.retention.case"  # pylint: disable=consider-merging-classes-inherited

    to_settle = fields.Text(
        compute="_compute_to_settle", compute_sudo=True, string="Still to be settled"
    )

    @api.depends("state", "user_id", "closed_by", "closed_at", "departure_ids.state", "facts")
    @api.depends_context("uid", "allowed_company_ids", "lang")
    def _compute_to_settle(self):
        leaving = self._still_leaving()
        private = leaving._with_insight()
        for case in self:
            shown = case in private or (case in leaving and case._in_the_talk())
            case.to_settle = shown and "\n".join(case._matters(case in private))

    def _matters(self, private):
        """As sentences; run as superuser.

        :param private: whether the reader sees the facts of the case
        """
        numbers = self.partner_id.vip_number_ids.filtered(lambda line: line._is_open())
        kept = numbers - self.number_ids
        matters = [self._contract_sentence(numbers - kept)]
        if kept:
            matters.append(self.env._("Numbers that he keeps with us: %s.", len(kept)))
        matters += [self._balance_sentence(private), *self._benefit_sentences()]
        if not kept:
            matters.append(self._points_sentence(private))
        return filter(None, matters)

    def _contract_sentence(self, numbers):
        end = max(filter(None, numbers.mapped("contract_end")), default=None)
        if end and end > self.company_id._vip_today():
            return self.env._("His contract runs until %s.", format_date(self.env, end))
        return None

    def _balance_sentence(self, private):
        if private and self.facts and self.facts["arrears"]:
            return self.env._("He was suspended for arrears: look at the balance.")
        return self.env._("What he still has to pay is in the billing system: look it up for him.")

    def _benefit_sentences(self):
        partner, today = self.partner_id, self.company_id._vip_today()
        benefits = self.env["vip.benefit"]
        sentences = [
            self.env._(
                "%(benefit)s: %(left)s left", benefit=benefits.browse(benefit_id).name, left=left
            )
            for benefit_id, left in self._unused_benefits(partner, today).get(partner.id, [])
        ]
        under_way = self.env["vip.redemption"].search(
            [("partner_id", "=", partner.id), ("state", "in", (REQUESTED, APPROVED, ISSUED))]
        )
        if under_way:
            names = format_list(self.env, under_way.benefit_id.mapped("name"))
            sentences.append(self.env._("On the way to him: %s.", names))
        return sentences

    def _points_sentence(self, private):
        """That his tier ends, where nothing is left to which it could belong."""
        member = self.partner_id.vip_membership_id
        asked = self.departure_ids.filtered(lambda one: one.state == ANNOUNCED)
        if not member.tier_id or set(asked.mapped("kind")) <= {SUSPENSION}:
            return None
        score = private and member._explain()["figures"].get("score")
        if not score:
            return self.env._("His points and his tier end with his last number.")
        return self.env._("His %s points and his tier end with his last number.", score)
