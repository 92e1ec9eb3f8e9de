from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.vip_departure import SCHEDULED, SUSPENSION
from ..models.vip_retention_case import HALL, HOTLINE, TALKED_TO, WORK_RECORD
from ..models.vip_retention_states import CLOSED


class VipRetentionOpen(models.TransientModel):
    """A customer says “close my number”: notes what he asks for, and opens the case, or goes on with the one
    that is open.

    The desk sees no numbers; it types the one he names, as he says it.
    """

    _name = "vip.retention.open"
    _description = "Request to leave"
    _inherit = "vip.guarded.mixin"

    partner_id = fields.Many2one("res.partner", string="Customer", required=True)
    source = fields.Selection(
        [(HOTLINE, "Hotline"), (HALL, "Business hall"), (WORK_RECORD, "Work record")],
        required=True,
        default=HOTLINE,
        string="Said",
    )
    kind = fields.Selection(
        [
            ("scheduled", "Scheduled cancellation"),
            ("port_out", "Port-out"),
            ("suspension", "Suspension on request"),
        ],
        required=True,
        default="scheduled",
        string="What he asks for",
    )
    number_count = fields.Integer(compute="_compute_number_count")
    concerned = fields.Char(
        string="Number he means", help="An open number of the customer, as he says it."
    )
    all_numbers = fields.Boolean(string="All his numbers")
    effective_on = fields.Date(
        string="Closing date", help="The day he names; empty where he names none."
    )
    reason_id = fields.Many2one("vip.retention.reason", domain="[('parent_id', '!=', False)]")
    description = fields.Text(string="In his words")
    is_protected = fields.Boolean(compute="_compute_number_count", string="Protected customer")
    manager_name = fields.Char(compute="_compute_number_count", string="Account manager")

    @api.depends("partner_id")
    def _compute_number_count(self):
        for wizard in self:
            # the desk is told how many there are, and whom to call in
            member = wizard.partner_id.sudo().vip_membership_id
            member = member.filtered(lambda one: one.company_id in self.env.companies)
            lines = member.partner_id.vip_number_ids
            wizard.number_count = len(lines.filtered(lambda line: line._is_open()))
            wizard.is_protected = member.protected
            wizard.manager_name = member.manager_id.name

    def action_confirm(self):
        """Note the request and open its case.

        :raise AccessError: the customer is none of the caller's companies
        :raise UserError: it is not said which number he means, or it is none of his
        """
        self._require_one()
        numbers = self._numbers()
        values = {
            "partner_id": self.partner_id.id,
            "kind": self.kind,
            "source": self.source,
            "requested_on": self.partner_id._vip_member().sudo().company_id._vip_today(),
            "effective_on": self.effective_on,
            "reason_id": self.reason_id.id,
        }
        # what a customer says is noted by whoever he says it to; the desk sees no numbers
        departures = self.env["vip.departure"].sudo()
        known = departures.search(
            [("partner_id", "=", self.partner_id.id), ("state", "=", "announced")]
        ).filtered(lambda one: one.number_id in numbers if numbers else not one.number_id)
        self._follow_his_word(known)
        missing = numbers - known.number_id
        vals_list = [{**values, "number_id": line.id} for line in missing]
        if not numbers and not known:
            vals_list = [values]
        departures |= known | departures.create(vals_list)
        # the daily list opens no case of somebody without a tier; who says so himself is heard
        for one in departures.filtered(lambda one: one.state == "announced" and not one.case_id):
            self.env["vip.retention.case"].create({"departure_id": one.id, "source": self.source})
        case = departures.case_id.sorted(lambda case: case.state == CLOSED)[:1]
        if case.state != CLOSED and self.source in TALKED_TO:
            case._note_talk(self.source)
        if self.description and case.state == CLOSED:
            case._message_log(body=self.description)  # what it was is evidence
        elif self.description:
            text = "\n".join(filter(None, (case.description, self.description)))
            case.description = text
        return {
            "type": "ir.actions.act_window",
            "res_model": case._name,
            "res_id": case.id,
            "views": [(False, "form")],
        }

    def _follow_his_word(self, known):
        """What he asked for before is for the day that he names now; of announced departures, as superuser.

        :raise UserError: he asked for something else before
        """
        for departure in known:
            was_less = departure.kind == SUSPENSION or self.kind != SCHEDULED
            if departure.kind != self.kind and was_less:
                raise UserError(departure._refusal_of_earlier(departure))
        if self.effective_on:
            known.filtered(lambda one: one.effective_on != self.effective_on).change_day(
                self.effective_on
            )

    def _numbers(self):
        self.partner_id._vip_member()
        lines = self.partner_id.sudo().vip_number_ids.filtered(lambda line: line._is_open())
        if self.all_numbers or (len(lines) <= 1 and not self.concerned):
            return lines
        found = lines.filtered_domain(lines._written(self.concerned or ""))
        if len(found) != 1:
            raise UserError(
                self.env._(
                    "“%(customer)s” has %(count)s open numbers. Give the one he means in full, or tick “All "
                    "his numbers”.",
                    customer=self.partner_id.display_name,
                    count=len(lines),
                )
            )
        return found
