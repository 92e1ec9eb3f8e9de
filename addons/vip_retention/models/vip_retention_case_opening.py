from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_list

from .vip_departure import ANNOUNCED, EFFECTIVE, SUSPENSION
from .vip_retention_case import LIST, RISK, TALKED_TO, WORK_RECORD
from .vip_retention_states import (
    ANALYSED,
    CLOSED,
    DOING,
    LOST,
    NO_ANSWER,
    TALKING,
    WATCH,
    WITHDRAWN,
)

NUMBERS = ("number_ids", "kept_number_ids")
# In the context: the case is being opened. An object, so that no caller from outside can say so.
OPENING = object()


class VipRetentionCase(models.Model):
    """How cases begin, and what a request to leave does to them.

    Whoever opens a case first holds the customer: two agents who open one for the same number at once end in
    the same case.
    """

    _inherit = "vip.retention.case"  # pylint: disable=consider-merging-classes-inherited

    @api.model_create_multi
    def create(self, vals_list):
        """Open cases. Where an open case of the customer takes the request in, that case is returned.

        :raise UserError: it is not said which of several numbers is meant
        :raise AccessError: the customer is none of the caller's companies
        """
        if self.env.su and self.env.context.get("vip_retention_opening") is OPENING:
            return super().create(vals_list)
        cases = self.browse()
        for vals in vals_list:
            # an open case that takes the request in is no reason to look away
            self.check_access("create")
            for name in vals.keys() & self._fields.keys():
                self._check_field_access(self._fields[name], "write")
            partner, numbers, departures, source = self._asked(vals)
            others = self.sudo().search(
                Domain("partner_id", "=", partner.id) & Domain("state", "!=", CLOSED), order="id"
            )
            if departures.case_id and (rest := departures.filtered(lambda one: not one.case_id)):
                # what he decided about the others is not asked again
                departures, numbers = rest, rest.number_id
            known = departures.case_id
            case = (known & others)[:1] or known[:1] or others._taking_in(numbers)
            if not case:
                stake = self._stake(partner, numbers, departures, source, vals)
                # the desk sees no numbers
                hidden = {name: stake.pop(name) for name in NUMBERS}
                own = {name: value for name, value in vals.items() if name not in NUMBERS}
                case = super().create([{**own, **stake}])
                case.sudo().write(hidden)
                self.sudo()._begin({case.sudo(): departures})
            elif departures.case_id != case:
                case.sudo()._join(numbers, departures)
            cases += case.with_env(self.env)
        return cases

    def _asked(self, vals):
        """What a case is asked for: the customer, held; his numbers, the requests to leave, the source.

        :raise UserError, AccessError: as ``create``
        """
        departure = self._given("vip.departure", vals.get("departure_id"))
        partner = departure.partner_id or self._given("res.partner", vals.get("partner_id"))
        partner._vip_member()  # in a company of the caller
        self._hold(partner)
        given = self.env["vip.service.number"].browse(
            self._fields["number_ids"].convert_to_cache(vals.get("number_ids", []), self.browse())
        )
        numbers = departure.sudo().number_id or given or self._only_number(partner)
        source = vals.get("source") or self.default_get(["source"])["source"]
        if departure or source == RISK:
            self._check_still_here(partner, numbers, departure.sudo())
            return partner, numbers, departure.sudo(), source
        return partner, numbers, self._request_to_leave(partner, numbers, source), source

    def _check_still_here(self, partner, numbers, departure):
        """:raise UserError: the customer or the number has left, or he has finally refused: he is not asked
        again"""
        if departure.case_id:
            return
        if departure and departure.kind != SUSPENSION:
            departure._check_open()
        own = partner.sudo().vip_number_ids
        Departure = self.env["vip.departure"].sudo()
        for number_id in numbers.ids or [False]:
            draft = Departure.new({"partner_id": partner.id, "number_id": number_id})
            if refusal := draft._refusal_of_number(own):
                raise UserError(refusal)
        decided = self.sudo().search([("partner_id", "=", partner.id)])._still_leaving()
        if refused := not departure and decided._with_stake(numbers)[:1]:
            raise UserError(refused._wrong_state_sentence(refused._final_refusals().get(refused)))

    def _still_leaving(self):
        """Of these cases those that were finally refused, while what he asked for has not happened; run as
        superuser."""
        refused = self._final_refusals()
        return self.filtered(
            lambda case: (
                case in refused
                and (case.state != CLOSED or "announced" in case.departure_ids.mapped("state"))
            )
        )

    def _only_number(self, partner):
        """The customer's open number, empty where he has none.

        :raise UserError: he has several
        """
        # the desk sees no numbers
        numbers = partner.sudo().vip_number_ids.filtered(lambda line: line._is_open())
        if len(numbers) > 1:
            raise UserError(
                self.env._(
                    "“%(customer)s” has %(count)s open numbers. Say which of them he wants to close.",
                    customer=partner.display_name,
                    count=len(numbers),
                )
            )
        return numbers

    def _request_to_leave(self, partner, numbers, source):
        """The announced departures of these numbers, noted now where there is none.

        Whoever may open a case may note them: they are what the customer said.
        """
        Departure = self.env["vip.departure"].sudo()
        known = Departure.search(
            [("partner_id", "=", partner.id), ("state", "=", "announced")]
        ).filtered(lambda one: one.number_id in numbers if numbers else not one.number_id)
        missing = numbers - known.number_id if numbers else []
        values = {
            "partner_id": partner.id,
            "kind": "scheduled",
            "source": source,
            "requested_on": partner.sudo().vip_membership_id.company_id._vip_today(),
        }
        if numbers:
            vals_list = [{**values, "number_id": line.id} for line in missing]
        else:
            vals_list = [] if known else [values]
        new = Departure.with_context(vip_retention_opening=OPENING).create(vals_list)
        return known | new

    def _hold(self, partners):
        """Nobody else opens a case of these customers now: who tries fails, and finds this one when Odoo
        tries again. An update, because only that makes the second one fail rather than go on."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE vip_membership SET partner_id = partner_id WHERE partner_id = ANY(%s)",
                partners.ids,
            )
        )

    def _taking_in(self, numbers):
        """Of the open cases of one customer the one that takes in a request about these numbers: that in
        which one of them is, else that in which he has not decided yet; run as superuser."""
        same = self._with_stake(numbers)
        return (same or self.filtered(lambda case: case.state in TALKING))[:1]

    @api.model
    def _stake(self, partner, numbers, departures, source, vals=()):
        """The values with which a case begins; the guarded ones are written by ``_begin``.

        :param vals: what whoever opens it says himself
        """
        reason = departures.reason_id[:1]
        return {
            "partner_id": partner.id,
            "source": source,
            "departure_id": departures[:1].id,
            **({"reason_id": reason.id} if reason and "reason_id" not in vals else {}),
            "number_ids": [Command.set(numbers.ids)],
            "kept_number_ids": [Command.set(numbers.ids)],
        }

    @api.model
    def _begin(self, asked):
        """Freeze the facts, say who works on it and by when; run as superuser.

        :param asked: dict new case -> the requests to leave in it
        """
        cases = self.union(*asked)
        now = fields.Datetime.now()
        tasks = []
        clocks = {company: company._vip_retention_clock() for company in cases.company_id}
        for case, departures in asked.items():
            departures.case_id = case
            member = case.partner_id.vip_membership_id
            responsible = member._responsible()
            talked_to = case.source in TALKED_TO
            case.write(
                {
                    "name": case._next_name(),
                    "tier_id": member.tier_id.id,
                    "was_protected": member.protected,
                    "opened_at": now,
                    "opened_by": self.env.uid,
                    "user_id": self.env.uid if talked_to else responsible.id,
                    "first_contact_at": now if talked_to else False,
                    "dispatched_at": now if responsible and not talked_to else False,
                }
            )
            case._set_first_contact(clocks[case.company_id])
            if responsible and not talked_to:
                tasks.append(("work", case, responsible, case.first_contact_by))
        # for all at once: a change of state looks at the customers' other cases
        cases.filtered("reason_id").write({"state": ANALYSED})
        cases._freeze()
        cases._log("opened", {case: case._opening_text(asked[case]) for case in cases})
        # after the facts, which are those from before
        cases.filtered(lambda case: case.source in TALKED_TO)._note_talk()
        self._schedule(tasks)

    @api.model
    def _open_for_risk(self, members):
        """Open cases of customers at high risk who did not ask to leave; all their open numbers are at stake.
        Run as superuser, for those without an open case.

        :return: the memberships
        """
        if not members:
            return members
        self._hold(members.partner_id)
        quiet = self.with_context(tracking_disable=True, mail_create_nosubscribe=True)
        none = self.env["vip.departure"]
        # past our own ``create``, which is for who asks to leave
        cases = super(VipRetentionCase, quiet).create(  # pylint: disable=super-method-mismatch
            [
                self._stake(
                    partner,
                    partner.vip_number_ids.filtered(lambda line: line._is_open()),
                    none,
                    RISK,
                )
                for partner in members.partner_id
            ]
        )
        quiet._begin(dict.fromkeys(cases, none))
        return members

    def _next_name(self):
        sequence = self.env["ir.sequence"].with_company(self.company_id)
        return sequence.next_by_code("vip.retention.case") or ""

    def _opening_text(self, departures):
        """What was asked for, by whom and until when."""
        return "\n".join([self._label("source"), *departures._log_lines().values()])

    def _join(self, numbers, departures):
        """Take a further request of the customer in; run as superuser."""
        departures.filtered(lambda one: not one.case_id).write({"case_id": self.id})
        new = numbers - self.number_ids
        if new and self.state in TALKING:
            self.write(
                {
                    "number_ids": [Command.link(line.id) for line in new],
                    "kept_number_ids": [Command.link(line.id) for line in new],
                }
            )
            self._freeze_stake()
        if not self.departure_id:
            self.departure_id = departures[:1]
        self._log("joined", self._opening_text(departures))
        if heard := departures.filtered(lambda one: one.source in TALKED_TO)[:1]:
            self._note_talk(heard.source)
        self._recut()
        user = self.partner_id.vip_membership_id._responsible() or self.user_id
        if self.state == WATCH and user:
            # nobody looks at a watch before its end
            self._schedule([("work", self, user)])

    # ------------------------------------------------------------
    # REQUESTS TO LEAVE
    # ------------------------------------------------------------

    @api.model
    def _departures_announced(self, departures):
        """Open or join cases of customers who asked to leave; run as superuser.

        A line of the daily list about somebody without a tier is only a departure: the programme is not for
        him. Who tells a person is heard in any case.
        """
        if self.env.context.get("vip_retention_opening") is OPENING:
            return
        relevant = departures.filtered(
            lambda one: one.source != LIST or one.partner_id.vip_membership_id.tier_id
        )
        self._hold(relevant.partner_id)
        quiet = self.with_context(tracking_disable=True, mail_create_nosubscribe=True)
        grouped = relevant.grouped("partner_id")
        open_cases = self.search(
            [("partner_id", "in", relevant.partner_id.ids), ("state", "!=", "closed")], order="id"
        ).grouped("partner_id")
        new = {}
        for partner, asked in grouped.items():
            known = open_cases.get(partner, self.browse())
            if case := known._taking_in(asked.number_id):
                case._join(asked.number_id, asked)
            else:
                new[partner] = asked
        cases = quiet.with_context(vip_retention_opening=OPENING).create(
            [
                self._stake(partner, asked.number_id, asked, asked[0].source or WORK_RECORD)
                for partner, asked in new.items()
            ]
        )
        quiet._begin(dict(zip(cases, new.values(), strict=True)))

    @api.model
    def _departures_moved(self, days):
        """Cases follow the day on which the customer leaves; run as superuser after that changed, in SQL
        maybe.

        :param days: dict departure -> the day it was for before
        """
        departures = self.env["vip.departure"].union(*days)
        cases = departures.case_id
        departures._log_moves(days)
        self.env.add_to_compute(self._fields["closing_date"], cases)
        clocks = {company: company._vip_retention_clock() for company in cases.company_id}
        for case in cases:
            case._recut(clocks[case.company_id])

    @api.model
    def _departures_withdrawn(self, departures):
        """The customer does not want that any more. Cases in which nothing is asked for now, and nothing was
        accepted, are over; run as superuser."""
        departures._log_in_cases("withdrawn", departures._log_lines())
        departures.case_id.filtered(
            lambda case: case.state in TALKING and case._is_settled()
        )._close_withdrawn()

    @api.model
    def _departures_effective(self, departures):
        """Customers who left before they decided are not kept, also where they took back what they asked
        about other numbers; those who left with all they had agreed to keep, before the promise was kept, are
        lost after all; what is in watch waits for its last day. Run as superuser."""
        gone = departures.filtered(lambda one: one.case_id and one.kind != SUSPENSION)
        asked = gone.grouped("case_id")
        cases = self.union(*asked).filtered(lambda case: case.state != CLOSED)
        days = {case: [str(day) for day in asked[case].mapped("effective_on")] for case in cases}
        cases._log("departure", {case: format_list(self.env, days[case]) for case in cases})
        cases.filtered(lambda case: case.state in TALKING and case._is_settled())._close(
            NO_ANSWER, "no_answer"
        )
        cases.filtered(
            lambda case: (
                case.state == DOING and not any(line._is_open() for line in case.kept_number_ids)
            )
        )._close(LOST, "lost")

    def _is_settled(self):
        """Whether nothing is left to talk about: everything was taken back; or numbers left, and what was
        asked about those he still has was taken back. One that is suspended, or about which he never asked,
        is still talked about; run as superuser."""
        asked = self.departure_ids
        back = asked.filtered(lambda one: one.state == WITHDRAWN)
        if back == asked:
            return True
        if ANNOUNCED in asked.mapped("state"):
            return False
        still = self.number_ids.filtered(lambda line: line._is_open())
        settled = back.number_id - asked._suspending().number_id
        return bool(asked._leaving(EFFECTIVE)) and still <= settled
