from odoo import api, fields, models

YES, WRITTEN, NO = "yes", "written", "no"
# What mostly comes of a planned contact by its channel (codes), where it is not that he was reached.
USUAL_RESULTS = {
    **dict.fromkeys(("visit", "gathering", "community"), "met"),
    **dict.fromkeys(("sms", "letter", "email"), "delivered"),
}


class VipInteractionResult(models.Model):
    """What came of an attempt to reach a customer, and whether it counts as a contact."""

    _name = "vip.interaction.result"
    _description = "Result of an interaction"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, copy=False, help="Key for imports and other systems.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    counts = fields.Selection(
        [
            (YES, "Counts as a contact"),
            (WRITTEN, "Counts for what is written"),
            (NO, "Does not count"),
        ],
        default=NO,
        required=True,
        string="As a contact",
        help="“Written” counts for text messages, letters and e-mails only.",
    )
    sets_do_not_disturb = fields.Boolean(
        string="Sets do-not-disturb", help="The customer does not wish to be contacted."
    )

    _code_uniq = models.Constraint("UNIQUE (code)", "Another result has this code already.")

    @api.model
    def _usual(self, channel):
        """The result that a planned contact by this channel mostly has, empty where there is none."""
        code = USUAL_RESULTS.get(channel.code, "reached")
        result = self.env.ref(f"vip_customer.interaction_result_{code}", raise_if_not_found=False)
        return result or self.browse()
