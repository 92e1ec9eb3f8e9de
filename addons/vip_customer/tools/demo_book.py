"""The customers of the demo and their bills, free of the ORM: one line of ``demo/customers.csv`` each.

A policy year is 1 February to 31 January. Months are counted from the first month of this policy year:
-1 is the January before. Nothing is random: the same day gives the same demo.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from .tier_rules import add_months

# Bills begin with the window of last year's policy; from these months on the spend is that of ``last``
# year and that of ``now``. The arrears suspensions fall into one month.
FIRST_MONTH, LAST_MONTHS, NOW_MONTHS, ARREARS_MONTH = -25, -13, -3, -6
# How the spend spreads over the numbers, in percent; who has no number is billed himself.
SHARES = {0: (100,), 1: (100,), 2: (70, 30), 3: (60, 25, 15)}
# Percent of the average month from January (Spring Festival) to December; the mean is 100.
SEASON = (104, 112, 98, 96, 97, 99, 101, 103, 98, 103, 92, 97)
PLANS = (58, 88, 128, 188, 288, 388, 588, 888)


@dataclass(frozen=True)
class DemoCustomer:
    """What the table says about one customer.

    ``joined``: months with us when this policy year began, None if unknown. ``before``, ``last`` and
    ``now``: average monthly spend two years ago, last year and since; None: no customer yet.
    ``steady``: every month the same, for figures one can check in the head. ``story``: what happens to
    him, see ``vip.demo``.
    """

    index: int
    ref: str
    name: str
    city: str
    street: str
    branch: str
    manager: str
    joined: int | None
    numbers: int
    before: Decimal | None
    last: Decimal | None
    now: Decimal
    steady: bool
    arrears: int
    story: str

    @classmethod
    def from_row(cls, index: int, row: dict[str, str]) -> "DemoCustomer":
        spend = {
            name: Decimal(row[name]) if row[name] else None for name in ("before", "last", "now")
        }
        return cls(
            index=index,
            **{
                name: row[name]
                for name in ("ref", "name", "city", "street", "branch", "manager", "story")
            },
            joined=int(row["joined"]) if row["joined"] else None,
            numbers=int(row["numbers"]),
            steady=bool(row["steady"]),
            arrears=int(row["arrears"] or 0),
            **spend,
        )

    def number(self, position: int) -> str:
        """His telephone numbers; all of the demo's begin with 139 0013."""
        return f"1390013{1000 + 10 * self.index + position}"

    def first_month(self, position: int = 0) -> int:
        """The month in which a number was activated; further ones follow fourteen months apart."""
        return FIRST_MONTH if self.joined is None else min(14 * position - self.joined, -1)

    def activated_on(self, start: date, position: int = 0) -> date | None:
        """The day on which a number was activated, ``start`` being the first of this policy year."""
        if self.joined is None:
            return None
        days = 0 if self.steady else self.index % 27
        return add_months(start, self.first_month(position)) + timedelta(days=days)

    def contract_end(self, start: date) -> date | None:
        """Every third customer has signed a contract that ends this policy year or the next."""
        return None if self.index % 3 else start + timedelta(days=self.index * 41 % 700)

    def plan(self, position: int) -> str:
        """The plan with the highest fee that the number's spend covers.

        >>> DemoCustomer.from_row(0, _ROW).plan(0)
        '全球通 588 套餐'
        """
        spend = self.now * SHARES[self.numbers][position] / 100
        fee = max((plan for plan in PLANS if plan <= spend), default=min(PLANS))
        return f"全球通 {fee} 套餐" if fee > 100 else f"动感地带 {fee} 套餐"

    def bill(self, month: int, position: int) -> Decimal | None:
        """What one of his numbers is billed in one month, None where there is no bill.

        >>> customer = DemoCustomer.from_row(0, _ROW)
        >>> [str(customer.bill(month, 0)) for month in (-14, -13, -2, -1, 0)]
        ['None', '645.63', '712.95', '728.00', '744.80']
        """
        level = self.now
        if month < NOW_MONTHS:
            level = self.last if month >= LAST_MONTHS else self.before
        if not level or month < self.first_month(position):
            return None
        amount = level * SHARES[self.numbers][position] / 100
        if not self.steady:
            wobble = (37 * self.index + 53 * (month + position)) % 21 - 10
            amount *= Decimal(SEASON[(month + 1) % 12] * (200 + wobble)) / 20000
        return amount.quantize(Decimal("0.01"))

    def arrears_in(self, month: int, position: int) -> int:
        """How often one of his numbers was suspended for arrears in one month."""
        return self.arrears if (month, position) == (ARREARS_MONTH, 0) else 0


_ROW = dict.fromkeys(DemoCustomer.__dataclass_fields__, "") | {
    "joined": "40",
    "numbers": "1",
    "last": "640",
    "now": "700",
}
