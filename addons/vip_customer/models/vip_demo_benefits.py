from datetime import datetime, time, timedelta
from typing import NamedTuple

from odoo import models
from odoo.fields import Domain

from .vip_redemption import APPROVED, CANCELLED, DELIVERED, ISSUED, REQUESTED


class Use(NamedTuple):
    """Every ``step``-th customer who has the benefit, from the ``first`` on, used it, when ``elapsed`` of
    the year so far was over."""

    code: str
    first: int
    step: int
    quantity: int
    elapsed: float
    state: str


LAST_YEAR = (
    Use("LOUNGE", 0, 2, 3, 0.3, DELIVERED),
    Use("BOARDING", 0, 3, 2, 0.5, DELIVERED),
    Use("REPAIR", 1, 3, 120, 0.6, DELIVERED),
    Use("CLUB", 0, 2, 1, 0.7, DELIVERED),
    Use("MEDICAL", 0, 2, 1, 0.8, DELIVERED),
)
THIS_YEAR = (
    Use("SIM_BACKUP", 2, 4, 1, 0.05, DELIVERED),
    Use("LOUNGE", 0, 2, 2, 0.15, DELIVERED),
    Use("BOARDING", 0, 2, 1, 0.2, DELIVERED),
    Use("VISIT_REQ", 1, 9, 1, 0.25, DELIVERED),
    Use("CLUB", 0, 2, 1, 0.35, DELIVERED),
    Use("REPAIR", 1, 3, 180, 0.45, DELIVERED),
    Use("LOUNGE", 0, 6, 4, 0.55, DELIVERED),
    Use("BOARDING", 1, 3, 2, 0.65, DELIVERED),
    Use("REPAIR", 4, 9, 90, 0.7, DELIVERED),
    Use("LOUNGE", 3, 4, 1, 0.75, CANCELLED),
    Use("FAMILY", 0, 4, 1, 0.8, ISSUED),
    Use("CHOICE", 1, 3, 1, 0.9, ISSUED),
    Use("VISIT_REQ", 3, 11, 1, 0.97, APPROVED),
    Use("BOARDING", 4, 8, 1, 1, APPROVED),
    Use("MEDICAL", 0, 3, 1, 1, REQUESTED),
    Use("FAMILY", 2, 9, 1, 1, REQUESTED),
)
IDENTITY_CHECKS = ("password", "document", "card", "known")


class VipDemo(models.AbstractModel):
    """The benefits of the demo: last year's use, this year's, and what waits to be fulfilled."""

    _inherit = "vip.demo"

    def _play_benefits_of_last_year(self, book, first):
        last = first + timedelta(days=330)
        self.env["vip.entitlement"]._grant(self.env.company, day=first)
        self._give_cards(first)
        self._use_all(book, LAST_YEAR, first, last)

    def _play_benefits(self, book, start, today):
        self._give_cards(today - timedelta(days=3))
        self._use_all(book, THIS_YEAR, start, today)
        self._correct_one()
        self._give_goodwill(book)

    def _give_cards(self, day):
        """Cards of new and raised customers; all but the latest are with them."""
        Redemption = self.env["vip.redemption"]
        own = [("company_id", "=", self.env.company.id)]
        before = Redemption.search(own)
        Redemption._give_automatic(self.env.company, day)
        cards = Redemption.search(own) - before
        for index, card in enumerate(cards.sorted("id")):
            if day.year < self.env.company._vip_today().year or index % 3:
                self._fulfil(card, DELIVERED, day)

    def _use_all(self, book, uses, first, last):
        for use in uses:
            day = first + timedelta(days=int((last - first).days * use.elapsed))
            for index, line in enumerate(self._lines(book, use, day)):
                if index % use.step == use.first % use.step and index >= use.first:
                    self._use(line, use, day, index)

    def _lines(self, book, use, day):
        """The entitlements of this day that still have what is used, in the order of the book."""
        Line = self.env["vip.entitlement"]
        order = {partner.id: index for index, partner in enumerate(book.values())}
        lines = Line.search(
            Line._current(day)
            & Domain("company_id", "=", self.env.company.id)
            & Domain("benefit_id.code", "=", use.code)
            & Domain("partner_id.vip_tier_id", "!=", False)
            & (Domain("is_unlimited", "=", True) | Domain("remaining", ">=", use.quantity))
        )
        return lines.sorted(lambda line: order.get(line.partner_id.id, 0))

    def _use(self, line, use, day, index):
        """A redemption of the past, which no door lets in."""
        line._use(use.quantity)
        channel = "hotline" if index % 2 else "hall"
        value = use.quantity * line.unit_value
        redemption = self.env["vip.redemption"].create(
            {
                "partner_id": line.partner_id.id,
                "benefit_id": line.benefit_id.id,
                "entitlement_id": line.id,
                "tier_id": line.partner_id.vip_tier_id.id,
                "quantity": use.quantity,
                "unit_value": line.unit_value,
                "value": value,
                "date": day,
                "channel_id": self.env.ref(f"vip_customer.channel_{channel}").id,
                "identity_check": IDENTITY_CHECKS[index % len(IDENTITY_CHECKS)],
                "requested_by": self._user("desk").id,
                "state": REQUESTED if value > self.env.company.vip_redemption_limit else APPROVED,
            }
        )
        self._fulfil(redemption, use.state, day)

    def _fulfil(self, redemption, state, day):
        """Bring a redemption of the past to a state, by the people who would."""
        if state == REQUESTED:
            redemption._ask_for_approval()
            return
        lead = redemption.team_id.user_id or self._user("lead")
        if redemption.state == REQUESTED:
            redemption._advance(APPROVED, approved_by=lead.id)
        desk = self._user("desk").id
        morning = datetime.combine(day, time(2, 30))
        if state == CANCELLED:
            redemption._advance(CANCELLED, cancelled_by=desk)
            redemption.entitlement_id._use(-redemption.quantity)
        if state in (ISSUED, DELIVERED):
            redemption._advance(ISSUED, issued_by=desk, issued_on=morning)
        if state == DELIVERED:
            later = morning + timedelta(hours=3)
            redemption._advance(DELIVERED, delivered_by=desk, delivered_on=later)

    def _correct_one(self):
        """The repair bill of one customer was lower than first said."""
        repair = self.env["vip.redemption"].search(
            [("benefit_id.code", "=", "REPAIR"), ("state", "=", DELIVERED)], limit=1
        )
        if repair:
            repair._counter(30, "发票金额录错，少于原登记（the invoice was lower）")

    def _give_goodwill(self, book):
        gold = [partner for partner in book.values() if partner.vip_tier_id.code == "gold"]
        lead = self.env["vip.entitlement"].with_user(self._user("lead")).sudo()
        benefit = self.env.ref("vip_customer.benefit_lounge")
        for partner in gold[:2]:
            lead._give_goodwill(
                partner, benefit, 1, "航班延误致歉（apology for a delayed service）"
            )
