from datetime import timezone

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

MANAGER, TEAM = "manager", "team"


class VipServiceType(models.Model):
    """A service that account managers give on request, and by which calendar its clock runs."""

    _name = "vip.service.type"
    _description = "Service type"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, copy=False, help="Key for imports and other systems.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working hours",
        ondelete="restrict",
        help="The hours in which the clock runs. Empty: those of the customer's company.",
    )
    assigned_to = fields.Selection(
        [(MANAGER, "The customer's account manager"), (TEAM, "A team")],
        required=True,
        default=MANAGER,
        string="Goes to",
    )
    team_id = fields.Many2one("crm.team")
    subtype_ids = fields.One2many("vip.service.subtype", "type_id", string="Sub-types")
    target_ids = fields.One2many("vip.service.target", "type_id", string="Targets")
    # what else is asked
    with_bills = fields.Boolean(string="Shows bills", help="The last bills stand beside it.")
    with_complaint = fields.Boolean(
        string="Complaint", help="Severity, cause and what was offered are noted."
    )
    with_vas = fields.Boolean(
        string="Demonstration", help="Value-added services that were shown and taken up are noted."
    )
    with_flight = fields.Boolean(
        string="Airport boarding", help="Flight, airport and companions are noted."
    )
    benefit_id = fields.Many2one(
        "vip.benefit",
        ondelete="restrict",
        help="The benefit that such a request uses when it is closed, one unit for the customer and one for "
        "each companion.",
    )

    _code_uniq = models.Constraint("UNIQUE (code)", "Another service type has this code already.")
    _team_named = models.Constraint(
        "CHECK (assigned_to <> 'team' OR team_id IS NOT NULL)",
        "Name the team to which requests of this type go.",
    )

    @api.constrains("calendar_id")
    def _check_calendar(self):
        now = fields.Datetime.now()
        for service in self.filtered("calendar_id"):
            clock = service.calendar_id._vip_clock(now, self.env.company)
            if next(clock.spans(now.replace(tzinfo=timezone.utc)), None) is None:
                raise ValidationError(service.calendar_id._vip_never_open())

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # requests count also where the user may not see them
        requests = self.env["vip.service.request"].sudo().with_context(active_test=False)
        used = requests.search([("type_id", "in", self.ids)], limit=1)
        if used:
            raise UserError(
                self.env._(
                    "“%s” has requests and cannot be deleted. Archive it instead.",
                    used.type_id.name,
                )
            )
