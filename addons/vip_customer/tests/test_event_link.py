"""The page on which a guest answers without a login."""

import re

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .event_common import EventCase


@tagged("post_install", "-at_install", "vip_events")
class TestEventLink(HttpCase, EventCase):
    def setUp(self):
        super().setUp()
        self.guest = self._guest("Wang Jianguo")
        self.env.flush_all()

    def _path(self, guest=None, token=None):
        guest = guest or self.guest
        return f"/vip/invitation/{guest.id}/{token or guest.access_token}"

    def _get(self, path=None):
        return self.url_open(path or self._path(), allow_redirects=False)

    def _post(self, answer="accept", path=None, csrf=True, **values):
        path = path or self._path()
        found = re.search(r'name="csrf_token" value="([^"]+)"', self._get(path).text)
        token = {"csrf_token": found.group(1)} if found else {}
        response = self.url_open(
            f"{path}/answer",
            data={"answer": answer, **values, **(token if csrf else {})},
            allow_redirects=False,
        )
        self.env.invalidate_all()
        return response

    def test_reading_changes_nothing(self):
        for _time in range(3):
            response = self._get()
            self.assertEqual(response.status_code, 200)
        self.assertEqual(self.guest.state, "invited")
        self.assertIn("Tea evening", response.text)
        self.assertIn("Wang Jianguo", response.text)
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
        for method in ("GET", "HEAD"):
            path = f"{self._path()}/answer?answer=accept"
            self.assertIn(
                self.opener.request(method, self.base_url() + path).status_code, (404, 405)
            )
        self.assertEqual(self.guest.state, "invited")

    def test_accept_and_change_of_mind(self):
        response = self._post(companions="1")
        self.assertEqual(response.status_code, 303)
        self.assertEqual((self.guest.state, self.guest.companions), ("accepted", 1))
        self.assertFalse(self.guest.answered_by)
        page = self._get().text
        self.assertIn("you are coming", page)
        self.assertIn(self.guest.registration_ids.sorted("id")[0].barcode, page)
        self.assertIn("told=same", self._post(companions="1").headers["Location"])
        self.assertIn("nothing changed", self._get(f"{self._path()}?told=same").text)
        self._post("decline")
        self.assertEqual(self.guest.state, "declined")
        self.assertIn("You are not coming", self._get().text)
        self._seats(self.gold_seats, 0)

    def test_the_last_seat_is_gone(self):
        self._guest("First", companions=1)
        self._post()
        self.assertEqual(self.guest.state, "waiting")
        self.assertIn("You are on the waiting list", self._get().text)

    @mute_logger("odoo.http")
    def test_forged_links(self):
        other = self._guest("Other")
        token = self.guest.access_token
        paths = [
            self._path(token="wrong"),
            self._path(token=token[:-1]),
            self._path(token=token + "x"),
            self._path(token="%E7%8E%8B"),
            self._path(guest=other, token=token),
            f"/vip/invitation/{other.id + 1000}/{token}",
            f"/vip/invitation/{2**40}/{token}",
        ]
        for path in paths:
            with self.subTest(path=path):
                self.assertEqual(self._get(path).status_code, 404)
                response = self.url_open(f"{path}/answer", data={"answer": "accept"})
                self.assertIn(response.status_code, (400, 404))
        self.assertEqual((self.guest | other).mapped("state"), ["invited"] * 2)

    @mute_logger("odoo.http")
    def test_without_csrf(self):
        self.assertEqual(self._post(csrf=False).status_code, 400)
        self.assertEqual(self.guest.state, "invited")

    def test_nonsense(self):
        self.assertEqual(self._post("maybe").status_code, 200)
        for companions in ("2", "-1", "abc", "1" * 50, "１"):
            with self.subTest(companions=companions):
                response = self._post(companions=companions)
                self.assertIn(response.status_code, (422, 303) if companions == "１" else (422,))
        self.assertIn("at most 1 companions", self._post(companions="7").text)

    def test_expired(self):
        with self._on("2026-03-18 12:01"):
            page = self._get()
            self.assertEqual(page.status_code, 200)
            self.assertIn("The time for answers is over", page.text)
            self.assertNotIn("csrf_token", page.text.split("o_vip_invitation")[1])
            found = self._late_post()
        self.assertEqual(found.status_code, 422)
        self.assertIn("could be answered until", found.text)
        self.assertEqual(self.guest.state, "invited")

    def _late_post(self):
        """A page that was opened in time and sent too late."""
        with self._on("2026-03-18 11:59"):
            token = re.search(r'name="csrf_token" value="([^"]+)"', self._get().text).group(1)
        response = self.url_open(
            f"{self._path()}/answer", data={"answer": "accept", "csrf_token": token}
        )
        self.env.invalidate_all()
        return response

    def test_cancelled(self):
        self.event.kanban_state = "cancel"
        self.env.flush_all()
        page = self._get().text
        self.assertIn("this event is cancelled", page)
        self.assertNotIn("I am coming", page)

    @mute_logger("odoo.http")
    def test_tier_lost(self):
        self.guest.partner_id.vip_membership_id.tier_id = False
        self.env.flush_all()
        page = self._get().text
        self.assertIn("a tier that you do not have any more", page)
        self.assertNotIn("I am coming", page)
        response = self._post()
        self.assertEqual(response.status_code, 422)
        self._post("decline")
        self.assertEqual(self.guest.state, "declined")

    def test_in_the_customers_language(self):
        self.guest.partner_id.lang = "zh_CN"
        self.event.with_context(lang="zh_CN").name = "茶话会"
        self.env.flush_all()
        page = self._get().text
        self.assertIn("茶话会", page)
        self.assertIn('lang="zh-CN"', page)
        self.assertIn("星期五", page)

    def test_a_colleague_with_the_link_is_a_guest_too(self):
        """The link is the customer's, whoever opens it; who is logged in answers for himself."""
        self.authenticate("vip_test_employee", "vip_test_employee")
        self.assertEqual(self._get().status_code, 200)
        self._post()
        self.assertEqual(self.guest.state, "accepted")
        self.assertFalse(self.guest.answered_by)
