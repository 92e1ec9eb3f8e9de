from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_amount, format_date

from ..tools.risk import AMBER, GREEN, PULSE, RECORDED, RED, RULES

COLOURS = [(RED, "Red"), (AMBER, "Amber"), (GREEN, "Green")]


class VipRiskSignal(models.Model):
    """Something that speaks for one customer's leaving.

    SPECIFICATION

    Two sorts in one list. What the programme works out from its facts has one row per customer and kind
    while it counts something, with its ``points`` and the ``figures`` behind them; the assessment writes and
    deletes these (``vip.membership._assess_risk``), and nobody else. What people and imports record
    (``is_recorded``: that he asked whether his number may be ported, the account manager's colour) stays as
    it was recorded; of each kind the latest counts, inside its window.

    Whoever works at the desk records signals of every customer of his company; the colour is for who may
    write the customer's VIP page. A customer is assessed anew as soon as something is recorded of him.
    """

    _name = "vip.risk.signal"
    _description = "Risk signal"
    _inherit = "vip.customer.record"
    _order = "points desc, date desc, id desc"
    _rec_name = "type_id"
    _rec_names_search = ["partner_id", "type_id"]
    _guarded_fields = frozenset({"company_id", "is_recorded", "points", "figures"})

    type_id = fields.Many2one(
        "vip.risk.signal.type",
        string="Signal",
        required=True,
        ondelete="restrict",
        index=True,
        domain=f"[('rule', 'in', {[RECORDED, PULSE]})]",
    )
    rule = fields.Selection(related="type_id.rule")
    is_recorded = fields.Boolean(default=True, readonly=True, string="Recorded")
    date = fields.Date(
        required=True,
        default=lambda self: self.env.company._vip_today(),
        help="The day it happened, or since when it holds.",
    )
    colour = fields.Selection(COLOURS)
    note = fields.Text()
    points = fields.Integer(default=0, required=True, readonly=True, help="What it counts today.")
    figures = fields.Json(readonly=True, copy=False)
    text = fields.Char(compute="_compute_text", string="Because")
    # today
    membership_id = fields.Many2one(related="partner_id.vip_membership_id")
    manager_id = fields.Many2one(related="partner_id.vip_membership_id.manager_id")
    team_id = fields.Many2one(related="partner_id.vip_membership_id.team_id")

    _counted_uniq = models.UniqueIndex(
        "(partner_id, type_id) WHERE is_recorded IS NOT TRUE",
        "This signal of the customer is counted already.",
    )

    @api.depends("type_id", "figures", "date", "note", "colour")
    @api.depends_context("lang")
    def _compute_text(self):
        for signal in self:
            signal.text = signal._text()

    # ------------------------------------------------------------
    # CONSTRAINTS
    # ------------------------------------------------------------

    @api.constrains("date")
    def _check_date(self):
        for signal in self:
            if signal.is_recorded and signal.date > signal.company_id._vip_today():
                raise ValidationError(
                    self.env._(
                        "“%(signal)s” of %(customer)s cannot have happened on %(day)s, which lies in the "
                        "future.",
                        signal=signal.type_id.name,
                        customer=signal.partner_id.display_name,
                        day=format_date(self.env, signal.date),
                    )
                )

    @api.constrains("colour", "type_id")
    def _check_colour(self):
        for signal in self:
            if signal.type_id.rule == PULSE and not signal.colour:
                raise ValidationError(
                    self.env._("“%s” is a colour: choose red, amber or green.", signal.type_id.name)
                )
            if signal.type_id.rule != PULSE and signal.colour:
                raise ValidationError(
                    self.env._(
                        "“%s” has no colour; that is for the account manager's own judgement.",
                        signal.type_id.name,
                    )
                )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Record signals.

        :raise AccessError: a customer is none of the caller's companies, or his colour is not the caller's
            to choose
        :raise UserError: the customer is not in the programme, the signal is switched off, or the programme
            works it out itself
        """
        if not self.env.su:
            for vals in vals_list:
                self._check_recording(vals)
        signals = super().create(vals_list)
        # whoever records may not write the assessment that follows
        signals.sudo().partner_id.vip_membership_id._renew_risk()
        return signals

    def _check_recording(self, vals):
        self.check_access("create")
        vals = {**self.default_get(["partner_id", "type_id"]), **vals}
        partner = self._given("res.partner", vals.get("partner_id"))
        kind = self._given("vip.risk.signal.type", vals.get("type_id"))
        if not partner or not kind:
            return  # Odoo says what is missing
        member = partner._vip_member()
        if kind.rule in RULES:
            raise UserError(
                self.env._(
                    "“%s” is worked out from what the programme knows, so nobody records it. Record a signal "
                    "of another kind.",
                    kind.name,
                )
            )
        if not kind.active:
            raise UserError(
                self.env._(
                    "“%s” is switched off, so it would count nothing. A manager switches it on in the "
                    "configuration.",
                    kind.name,
                )
            )
        if kind.rule == PULSE:
            member.check_access("write")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_counted(self):
        if self.env.su:
            return  # the customer's page goes, and with it what was worked out
        for signal in self:
            if not signal.is_recorded:
                raise UserError(
                    self.env._(
                        "“%(signal)s” of %(customer)s is worked out from what the programme knows. It goes "
                        "when that does.",
                        signal=signal.type_id.name,
                        customer=signal.partner_id.display_name,
                    )
                )

    def unlink(self):
        members = self.sudo().partner_id.vip_membership_id  # as in ``create``
        result = super().unlink()
        members._renew_risk()
        return result

    # ------------------------------------------------------------
    # IN WORDS
    # ------------------------------------------------------------

    def _text(self, private=True):
        """Why it counts, in a sentence with figures and day.

        :param private: False leaves out amounts, and what people wrote
        """
        self.ensure_one()
        rule = self.type_id.rule
        if rule == PULSE:
            return self._text_pulse(private)
        if rule in RULES:
            figures = self.figures or {}
            return getattr(self, f"_text_{rule}")(figures, private) if figures else ""
        note = (self.note or "").strip()
        if note and private:
            return note
        return self.env._("Recorded on %s.", self._day(self.date))

    def _contribution(self, private):
        """What it counts and why, as plain data."""
        figures = self.figures if private else False
        return {
            "code": self.type_id.code,
            "name": self.type_id.name,
            "points": self.points,
            "text": self._text(private),
            "date": fields.Date.to_string(self.date),
            "colour": self.colour or False,
            # nothing missing is None: XML-RPC refuses it
            "figures": {k: False if v is None else v for k, v in (figures or {}).items()},
        }

    def _day(self, day):
        """A date or ISO string as the user reads it."""
        return format_date(self.env, day) if day else self.env._("a day not named")

    def _month(self, day):
        return format_date(self.env, day, date_format="yyyy-MM")

    def _text_pulse(self, private):
        labels = dict(self._fields["colour"]._description_selection(self.env))
        sentence = self.env._(
            "Judged “%(colour)s” by %(user)s on %(day)s.",
            colour=labels.get(self.colour, ""),
            user=self.create_uid.sudo().name or "",  # the name of a colleague
            day=self._day(self.date),
        )
        note = (self.note or "").strip()
        return f"{sentence} {note}" if note and private else sentence

    def _text_leaving(self, figures, _private):
        return self.env._(
            "Requests to leave: %(count)s, asked on %(asked)s, leaves on %(day)s.",
            count=figures["count"],
            asked=self._day(figures["requested"]),
            day=self._day(figures["effective"]),
        )

    def _text_suspended(self, figures, _private):
        return self.env._(
            "Numbers suspended: %(count)s, seen on %(day)s.",
            count=figures["count"],
            day=self._day(self.date),
        )

    def _text_drop(self, figures, private):
        earlier, recent = float(figures["earlier"]), float(figures["recent"])
        terms = {
            "percent": round(100 * (1 - recent / earlier)) if earlier else 0,
            "first": self._month(figures["since"]),
            "last": self._month(figures["until"]),
        }
        if not private:
            return self.env._(
                "Billed %(percent)s %% less a month from %(first)s to %(last)s than in the six months "
                "before.",
                **terms,
            )
        currency = self.company_id.currency_id
        return self.env._(
            "Billed %(recent)s a month from %(first)s to %(last)s, %(percent)s %% less than the %(earlier)s "
            "of the six months before.",
            **terms,
            recent=format_amount(self.env, recent, currency),
            earlier=format_amount(self.env, earlier, currency),
        )

    def _text_zero(self, figures, _private):
        return self.env._("No bill above zero for %s.", self._month(figures["month"]))

    def _text_arrears(self, figures, _private):
        return self.env._(
            "Arrears suspensions: %(count)s, the last one in %(month)s.",
            count=figures["count"],
            month=self._month(figures["last"]),
        )

    def _text_complaint(self, figures, _private):
        terms = {"count": figures["count"], "day": self._day(figures["since"])}
        if figures["late"]:
            return self.env._(
                "Open complaints: %(count)s, since %(day)s; past their deadline: %(late)s.",
                **terms,
                late=figures["late"],
            )
        return self.env._("Open complaints: %(count)s, since %(day)s.", **terms)

    def _text_repeat(self, figures, _private):
        cause = self.env["vip.service.subtype"].sudo().browse(figures["cause"])  # a word
        return self.env._(
            "Complaints about “%(cause)s”: %(count)s, the last one on %(day)s.",
            cause=cause.exists().name or "",
            count=figures["count"],
            day=self._day(figures["last"]),
        )

    def _text_rating(self, figures, _private):
        return self.env._(
            "Rated us %(stars)s of 5 on %(day)s.", stars=figures["stars"], day=self._day(self.date)
        )

    def _text_contract(self, figures, _private):
        return self.env._("The contract of a number ends on %s.", self._day(figures["end"]))

    def _text_silence(self, figures, _private):
        last = fields.Date.to_date(figures["last"])
        return self.env._(
            "No contact for %(days)s days, the last one on %(day)s; the care plan allows %(longest)s.",
            days=(self.company_id._vip_today() - last).days,
            day=self._day(last),
            longest=figures["longest"],
        )

    def _text_unused(self, figures, private):
        granted, used = float(figures["granted"]), float(figures["used"])
        percent = round(100 * used / granted) if granted else 0
        if not private:
            return self.env._("Has used %s %% of his benefits, late in their period.", percent)
        currency = self.company_id.currency_id
        return self.env._(
            "Has used %(used)s of benefits worth %(granted)s (%(percent)s %%), late in their period.",
            used=format_amount(self.env, used, currency),
            granted=format_amount(self.env, granted, currency),
            percent=percent,
        )

    def _text_tier(self, figures, _private):
        return self.env._(
            "The tier is valid until %s, and the bills so far earn less.",
            self._day(figures["until"]),
        )

    def _text_missed(self, figures, _private):
        return self.env._(
            "Touches we missed: %(count)s, the last one due on %(day)s.",
            count=figures["count"],
            day=self._day(figures["last"]),
        )

    def _text_late(self, figures, _private):
        return self.env._(
            "Requests we resolved late, or not yet: %(count)s, the last one due on %(day)s.",
            count=figures["count"],
            day=self._day(figures["last"]),
        )

    def _text_gift(self, figures, _private):
        return self.env._(
            "Issued and not delivered: %(count)s, the first on %(day)s.",
            count=figures["count"],
            day=self._day(figures["first"]),
        )
