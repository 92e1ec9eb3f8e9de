from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.risk import AMBER, GREEN, PULSE, RED


class VipMembership(models.Model):
    """The risk of a customer in words: score and band, what makes it up, what moved, what is not known; and
    the account manager's own colour."""

    _inherit = "vip.membership"  # pylint: disable=consider-merging-classes-inherited

    risk_explanation = fields.Html(compute="_compute_risk_explanation", sanitize=False)
    risk_moved = fields.Char(compute="_compute_risk_moved", string="What moved")

    def _compute_risk_explanation(self):
        for member in self:
            member.risk_explanation = self.env["ir.qweb"]._render(
                "vip_retention.risk_explanation", member._risk_values()
            )

    def _risk_values(self):
        """What the template ``risk_explanation`` shows."""
        told = self._explain_risk()
        labels = dict(self._fields["risk_level"]._description_selection(self.env))
        before = told["before"]
        return {
            **told,
            "label": labels.get(told["level"], ""),
            "label_before": before and labels.get(before["level"], ""),
        }

    @api.depends("risk_before", "risk_level")
    @api.depends_context("lang")
    def _compute_risk_moved(self):
        moves = self._risk_moves(self._risk_signals())
        for member in self:
            phrases = [f"{one['name']} {one['after'] - one['before']:+d}" for one in moves[member]]
            member.risk_moved = " · ".join(phrases)

    def _risk_signals(self):
        """What counts for these customers."""
        # whoever is told the risk is told its reasons; the caller checked him
        return (
            self.env["vip.risk.signal"]
            .sudo()
            .search([("partner_id", "in", self.partner_id.ids), ("points", ">", 0)])
        )

    def _explain_risk(self, private=True):
        """The answer of ``res.partner.vip_explain_risk``, as plain data.

        :param private: False leaves out amounts and what people wrote, for who may not see them
        """
        self.ensure_one()
        signals = self._risk_signals()
        contributions = [signal._contribution(private) for signal in signals]
        return {
            "score": self.risk_score,
            "level": self.risk_level or False,
            "since": _iso(self.risk_on),
            "before": self._risk_told_before(),
            "contributions": contributions if self.risk_level else [],
            "moved": self._risk_moves(signals)[self] if self.risk_before else [],
            "unknown": self._risk_unknown(),
            "postponed_until": _iso(self.risk_postponed_until),
        }

    def _risk_told_before(self):
        before = self.risk_before
        if not before:
            return False
        return {
            "score": before["score"] or 0,
            "level": before["level"] or False,
            "since": before["on"] or False,
        }

    def _risk_moves(self, signals):
        """Which signals count more or less than before the last assessment that moved something; after the
        first one all that count.

        :param signals: what counts for these customers
        :return: dict customer -> list, what moved him most first
        """
        counting = signals.grouped("partner_id")
        points = {}
        for member in self:
            now = counting.get(member.partner_id, ()) if member.risk_level else ()
            before = (member.risk_before or {}).get("points", {})
            before = {int(key): count for key, count in before.items()}
            points[member] = before, {signal.type_id.id: signal.points for signal in now}
        kinds = self._risk_kinds({key for pair in points.values() for one in pair for key in one})
        return {
            member: sorted(
                (
                    {
                        "code": kind.code,
                        "name": kind.name,
                        "before": before.get(kind.id, 0),
                        "after": now.get(kind.id, 0),
                    }
                    for kind in kinds
                    if before.get(kind.id, 0) != now.get(kind.id, 0)
                ),
                key=lambda one: -abs(one["after"] - one["before"]),
            )
            for member, (before, now) in points.items()
        }

    def _risk_unknown(self):
        return [
            {"code": kind.code, "name": kind.name}
            for kind in self._risk_kinds(self.risk_unknown or [])
        ]

    def _risk_kinds(self, ids):
        """Names of signals, also of those that were switched off since."""
        return (
            self.env["vip.risk.signal.type"]
            .sudo()
            .with_context(active_test=False)
            .search([("id", "in", list(ids))])
        )

    # ------------------------------------------------------------
    # BUTTONS
    # ------------------------------------------------------------

    def action_pulse_red(self):
        """Say that this customer may well leave."""
        return self.pulse(RED)

    def action_pulse_amber(self):
        """Say that something about this customer is not right."""
        return self.pulse(AMBER)

    def action_pulse_green(self):
        """Say that all is well with this customer: an earlier colour counts no more."""
        return self.pulse(GREEN)

    def pulse(self, colour, note=False):
        """Judge this customer by a colour, which fades over the window of the signal.

        :param str colour: ``red``, ``amber`` or ``green``
        :param note: why (optional)
        :raise AccessError: the customer is not the caller's to write
        :raise UserError: this is no colour, or the judgement is switched off
        """
        self._require_one("write")
        if colour not in (RED, AMBER, GREEN):
            raise UserError(
                self.env._("“%s” is no colour of a judgement. Use red, amber or green.", colour)
            )
        kind = self.env["vip.risk.signal.type"].search([("rule", "=", PULSE)], limit=1)
        if not kind:
            raise UserError(
                self.env._(
                    "The account manager's own judgement is switched off, so it would count nothing. A "
                    "manager switches it on in the configuration."
                )
            )
        self.env["vip.risk.signal"].create(
            {
                "partner_id": self.partner_id.id,
                "type_id": kind.id,
                "date": self.company_id._vip_today(),
                "colour": colour,
                "note": note if isinstance(note, str) else False,
            }
        )
        return True

    def action_view_risk_signals(self):
        """Open everything that was recorded of this customer, and what counts today."""
        return self._action_view("vip_retention.vip_risk_signal_action")


def _iso(day):
    return fields.Date.to_string(day) if day else False
