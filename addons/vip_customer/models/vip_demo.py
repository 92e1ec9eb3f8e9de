import csv
from datetime import date, datetime, time, timedelta

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import date_utils, file_open

from ..tools import tier_rules
from ..tools.demo_book import FIRST_MONTH, DemoCustomer
from .vip_service_number import CLOSED, SUSPENDED
from .vip_tier_override import APPROVED

YEAR = date_utils.get_timedelta(1, "year")


class VipDemo(models.AbstractModel):
    """The demo: a mobile operator in a city and two counties, told up to today, whatever day that is.

    The policy year of today is in force, last year's is closed, next year's is a draft; both past
    yearly runs and a supplementary one each are applied, and a run of today waits for approval. Benefits
    were granted with the tiers, used, and wait to be fulfilled (``vip_demo_benefits.py``). Account
    managers have their customers since long, and some changed hands (``vip_demo_portfolio.py``).
    Customers asked for services and wait for some (``vip_demo_requests.py``). The
    customers and their bills are ``demo/customers.csv`` and ``tools/demo_book.py``; some have a
    ``story``:

    story       what happens
    floor       an approved override keeps him gold this year
    ended       an override kept him gold for half of last year
    requested   his account manager asks for one
    owner       passed his second number to ``heir`` last autumn
    closed      closed his last number: his tier ended
    suspended   his number is suspended
    unknown     nobody knows since when he is with us
    credit      a late credit note takes him below silver: on hold in the waiting run
    roaming     a late roaming bill lifts him to silver in the waiting run
    """

    _name = "vip.demo"
    _description = "VIP demo"

    @api.model
    def _load(self):
        """Tell the story in the main company, unless it has tier policies already."""
        company = self.env.ref("base.main_company")
        if self.env["vip.tier.policy"].search_count([("company_id", "=", company.id)], limit=1):
            return
        self._settle(company)
        # no "created" in the chatter: its words are not translated while the addon installs
        demo = self.with_company(company).with_context(
            mail_create_nolog=True, mail_activity_quick_update=True
        )
        today = company._vip_today()
        start = date(today.year - (today.month < 2), 2, 1)
        book = demo._create_customers(start)
        demo._create_bills(book, start, today)
        demo._play_last_year(book, start)
        policy = demo._play_this_year(book, start, today)
        demo._play_today(book, policy, today)
        demo._play_greetings(book, today)
        demo._play_portfolio(book, today)
        demo._play_care(today)
        demo._play_vas(book, today)
        demo._play_events(today)
        demo._play_requests(book, today)

    # ------------------------------------------------------------
    # THE BOOK
    # ------------------------------------------------------------

    def _settle(self, company):
        """Move the company to China; it keeps its currency where it has accounts in it."""
        company.write(
            {
                "country_id": self.env.ref("base.cn").id,
                "state_id": False,
                "zip": False,
                "city": "云州市",
                "street": "滨江大道 1 号",
            }
        )
        company.resource_calendar_id.tz = "Asia/Shanghai"
        try:
            with self.env.cr.savepoint():
                company.currency_id = self.env.ref("base.CNY")
        except UserError:
            company.invalidate_recordset(["currency_id"])

    def _create_customers(self, start):
        """:return: dict customer of the table -> contact, with membership, numbers and manager"""
        with file_open("vip_customer/demo/customers.csv") as table:
            rows = list(csv.DictReader(table))
        customers = [DemoCustomer.from_row(index, row) for index, row in enumerate(rows)]
        partners = self.env["res.partner"]._load_records(
            [
                {
                    "xml_id": f"vip_customer.customer_{customer.ref}",
                    "noupdate": True,
                    "values": self._partner_values(customer),
                }
                for customer in customers
            ]
        )
        self.env["vip.membership"]._ensure(partners.ids, self.env.company)
        book = dict(zip(customers, partners, strict=True))
        for customer, partner in book.items():
            partner.vip_membership_id.joined_on = customer.activated_on(start)
        self._assign_managers(book, start)
        self._create_numbers(book, start)
        return book

    def _partner_values(self, customer):
        return {
            "ref": customer.ref,
            "name": customer.name,
            "street": customer.street,
            "city": customer.city,
            "country_id": self.env.ref("base.cn").id,
            "phone": customer.number(0),
        }

    def _create_numbers(self, book, start):
        self.env["vip.service.number"].create(
            [
                {
                    "partner_id": partner.id,
                    "number": customer.number(position),
                    "activated_on": customer.activated_on(start, position),
                    "is_primary": position == 0,
                    "plan": customer.plan(position),
                    "contract_end": None if position else customer.contract_end(start),
                }
                for customer, partner in book.items()
                for position in range(customer.numbers)
            ]
        )
        [owner], [heir] = self._of(book, "owner"), self._of(book, "heir")
        second = owner.vip_number_ids.filtered(lambda number: not number.is_primary)
        second.change_owner(heir.id, start - timedelta(days=110))

    def _create_bills(self, book, start, today):
        last_month = tier_rules.months_between(start, today) - 1
        months = range(FIRST_MONTH, last_month + 1)
        bills = [
            bill
            for customer, partner in book.items()
            for position in range(customer.numbers or 1)
            for bill in self._prepare_bills(customer, partner, position, start, months)
        ]
        self.env["vip.billing.fact"].create(bills)
        *complete, _newest = (tier_rules.add_months(start, month) for month in months)
        self.env["vip.billing.month"]._ensure(self.env.company, complete, complete=True)

    def _prepare_bills(self, customer, partner, position, start, months):
        """The bills of one number, each for its owner on the last day of the month."""
        lines = self.env["vip.service.number"].search(
            [("number", "=", customer.number(position)), ("company_id", "=", self.env.company.id)],
            order="date_to",
        )
        for month in months:
            amount = customer.bill(month, position)
            if amount is None:
                continue
            last_day = tier_rules.add_months(start, month + 1) - timedelta(days=1)
            line = next((line for line in lines if last_day <= (line.date_to or date.max)), lines)
            yield {
                "partner_id": (line.partner_id or partner).id,
                "number_id": line.id,
                "month": last_day.replace(day=1),
                "amount": amount,
                "arrears_suspensions": customer.arrears_in(month, position),
            }

    # ------------------------------------------------------------
    # THE STORY
    # ------------------------------------------------------------

    def _play_last_year(self, book, start):
        first = start - YEAR
        policy = self._open_policy(first)
        half_year = tier_rules.add_months(first, 6) - timedelta(days=1)
        reason = "企业高管，集团客户部建议保留金卡半年（key contact of a corporate customer）"
        ended = self._grant_floor(self._of(book, "ended"), first, half_year, reason)
        self._assess(policy, first, tier_rules.ALL)
        self._play_benefits_of_last_year(book, first)
        ended._end()
        self._assess(policy, tier_rules.add_months(first, 7).replace(day=10), tier_rules.NEW)
        policy.action_close()

    def _play_this_year(self, book, start, today):
        """:return: this year's policy. It looks at the last twelve months, so that runs within the
        year show who is about to move."""
        policy = self._open_policy(start, window=tier_rules.ROLLING)
        reason = "在网五年，去年出国三个月（with us for five years, abroad for three months）"
        self._grant_floor(self._of(book, "floor"), start, policy.date_to, reason)
        self._assess(policy, start, tier_rules.ALL)
        self._assess(policy, self._latest_tenth(start, today), tier_rules.NEW)
        policy.copy({"name": self._policy_name(start + YEAR)})
        return policy

    def _play_today(self, book, policy, today):
        closing = max(policy.date_from, today - timedelta(days=9))
        self._of(book, "closed").vip_number_ids.write({"state": CLOSED, "closed_on": closing})
        self._of(book, "suspended").vip_number_ids.write({"state": SUSPENDED})
        self._book_late(self._of(book, "credit"), today, -960)
        self._book_late(self._of(book, "roaming"), today, 1980.5)
        [customer] = self._of(book, "requested")
        self.env["vip.tier.override"].with_user(customer.vip_manager_id).create(
            {
                "partner_id": customer.id,
                "kind": tier_rules.FLOOR,
                "tier_id": self.env.ref("vip_customer.tier_silver").id,
                "date_from": today,
                "date_to": policy.date_to,
                "reason": "祖孙三代均为本网用户，申请按银卡服务（three generations with us）",
            }
        )
        self._play_benefits(book, policy.date_from, today)
        self._compute_run(policy, today, tier_rules.ALL)

    def _book_late(self, partners, today, amount):
        """Bill these customers, beside their numbers, once the runs of the past are applied."""
        month = tier_rules.add_months(today, -1)
        self.env["vip.billing.fact"].create(
            [{"partner_id": partner.id, "month": month, "amount": amount} for partner in partners]
        )

    # ------------------------------------------------------------
    # TOOLS
    # ------------------------------------------------------------

    def _user(self, role):
        return self.env.ref(f"vip_customer.user_{role}")

    def _of(self, book, story):
        """The contacts with this story."""
        partners = [partner.id for customer, partner in book.items() if customer.story == story]
        return self.env["res.partner"].browse(partners)

    @staticmethod
    def _latest_tenth(start, today):
        """The latest 10th of a month up to today, in this policy year."""
        return max(start, (today - timedelta(days=9)).replace(day=10))

    @staticmethod
    def _policy_name(first):
        return f"定级办法 {first.year}（VIP standard）"

    def _open_policy(self, first, **values):
        Policy = self.env["vip.tier.policy"]
        policy = Policy.create(
            {
                **Policy._prepare_preset_values(),
                "name": self._policy_name(first),
                "date_from": first,
                "date_to": first + YEAR - timedelta(days=1),
                **values,
            }
        )
        policy.action_open()
        return policy

    def _grant_floor(self, partner, first, last, reason):
        """An override of the past: approved before the run that follows, so not by its action, which
        takes effect today."""
        return self.env["vip.tier.override"].create(
            {
                "partner_id": partner.id,
                "kind": tier_rules.FLOOR,
                "tier_id": self.env.ref("vip_customer.tier_gold").id,
                "date_from": first,
                "date_to": last,
                "reason": reason,
                "requested_by": partner.vip_team_id.user_id.id,
                "approved_by": self._user("approver").id,
                "state": APPROVED,
            }
        )

    def _compute_run(self, policy, as_of, scope):
        Run = self.env["vip.tier.run"].with_user(self._user("manager"))
        run = Run.create({"policy_id": policy.id, "as_of": as_of, "scope": scope})
        run.action_compute()
        return run

    def _assess(self, policy, as_of, scope):
        """Compute, approve and apply a run of the past."""
        run = self._compute_run(policy, as_of, scope).with_user(self._user("approver"))
        run.action_approve()
        run.action_apply()
        morning = datetime.combine(as_of, time(1, 30))
        run.sudo().write({"computed_at": morning, "applied_at": morning + timedelta(hours=2)})
