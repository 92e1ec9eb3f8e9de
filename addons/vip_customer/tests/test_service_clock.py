"""The service clock agrees with a simulation that looks at every single minute."""

from datetime import date, datetime, timedelta, timezone
from unittest import skipIf
from zoneinfo import ZoneInfo

from odoo.tests import BaseCase, tagged

from ..tools.service_clock import Calendar, NeverOpen, due, resumed, used, worked

try:
    from hypothesis import given, settings
    from hypothesis import strategies as st
except ImportError:  # the official image has no hypothesis; the skip says so in the log
    st = None

MINUTE = timedelta(minutes=1)
# Europe changes its clocks on 29 March 2026 at 02:00, and back on 25 October at 03:00.
BEGINS = [date(2026, 3, 27), date(2026, 10, 23), date(2026, 12, 30), date(2026, 3, 2)]
ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York"]
SIMULATED_DAYS = 12


def is_open(calendar, moment):
    """Whether there is work in the minute that begins at a moment, by looking at the wall clock."""
    local = moment.astimezone(calendar.tz)
    minute = local.hour * 60 + local.minute

    def within(hours):
        return any(begin <= minute < end for begin, end in hours)

    if within(calendar.extra.get(local.date(), ())):
        return True
    shut = any(begin <= moment < end for begin, end in calendar.closed)
    return not shut and within(calendar.week.get(local.weekday(), ()))


def minutes(calendar, start, end):
    """The minutes between two moments in which there is work."""
    moment = start
    while moment < end:
        if is_open(calendar, moment):
            yield moment
        moment += MINUTE


def strategies():
    """Strategies for a calendar, and for moments near the beginning of ``day``."""
    # not within the hour that a clock skips or repeats: nobody opens at half past two in the night
    hour = st.sampled_from([half * 30 for half in range(49) if half not in (3, 5)])
    hours = (
        st.lists(hour, min_size=0, max_size=4, unique=True)
        .map(sorted)
        .map(lambda cuts: list(zip(cuts[::2], cuts[1::2], strict=False)))
    )
    offset = st.integers(0, 4 * 1440)

    @st.composite
    def case(draw):
        zone = ZoneInfo(draw(st.sampled_from(ZONES)))
        day = draw(st.sampled_from(BEGINS))
        base = datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
        closed = [
            (base + timedelta(minutes=a), base + timedelta(minutes=a + b))
            for a, b in draw(st.lists(st.tuples(offset, st.integers(1, 2000)), max_size=3))
        ]
        calendar = Calendar(
            zone,
            draw(st.dictionaries(st.integers(0, 6), hours, max_size=7)),
            {
                day + timedelta(days=number): worked_hours
                for number, worked_hours in draw(
                    st.dictionaries(st.integers(0, 6), hours, max_size=2)
                ).items()
            },
            closed,
        )
        start, pause, length = (draw(offset) for _ in range(3))
        return (
            calendar,
            base + timedelta(minutes=start),
            base + timedelta(minutes=start + pause),
            timedelta(minutes=length),
            timedelta(minutes=draw(st.integers(1, 2400))),
        )

    return case()


@tagged("vip_service")
class TestServiceClock(BaseCase):
    def test_nights_of_daylight_saving(self):
        berlin = ZoneInfo("Europe/Berlin")
        always = Calendar(berlin, {day: [(0, 1440)] for day in range(7)})
        for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
            midnight = datetime(day.year, day.month, day.day, tzinfo=berlin)
            self.assertEqual(
                worked(always, midnight, midnight + timedelta(days=1)), timedelta(hours=hours)
            )

    def test_never_open(self):
        """A calendar without hours is refused, not counted for ever."""
        calendar = Calendar(ZoneInfo("Asia/Shanghai"), {})
        start = datetime(2026, 3, 2, tzinfo=timezone.utc)
        with self.assertRaises(NeverOpen):
            due(calendar, start, timedelta(hours=1))
        self.assertEqual(worked(calendar, start, start + timedelta(days=900)), timedelta(0))

    def test_across_new_year(self):
        tz = ZoneInfo("Asia/Shanghai")
        holiday = (datetime(2027, 1, 1, tzinfo=tz), datetime(2027, 1, 4, tzinfo=tz))
        office = Calendar(tz, {day: [(510, 720), (840, 1110)] for day in range(5)}, {}, [holiday])
        opened = datetime(2026, 12, 31, 17, tzinfo=tz)
        self.assertEqual(
            due(office, opened, timedelta(hours=4)), datetime(2027, 1, 4, 11, tzinfo=tz)
        )
        saturday = office._replace(extra={date(2027, 1, 2): [(540, 600)]})
        self.assertEqual(
            due(saturday, opened, timedelta(hours=4)), datetime(2027, 1, 4, 10, tzinfo=tz)
        )

    @skipIf(st is None, "hypothesis is not installed")
    def test_simulation(self):
        @settings(max_examples=60, deadline=None, derandomize=True)
        @given(strategies())
        def agree(case):
            calendar, start, pause, length, target = case
            end = start + length
            self.assertEqual(
                worked(calendar, start, end), len([*minutes(calendar, start, end)]) * MINUTE
            )
            last = start + timedelta(days=SIMULATED_DAYS)
            simulated = [*minutes(calendar, start, last)]
            wanted = target // MINUTE
            if len(simulated) < wanted:
                return
            deadline = due(calendar, start, target)
            self.assertEqual(deadline, simulated[wanted - 1] + MINUTE)
            self.assertEqual(used(calendar, start, target, deadline), 1.0)
            # what was left when the pause began is left when it ends
            after = pause + length
            left = len([*minutes(calendar, pause, deadline)])
            later = [*minutes(calendar, after, after + timedelta(days=SIMULATED_DAYS))]
            if deadline <= pause:
                self.assertEqual(resumed(calendar, deadline, pause, after), deadline)
            elif len(later) >= left > 0:
                self.assertEqual(
                    resumed(calendar, deadline, pause, after), later[left - 1] + MINUTE
                )

        agree()
