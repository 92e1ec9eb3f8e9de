from odoo import api, models

from ..tools.care_days import DONE, MISSED, PLANNED, Touch, choose


class VipInteraction(models.Model):
    """What a contact does for the care plan: it fulfils a touch that it fits, or, where the customer does
    not wish to be contacted, ends what was planned."""

    _inherit = "vip.interaction"

    @api.model_create_multi
    def create(self, vals_list):
        interactions = super().create(vals_list)
        # touches and do-not-disturb follow from what happened; they are no right of their own
        interactions.sudo()._follow_care()
        return interactions

    def write(self, vals):
        result = super().write(vals)
        if not {"result_id", "channel_id", "date", "partner_id"}.isdisjoint(vals):
            interactions = self.sudo()
            kept = interactions._keep_touches()
            (interactions - kept)._follow_care()
        return result

    def unlink(self):
        self.sudo()._release_touches()
        return super().unlink()

    def _care_day(self):
        """The day of the contact in the company's time zone."""
        self.ensure_one()
        return self.company_id._vip_local(self.date).date()

    def _release_touches(self):
        self.env["vip.care.touch"].search([("interaction_id", "in", self.ids)])._reopen()

    def _keep_touches(self):
        """Open the touches again for which these corrected contacts are none any more.

        :return: the contacts that still are what their touch waited for, however far ahead it was
        """
        touches = self.env["vip.care.touch"].search([("interaction_id", "in", self.ids)])
        kept = touches.filtered(lambda touch: touch.interaction_id._fits(touch))
        (touches - kept)._reopen()
        for touch in kept:
            touch.done_on = touch.interaction_id._care_day()
        return kept.interaction_id

    def _fits(self, touch):
        self.ensure_one()
        return (
            self.is_contact
            and self.user_id
            and self.partner_id == touch.partner_id
            and touch.channel_id in self.channel_id.fulfils_ids
        )

    def _follow_care(self):
        """Run as superuser after these contacts were noted or changed. One contact fulfils one touch,
        the one in the context where it fits (``vip_care_touch``), else see ``choose``. What the customer
        wrote to us is a contact, but nothing that we did."""
        self.filtered("result_id.sets_do_not_disturb").partner_id.vip_membership_id.write(
            {
                "do_not_disturb": True,
                "do_not_disturb_from": False,
                "do_not_disturb_until": False,
            }
        )
        contacts = self.filtered(lambda contact: contact.is_contact and contact.user_id).sorted(
            "date"
        )
        if not contacts:
            return
        found = self.env["vip.care.touch"].search(
            [
                ("partner_id", "in", contacts.partner_id.ids),
                ("state", "in", (PLANNED, MISSED)),
                ("channel_id", "in", contacts.channel_id.fulfils_ids.ids),
            ]
        )
        wanted = found.browse(self.env.context.get("vip_care_touch"))
        by_partner = found.grouped("partner_id")
        for contact in contacts:
            touches = by_partner.get(contact.partner_id, found.browse())
            contact._fulfil((touches & wanted) or touches)

    def _fulfil(self, touches):
        rows = [
            Touch(touch.id, touch.channel_id.code, touch.due_date, touch.state)
            for touch in touches
            if touch.state != DONE
        ]
        channels = set(self.channel_id.fulfils_ids.mapped("code"))
        if touch := choose(rows, channels, self._care_day()):
            touches.browse(touch.id)._set_done(self)
