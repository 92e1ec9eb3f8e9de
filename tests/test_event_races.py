"""Who gets the last seat of a club event: two hundred guests who answer their links at the same time."""

import http.cookiejar
import json
import re
import threading
import time
import urllib.parse
import urllib.request

GUESTS = 200
CODE = """
import json
from datetime import timedelta
from odoo import fields
from odoo.fields import Command
company = env["res.company"].search([("name", "=", "Club Mobile")])
company = company or company.create({"name": "Club Mobile"})
env = env(context={**env.context, "allowed_company_ids": company.ids, "tracking_disable": True})
env.user.company_ids |= company
gold = env.ref("vip_customer.tier_gold")
now = fields.Datetime.now()
event = env["event.event"].create({
    "name": "The last seat", "vip_is_club": True, "company_id": company.id, "vip_companions": 1,
    "date_begin": now + timedelta(days=9), "date_end": now + timedelta(days=9, hours=3),
    "event_mail_ids": [Command.clear()],
    "vip_seat_ids": [Command.create({"tier_id": gold.id, "seats": SEATS})],
})
partners = env["res.partner"].create([{"name": f"Guest {n}", "lang": "en_US"} for n in range(COUNT)])
env["vip.membership"]._ensure(partners.ids, company)
partners.vip_membership_id.tier_id = gold
guests = env["vip.event.invitation"].create([
    {"event_id": event.id, "partner_id": partner.id, "tier_id": gold.id} for partner in partners])
links = [f"/vip/invitation/{guest.id}/{guest.access_token}" for guest in guests]
open(OUTPUT, "w").write(json.dumps([event.id, guests.ids, links]))
env.cr.commit()
"""


class Guest(threading.Thread):
    """Somebody who has opened his link and presses a button when everybody does."""

    def __init__(self, system, link, start, **answer):
        super().__init__()
        self.system, self.link, self.start_signal, self.answer = system, link, start, answer
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.browser = urllib.request.build_opener(jar)
        self.page, self.failure, self.seconds = "", None, 0.0

    def open(self, path, **data):
        request = urllib.request.Request(
            f"{self.system.address}{path}",
            data=urllib.parse.urlencode(data).encode() if data else None,
        )
        with self.browser.open(request, timeout=300) as response:
            return response.read().decode()

    def look(self):
        page = self.open(self.link)
        self.answer["csrf_token"] = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)

    def run(self):
        self.start_signal.wait()
        begun = time.monotonic()
        try:
            self.page = self.open(f"{self.link}/answer", **self.answer)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.failure = error
        self.seconds = time.monotonic() - begun


def answered_together(system, links, **answer):
    """Everybody answers at once; the guests when all of them have their page."""
    start = threading.Event()
    guests = [Guest(system, link, start, **answer) for link in links]
    for guest in guests:
        guest.look()
        guest.start()
    start.set()
    for guest in guests:
        guest.join()
    assert [guest.failure for guest in guests if guest.failure] == []
    return guests


def invited(system, count, seats):
    output = system.log.with_name("race-guests")
    system.shell(f"COUNT, SEATS, OUTPUT = {count}, {seats}, {str(output)!r}\n{CODE}")
    found = json.loads(output.read_text(encoding="utf-8"))
    output.unlink()
    return found


def states(system, event):
    return dict(
        system.sql(
            "SELECT state, count(*) FROM vip_event_invitation WHERE event_id = %s GROUP BY 1", event
        )
    )


def seats(system, event):
    """(taken, waiting, people who accepted, open registrations) of the event's one tier."""
    [row] = system.sql(
        """SELECT s.taken, s.waiting,
                  (SELECT coalesce(sum(1 + companions), 0) FROM vip_event_invitation i
                    WHERE i.event_id = s.event_id AND i.state = 'accepted'),
                  (SELECT count(*) FROM event_registration r
                    WHERE r.event_id = s.event_id AND r.state = 'open')
             FROM vip_event_seat s WHERE s.event_id = %s""",
        event,
    )
    return row


def test_the_last_seat(system):
    """Two hundred guests want one seat: one has it, all others are on the waiting list and read so."""
    event, _guests, links = invited(system, GUESTS, 1)
    guests = answered_together(system, links, answer="accept", companions="0")
    assert states(system, event) == {"accepted": 1, "waiting": GUESTS - 1}
    assert seats(system, event) == (1, GUESTS - 1, 1, 1)
    assert sum("you are coming" in guest.page for guest in guests) == 1
    assert sum("You are on the waiting list" in guest.page for guest in guests) == GUESTS - 1


def test_seats_that_become_free_while_others_answer(system):
    """Guests decline while others accept, some with a companion: no seat is lost, none given twice."""
    event, ids, links = invited(system, 40, 20)
    answered_together(system, links[:20], answer="accept", companions="0")
    assert seats(system, event) == (20, 0, 20, 20)
    start = threading.Event()
    guests = [Guest(system, link, start, answer="decline") for link in links[:10]]
    guests += [Guest(system, link, start, answer="accept", companions="1") for link in links[20:]]
    for guest in guests:
        guest.look()
        guest.start()
    start.set()
    for guest in guests:
        guest.join()
    assert [guest.failure for guest in guests if guest.failure] == []
    taken, waiting, people, registrations = seats(system, event)
    assert taken == people == registrations == 20
    assert states(system, event) == {"accepted": 15, "declined": 10, "waiting": 15}
    assert waiting == 15
    assert len(ids) == 40


def test_the_same_guest_twice(system):
    """Who presses the button ten times has one seat."""
    event, _guests, links = invited(system, 1, 5)
    answered_together(system, links * 10, answer="accept", companions="1")
    assert seats(system, event) == (2, 0, 2, 2)
