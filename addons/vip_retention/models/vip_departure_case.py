from odoo import api, fields, models
from odoo.tools import format_date

from .vip_departure import ANNOUNCED, SUSPENSION, WITHDRAWN
from .vip_departure import VipDeparture as Departure
from .vip_retention_states import TALKING


class VipDeparture(models.Model):
    """What a request to leave, and what becomes of it, does to its case."""

    _inherit = "vip.departure"  # pylint: disable=consider-merging-classes-inherited
    _guarded_fields = Departure._guarded_fields | {"case_id"}

    case_id = fields.Many2one(
        "vip.retention.case",
        string="Retention case",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )

    may_call_in = fields.Boolean(compute="_compute_may_call_in", compute_sudo=True)

    @api.depends("state", "case_id.state", "case_id.user_id")
    def _compute_may_call_in(self):
        """Whether there is a talk to which the account manager could be called; a new request opens one."""
        refused = self.case_id._final_refusals()
        for departure in self:
            case = departure.case_id
            is_alone = not case.user_id or case.user_id != departure.manager_id
            is_talk = case.state in TALKING and case not in refused
            departure.may_call_in = departure.state == ANNOUNCED and (
                not departure._origin or (is_talk and is_alone)
            )

    def _leaving(self, state):
        """Of these, in this state, those with which a number leaves: who has it suspended stays."""
        return self.filtered(lambda one: one.kind != SUSPENSION and one.state == state)

    def _suspending(self):
        """Of these the suspensions that the customer did not take back."""
        return self.filtered(lambda one: one.kind == SUSPENSION and one.state != WITHDRAWN)

    def _first_day(self):
        """The first day on which one of these happens, False where none is known."""
        return min(filter(None, (one._day() for one in self)), default=False)

    @api.model
    def _suspension_sentence(self, day):
        """That somebody asked for it, wherever he is looked at; with no word of leaving."""
        if not day:
            return self.env._("Asked to suspend a number, without naming a day.")
        return self.env._("Asked to suspend a number from %s.", format_date(self.env, day))

    def _after_announced(self):
        self.env["vip.retention.case"]._departures_announced(self)
        return super()._after_announced()

    def _after_moved(self, days):
        self.env["vip.retention.case"]._departures_moved(days)
        return super()._after_moved(days)

    def _after_withdrawn(self):
        self.env["vip.retention.case"]._departures_withdrawn(self)
        return super()._after_withdrawn()

    def _after_effective(self):
        self.env["vip.retention.case"]._departures_effective(self)
        return super()._after_effective()

    # ------------------------------------------------------------
    # IN THE LOG OF A CASE
    # ------------------------------------------------------------

    def _log_in_cases(self, step, lines):
        """Note a step of the cases that these belong to; run as superuser.

        :param lines: dict departure -> what is said of it
        """
        joined = self.filtered("case_id")
        texts = {
            case: "\n".join(lines[one] for one in asked)
            for case, asked in joined.grouped("case_id").items()
        }
        joined.case_id._log(step, texts)

    def _log_lines(self):
        """dict departure -> what is asked for: kind, number (masked) and day; and why it ended otherwise."""
        kinds, remarks = (
            dict(self._fields[name]._description_selection(self.env)) for name in ("kind", "remark")
        )
        lines = {}
        for one in self:
            day = one.effective_on and str(one.effective_on)
            said = (kinds[one.kind], one.concerned, day, remarks.get(one.remark))
            lines[one] = ", ".join(filter(None, said))
        return lines

    def _log_moves(self, days):
        """The cases say from which day to which a customer's leaving moved; run as superuser.

        :param days: dict departure -> the day it was for before
        """
        moved = self.filtered(lambda one: one.effective_on != days[one])
        lines = {}
        for one in moved:
            way = f"{days[one] or '-'} → {one.effective_on or '-'}"
            lines[one] = ", ".join(filter(None, (one.concerned, way)))
        moved._log_in_cases("moved", lines)
