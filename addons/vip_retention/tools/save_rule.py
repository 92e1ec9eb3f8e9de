"""When a save is a save, free of the ORM. The same rule for a whole night's cases is
``vip.retention.case._judge``; a property test shows that both agree."""

from datetime import date, timedelta
from enum import StrEnum

# Days after the last day of the watch for which a bill is waited for.
BILL_DAYS = 60


class Verdict(StrEnum):
    """What the night says about a customer who accepted an offer."""

    WATCH = "watch"  # the watch is not over
    SAVED = "saved"
    LOST = "lost"
    WAIT = "wait"  # the month's bills are not in
    DECIDE = "decide"  # they never came: a manager decides


def verdict(
    *, last_day: date, today: date, all_open: bool, billed: bool, month_complete: bool
) -> Verdict:
    """Whether a customer was kept (``standard.md`` 6.5).

    :param last_day: of the watch
    :param all_open: every number he agreed to keep was open at the end of that day; without numbers, none of
        his departures had become effective
    :param billed: there is a bill greater than 0 for the calendar month of that day
    :param month_complete: the bills of that month are all in

    >>> day = date(2026, 4, 9)
    >>> def on(today, **facts):
    ...     facts = {"all_open": True, "billed": False, "month_complete": False} | facts
    ...     return str(verdict(last_day=day, today=today, **facts))
    >>> on(day), on(date(2026, 4, 10)), on(date(2026, 4, 10), billed=True)
    ('watch', 'wait', 'saved')
    >>> on(date(2026, 5, 10), month_complete=True), on(date(2026, 5, 10), all_open=False, billed=True)
    ('lost', 'lost')
    >>> on(date(2026, 6, 8)), on(date(2026, 6, 9))
    ('wait', 'decide')
    """
    if today <= last_day:
        return Verdict.WATCH
    if not all_open:
        return Verdict.LOST
    if billed:
        return Verdict.SAVED
    if month_complete:
        return Verdict.LOST
    return Verdict.WAIT if today <= last_day + timedelta(days=BILL_DAYS) else Verdict.DECIDE
