from odoo import fields, models

from ..models.vip_event_invitation import MEDIA

INVITED_ALREADY, ARCHIVED, NOT_ELIGIBLE, DO_NOT_DISTURB, RECENT = (
    "invited",
    "archived",
    "not_eligible",
    "do_not_disturb",
    "recent",
)
REASONS = [
    (INVITED_ALREADY, "Invited to this event already"),
    (ARCHIVED, "Contact archived"),
    (NOT_ELIGIBLE, "Tier without seats at this event"),
    (DO_NOT_DISTURB, "Do not disturb"),
    (RECENT, "Invited not long ago"),
    ("no_email", "No e-mail address"),
    ("email_blocked", "E-mail address on the blacklist"),
    ("no_number", "No telephone number"),
    ("number_blocked", "Number on the blacklist"),
    ("nobody", "Neither account manager nor team lead"),
]


class VipEventInviteLine(models.TransientModel):
    """One customer in the preview of an invitation: by what he would be invited, or why not."""

    _name = "vip.event.invite.line"
    _description = "Customer to be invited"
    _order = "reason NULLS FIRST, id"

    wizard_id = fields.Many2one(
        "vip.event.invite",
        required=True,
        ondelete="cascade",
        index=True,
        export_string_translation=False,
    )
    partner_id = fields.Many2one("res.partner", string="Customer", required=True, readonly=True)
    tier_id = fields.Many2one("vip.tier", readonly=True)
    tier_color = fields.Integer(related="tier_id.color")
    team_id = fields.Many2one("crm.team", string="Branch", readonly=True)
    manager_id = fields.Many2one("res.users", string="Account manager", readonly=True)
    medium = fields.Selection(MEDIA, readonly=True, string="Told by")
    reason = fields.Selection(REASONS, readonly=True, string="Why not")
    is_chosen = fields.Boolean(string="Invite")
