"""What the tests of service requests share: customers with a tier, calendars in Shanghai, and short words.

Now is Tuesday 2026-03-10 10:00 in Shanghai (02:00 UTC); ``at`` moves it. Times in tests are those of
Shanghai. Hall hours are 8:30 to 18:30 every day; account managers work 8:30 to 12:00 and 14:00 to 18:30
from Monday to Friday.
"""

from datetime import datetime, timedelta

from odoo.tests import freeze_time

from .benefit_common import BenefitCase

SHANGHAI = timedelta(hours=8)


def utc(text):
    """A moment in Shanghai, "2026-03-10 10:00", as Odoo keeps it."""
    return datetime.fromisoformat(text) - SHANGHAI


def at(text):
    """Be at a moment in Shanghai."""
    return freeze_time(utc(text))


class ServiceCase(BenefitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("office", "hall", "travel"):
            cls.env.ref(f"vip_customer.calendar_{name}").tz = "Asia/Shanghai"
        cls.Request = cls.env["vip.service.request"]
        cls.env["vip.manager.assignment"]._post(
            cls.partner.vip_membership_id,
            cls.users["manager_a"],
            cls.city,
            cls.company._vip_today() - timedelta(days=60),
        )
        cls.hotline = cls.env.ref("vip_customer.channel_hotline")

    @classmethod
    def _type(cls, code):
        return cls.env.ref(f"vip_customer.service_type_{code.lower()}")

    def _open(self, code="ADVICE", user="desk", partner=None, **values):
        request = self.Request.with_user(self.users[user]).create(
            {
                "partner_id": (partner or self.partner).id,
                "type_id": self._type(code).id,
                "channel_id": self.hotline.id,
                **values,
            }
        )
        self.env.flush_all()
        return request

    def _boarding(self, **values):
        return self._open(
            "BOARDING",
            **{"flight": "CA1234", "flight_date": "2026-03-12", "airport": "PVG", **values},
        )

    def _closed(self, code="ADVICE", answer="Told", user="desk", **values):
        request = self._open(code, user=user, **values)
        request.answer = answer
        request.action_close()
        return request

    def _shanghai(self, moment):
        return f"{moment + SHANGHAI:%Y-%m-%d %H:%M}"

    def _due(self, request):
        """Response and resolution, in Shanghai."""
        return [self._shanghai(request.respond_by), self._shanghai(request.resolve_by)]

    def _tasks(self, request):
        """Who has which task on the request: pairs of the type's XML name and login."""
        names = {
            self.env.ref(f"vip_customer.mail_activity_type_request_{name}"): name
            for name in ("warning", "escalation", "callback")
        }
        return {
            (names[task.activity_type_id], task.user_id.login.removeprefix("vip_test_"))
            for task in self.env["mail.activity"].search(
                [("res_model", "=", request._name), ("res_id", "=", request.id)]
            )
        }
