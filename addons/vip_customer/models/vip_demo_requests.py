from datetime import datetime, time, timedelta
from typing import NamedTuple

from odoo import fields, models
from odoo.fields import Command, Domain

from .vip_service_pause import APPOINTMENT, DOCUMENTS
from .vip_service_request import CANCELLED, CLOSED, DOING, NEW

PAST_DAYS = 90
# So many requests of each service were answered in that time.
PAST_REQUESTS = 4
CALENDARS = ("office", "hall", "travel")


class Ask(NamedTuple):
    """What customers of a tier, in turn, ask for, and since how many hours."""

    code: str
    tier: str
    hours: float
    description: str
    state: str = NEW
    subtype: str = ""
    pause: str = ""
    values: dict = {}


ASKS = (
    Ask("ADVICE", "diamond", 0.2, "咨询国际漫游资费", subtype="tariffs"),
    Ask("BILL", "gold", 0.6, "上月账单比平时高，请核对", subtype="explanation"),
    Ask("COMPLAINT", "silver", 1.2, "小区内信号弱", DOING, "network"),
    Ask(
        "COMPLAINT",
        "gold",
        30,
        "被收取未订购的增值业务费",
        DOING,
        "billing",
        values={"overcharged": 120, "offered": "退还费用并赠送流量包"},
    ),
    Ask("HANDLING", "silver", 20, "办理过户", DOING, "change", DOCUMENTS),
    Ask("DEMO", "diamond", 5, "希望演示移动秘书", DOING, "visit", APPOINTMENT),
    Ask("PERSONAL", "gold", 26, "生日贺卡请寄到新地址", subtype="card"),
    Ask("CLUB", "silver", 3, "想报名下一次联谊会", subtype="regular"),
    Ask("ADVICE", "silver", 50, "咨询家庭套餐", CANCELLED, "tariffs"),
)
# What was asked for in the past, how many minutes until the response and hours until the resolution, the
# pause and the rating (0: none), in turn.
PAST = (
    (10, 1.5, 0, 5),
    (25, 3, 0, 0),
    (40, 6, 2, 4),
    (15, 2, 0, 5),
    (200, 30, 0, 2),
    (20, 2.5, 0, 5),
    (30, 5, 3, 3),
)
ANSWERS = (
    "已当面解释并得到客户认可",
    "已办妥并短信告知",
    "已核对账单，无误",
    "已上门处理，客户满意",
)


class VipDemo(models.AbstractModel):
    """The service requests of the demo: some in each state that wait today, and those of the last months,
    most of them on time, a few late, some rated."""

    _inherit = "vip.demo"  # pylint: disable=consider-merging-classes-inherited

    def _play_requests(self, book, today):
        for name in CALENDARS:
            self.env.ref(f"vip_customer.calendar_{name}").tz = self.env.company._vip_tz()
        customers = self._asking(book)
        demo = self.with_context(tracking_disable=True)
        for turn, ask in enumerate(ASKS):
            partner = customers[ask.tier][turn % len(customers[ask.tier])]
            demo._ask(partner, ask)
        demo._ask_for_boarding(today)
        demo._play_past_requests(customers, today)
        self.env["vip.service.request"]._escalate(100)

    def _asking(self, book):
        """Tier code -> customers with an account manager, in the order of the book."""
        found = {}
        for partner in book.values():
            if partner.vip_manager_id and partner.vip_tier_id:
                found.setdefault(partner.vip_tier_id.code, []).append(partner)
        return found

    def _ask(self, partner, ask):
        opened = fields.Datetime.now() - timedelta(hours=ask.hours)
        subtype = f"vip_customer.service_subtype_{ask.code.lower()}_{ask.subtype}"
        request = self._create_request(
            partner,
            ask.code,
            opened,
            description=ask.description,
            subtype_id=self.env.ref(subtype).id,
            **ask.values,
        )
        values = {"state": ask.state}
        if ask.state == DOING:
            values |= self._response(request, opened + timedelta(minutes=10))
        if ask.pause:
            values |= {
                "paused": True,
                "pause_ids": [
                    Command.create(
                        {
                            "reason": ask.pause,
                            "stops_clock": True,
                            "date_from": opened + timedelta(minutes=15),
                            "user_id": request.user_id.id,
                        }
                    )
                ],
            }
        request.write(values)

    def _create_request(self, partner, code, opened, **values):
        return self.env["vip.service.request"].create(
            {
                "partner_id": partner.id,
                "type_id": self.env.ref(f"vip_customer.service_type_{code.lower()}").id,
                "channel_id": self.env.ref("vip_customer.channel_hotline").id,
                "opened_at": opened.replace(microsecond=0),
                **values,
            }
        )

    def _response(self, request, moment):
        moment = min(moment, fields.Datetime.now()).replace(microsecond=0)
        return {"responded_at": moment, "responded_by": request.user_id.id}

    def _ask_for_boarding(self, today):
        """Somebody who has boardings left flies the day after tomorrow."""
        line = self.env["vip.entitlement"].search(
            Domain("company_id", "=", self.env.company.id)
            & Domain("benefit_id.code", "=", "BOARDING")
            & Domain("date_from", "<=", today)
            & Domain("date_to", ">=", today)
            & Domain("remaining", ">=", 2)
            & Domain("partner_id.vip_tier_id.code", "=", "gold"),
            limit=1,
        )
        if line:
            self._create_request(
                line.partner_id,
                "BOARDING",
                fields.Datetime.now() - timedelta(minutes=20),
                description="请安排易登机，随行 1 人",
                flight="CA1832",
                flight_date=today + timedelta(days=2),
                airport="云州机场",
                companions=1,
            )

    def _play_past_requests(self, customers, today):
        codes = ("ADVICE", "BILL", "COMPLAINT", "HANDLING", "PERSONAL")
        everybody = [partner for group in customers.values() for partner in group]
        count = PAST_REQUESTS * len(codes)
        for turn in range(count):
            day = today - timedelta(days=PAST_DAYS - turn * (PAST_DAYS - 3) // count)
            opened = datetime.combine(day, time(1 + turn % 6, 7 * turn % 60))
            partner = everybody[turn * 7 % len(everybody)]
            request = self._create_request(partner, codes[turn % len(codes)], opened)
            self._close_request(request, turn)

    def _close_request(self, request, turn):
        minutes, hours, paused, rating = PAST[turn % len(PAST)]
        closed = request.opened_at + timedelta(hours=hours)
        request.write(
            {
                **self._response(request, request.opened_at + timedelta(minutes=minutes)),
                "state": CLOSED,
                "resolved_at": closed,
                "resolved_by": request.user_id.id,
                "paused_hours": paused,
                "answer": ANSWERS[turn % len(ANSWERS)],
            }
        )
        request.interaction_id = request.with_user(request.user_id).sudo()._note_contact()
        if rating:
            asked = self.env["rating.rating"].create(
                {
                    "res_model_id": self.env["ir.model"]._get_id(request._name),
                    "res_id": request.id,
                    "partner_id": request.partner_id.id,
                    "rated_partner_id": request.user_id.partner_id.id,
                }
            )
            asked.write({"rating": rating, "consumed": True})  # as the customer does
