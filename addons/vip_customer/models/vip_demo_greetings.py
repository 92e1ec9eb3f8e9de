from datetime import date, datetime, time, timedelta

import pytz

from odoo import fields, models
from odoo.fields import Domain

from ..tools.greeting_days import LUNAR, SOLAR

# From so many days before today to so many after it somebody has a birthday.
DAYS_BEFORE, DAYS_AFTER = 9, 10
# What they prefer: type -> words, or an answer to choose, with words after it.
PREFERENCES = (
    {"gift": "喜欢茶叶，不收鲜花", "hobby": "钓鱼", "hours": ("evening", "工作日 18:00 以后")},
    {"water": ("barrel", "每月两桶"), "channel": ("sms", "")},
    {"newspaper": ("evening", "《云州晚报》"), "family": "一子一女", "hobby": "太极拳"},
    {"gift": "保健品不要，水果可以", "employer": "云州市第一中学，校长", "channel": ("phone", "")},
    {"channel": ("visit", ""), "hours": ("morning", ""), "hobby": "书法", "travel": "广州、深圳"},
    {"channel": ("phone", ""), "hours": ("afternoon", ""), "water": ("none", "")},
)
# Every so many'th of those who told something told it too long ago.
OUTDATED = 5


class VipDemo(models.AbstractModel):
    """The greetings of the demo: birthdays around today, some of them lunar, one on 29 February; what
    some of these customers prefer; and the greetings of the last days.

    Texts go into files: the demo sends nothing to anybody.
    """

    _inherit = "vip.demo"  # pylint: disable=consider-merging-classes-inherited

    def _play_greetings(self, book, today):
        self.env.company.vip_greeting_gateway = "file"
        self._speak_chinese(book)
        around = self._give_birthdays(book, today)
        self._give_preferences(around | self._partners(book).vip_membership_id[::3])
        around[DAYS_BEFORE - 1].no_greetings = True
        greetings = self.env["vip.greeting"].with_context(lang=self.env.company._vip_lang())
        for days in range(DAYS_BEFORE, 0, -1):
            greetings._greet_all(self._half_past_nine(today - timedelta(days=days)))
        greetings._greet_all(fields.Datetime.now())

    def _speak_chinese(self, book):
        """The customers do where the language is installed; its words are loaded after the demo only."""
        if self.env["res.lang"]._lang_get("zh_CN"):
            self.env["ir.module.module"]._load_module_terms(["vip_customer"], ["zh_CN"])
            self._partners(book).lang = "zh_CN"

    def _give_birthdays(self, book, today):
        """:return: the memberships whose birthdays are around today, in the order of the days"""
        days = range(-DAYS_BEFORE, DAYS_AFTER + 1)
        members = self._partners(book).vip_membership_id
        customers = members.filtered("tier_id")
        around = customers[:: len(customers) // len(days)][: len(days)]
        for offset, member in zip(days, around, strict=True):
            member.write(self._birthday(today + timedelta(days=offset), 1952 + 2 * abs(offset)))
        others = members - around
        for index, member in enumerate(others[1:]):
            if index % 5:  # the birthday of every fifth is not known
                day = date(2027, 1, 1) + timedelta(days=37 * index % 365)
                member.birthday = day.replace(year=1948 + 13 * index % 50)
        others[0].birthday = date(1964, 2, 29)
        return around

    def _birthday(self, day, year):
        """A birthday that is kept on this day: every third a lunar one, where the day has a name in an
        ordinary month that a calendar of ours knows."""
        if year % 3 == 0:
            for month in self.env["vip.lunar.month"]._months(day, day):
                number = (day - month.date_from).days + 1
                if not month.is_leap and 1 <= number <= min(month.days, 28):
                    birthday = date(year, month.month, number)
                    return {"birthday": birthday, "birthday_calendar": LUNAR}
        if (day.month, day.day) == (2, 29):
            year -= year % 4
        return {"birthday": day.replace(year=year), "birthday_calendar": SOLAR}

    def _give_preferences(self, members):
        types = self.env["vip.preference.type"].search(Domain.TRUE).grouped("code")
        today = self.env.company._vip_today()
        self.env["vip.preference"].create(
            [
                {
                    "partner_id": member.partner_id.id,
                    "type_id": types[code].id,
                    "consent": types[code].consent_needed,
                    "date": today - timedelta(days=200 - index + 700 * (index % OUTDATED == 4)),
                    "source_ref": "上门拜访" if index % 2 else "电话回访",
                    **self._told(code, told),
                }
                for index, member in enumerate(members)
                for code, told in PREFERENCES[index % len(PREFERENCES)].items()
            ]
        )

    def _told(self, code, told):
        if isinstance(told, str):
            return {"value": told}
        option, words = told
        option = self.env.ref(f"vip_customer.preference_option_{code}_{option}")
        return {"option_id": option.id, "value": words}

    def _partners(self, book):
        return self.env["res.partner"].browse(partner.id for partner in book.values())

    def _half_past_nine(self, day):
        zone = pytz.timezone(self.env.company._vip_tz())
        moment = zone.localize(datetime.combine(day, time(9, 30)))
        return moment.astimezone(pytz.utc).replace(tzinfo=None)
