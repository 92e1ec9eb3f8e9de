from datetime import datetime, time, timedelta
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Command

from .vip_retention_case import HALL, HOTLINE, LIST, PORT_OUT, TALKED_TO, WORK_RECORD
from .vip_retention_case_opening import OPENING
from .vip_retention_log import REFUSED as FINAL_REFUSAL
from .vip_retention_proposal import ACCEPTED, NOT_NEEDED
from .vip_retention_proposal import CONSIDERING as THINKS_ABOUT
from .vip_retention_proposal import REFUSED as DECLINED
from .vip_retention_states import (
    ANALYSED,
    CLOSED,
    CONSIDERING,
    LOST,
    NO_ANSWER,
    REFUSED,
    SAVED,
    WATCH,
    WITHDRAWN,
)

SCHEDULED = "scheduled"
# From the opening: days until he answered, and until the promise was kept.
ANSWERED, DONE = 1, 2
# Days after a watch until it is judged: the bills of its last month are in by then.
JUDGED = 9


class Past(NamedTuple):
    """Somebody of a tier who wanted to leave, some days ago: why, what was offered, and how it ended or
    where it stands."""

    days: int
    tier: str
    source: str
    reason: str
    offer: str
    end: str
    words: str
    kind: str = SCHEDULED
    leaves: int = 0  # days from today


# A watch that ended well ended before this month, so that its last month was billed.
PAST = (
    Past(172, "gold", HOTLINE, "t_high", "plan_fit", SAVED, "每月用不完套餐内容"),
    Past(158, "silver", LIST, "p_slow", "explain", SAVED, "办理过户跑了两次营业厅"),
    Past(141, "gold", LIST, "t_rival", "plan_fit", REFUSED, "对方套餐每月便宜 60 元", leaves=40),
    Past(133, "silver", HALL, "o_cover", "net_fix", SAVED, "小区地下车库没有信号"),
    Past(118, "silver", LIST, "p_noise", "explain", SAVED, "推销短信太多"),
    Past(104, "gold", HOTLINE, "t_fit", "vas_trial", LOST, "第二个号码很少用"),
    Past(97, "silver", WORK_RECORD, "o_move", "", WITHDRAWN, "原打算搬去外地，后来不搬了"),
    Past(88, "gold", LIST, "t_shock", "credit_s", SAVED, "账单多出 38 元增值业务费"),
    Past(84, "silver", LIST, "o_unsaid", "", NO_ANSWER, "多次联系未接", leaves=30),
    Past(76, "diamond", HOTLINE, "p_contact", "explain", SAVED, "客户经理换人没有通知"),
    Past(69, "gold", HOTLINE, "t_high", "vas_trial", SAVED, "觉得总体费用偏高"),
    Past(55, "silver", LIST, "p_complaint", "credit_s", REFUSED, "投诉两个月没有结果", leaves=25),
    Past(31, "silver", HALL, "o_device", "explain", REFUSED, "新手机另一家送合约机", PORT_OUT, 11),
    Past(13, "gold", HOTLINE, "t_end", "", REFUSED, "合约到期，单位统一换号", leaves=18),
    # in watch
    Past(36, "gold", LIST, "t_fit", "plan_fit", WATCH, "套餐流量不够用"),
    Past(25, "silver", HOTLINE, "t_shock", "vas_trial", WATCH, "漫游费没有提醒"),
    Past(17, "diamond", HOTLINE, "p_attitude", "explain", WATCH, "营业厅排队时服务态度不好"),
    # its last day is over: the bill of the month decides
    Past(41, "silver", LIST, "p_benefit", "explain", WATCH, "生日礼品没有收到"),
    # the account manager did not come back to him in time
    Past(9, "gold", LIST, "t_rival", "plan_fit", CONSIDERING, "在比较两家的报价", leaves=12),
)

# Who left: days ago, tier, kind.
LEAVERS = ((101, "silver", "arrears"), (66, "gold", PORT_OUT), (38, "silver", SCHEDULED))
# Months that are over and have figures; all but the last one are frozen.
MONTHS = 5

# Whom somebody worries about: tier, signal, days ago, colour, words. AGAIN is about the customer before.
AGAIN = "again"
RISK_STORIES = (
    (
        "gold",
        "port_query",
        4,
        False,
        "致电热线询问携号转网需要几天（asked how long porting takes）",
    ),
    ("gold", AGAIN, 2, "red", "见面时提到另一家的报价（mentioned another operator's price）"),
    ("silver", "port_query", 12, False, "询问携转资格（asked whether the number may be ported）"),
    ("gold", "pulse", 20, "amber", "连续两次不接电话（did not pick up twice）"),
    ("silver", "pulse", 6, "red", "对营业厅排队很不满（angry about waiting in the hall）"),
    ("silver", "pulse", 9, "green", "套餐调整后很满意（pleased with the new plan）"),
)


class VipDemo(models.AbstractModel):
    """Customers of the demo who want to leave: cases in every state and with every outcome, over half a
    year.

    What happens today goes through the doors. A case of the past is written as it would be now: the log is
    evidence, and dates of it cannot be moved back afterwards.
    """

    _inherit = "vip.demo"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _load_retention(self):
        """Tell the story in the main company, unless it has cases already, or no customers of the demo."""
        company = self.env.ref("base.main_company")
        Case = self.env["vip.retention.case"]
        if Case.search_count([("company_id", "=", company.id)], limit=1):
            return
        demo = self.with_company(company).with_context(
            mail_create_nolog=True, mail_activity_quick_update=True, tracking_disable=True
        )
        customers = demo._wanting_to_leave()
        if not customers:
            return
        for story in PAST:
            demo._play_past_case(customers, story)
        demo._play_cases_of_today(customers)
        Case._judge(company, len(PAST))
        Case._escalate(len(PAST))
        demo._play_risk(customers)
        demo._play_leavers(customers)
        demo._end_months()
        demo._play_branches()

    def _wanting_to_leave(self):
        """dict tier code -> customers with an account manager, those with several numbers last; taken from
        the end of the book, whose beginning the service requests of the demo use."""
        members = self.env["vip.membership"].search(
            [
                ("company_id", "=", self.env.company.id),
                ("partner_id.ref", "=like", "K100%"),
                ("tier_id", "!=", False),
                ("manager_id", "!=", False),
                # somebody of the book is left in peace, and nobody is told of his risk
                ("do_not_disturb", "=", False),
            ],
            order="id desc",
        )
        found = {}
        for member in members:
            found.setdefault(member.tier_id.code, []).append(member.partner_id)
        for partners in found.values():
            partners.sort(key=lambda partner: len(partner.vip_number_ids) != 1)
        return found

    # ------------------------------------------------------------
    # THE PAST
    # ------------------------------------------------------------

    def _play_past_case(self, customers, story):
        # who left with one of his numbers is still with us
        partner = customers[story.tier].pop(-1 if story.end == LOST else 0)
        case = self._create_past_case(partner, story)
        proposal = self._create_past_proposal(case, story)
        self._end_past_case(case, proposal, story)
        self._create_past_departure(case, story)

    def _moment(self, days, hours=0):
        """Some days ago, in the morning of China."""
        day = self.env.company._vip_today() - timedelta(days=days)
        return datetime.combine(day, time(1, 10)) + timedelta(hours=hours)

    def _create_past_case(self, partner, story):
        opened = self._moment(story.days)
        member = partner.vip_membership_id
        number = partner.vip_number_ids.filtered(lambda line: line._is_open())[-1:]
        talked_to = story.source in TALKED_TO
        desk = self._user("desk")
        opener = desk if talked_to else self.env.user
        owner = member.manager_id
        Case = self.env["vip.retention.case"].with_user(opener).sudo()
        # not by its own door, which opens cases of today
        case = models.Model.create(
            Case,
            [
                {
                    "partner_id": partner.id,
                    "source": story.source,
                    "number_ids": [Command.set(number.ids)],
                    "kept_number_ids": [Command.set(number.ids)],
                    "tier_id": member.tier_id.id,
                    "was_protected": member.protected,
                    "opened_at": opened,
                    "opened_by": opener.id,
                    "user_id": owner.id,
                    "reason_id": self.env.ref(f"vip_retention.reason_{story.reason}").id,
                    "description": story.words,
                    "state": ANALYSED,
                    "first_contact_at": opened + timedelta(hours=0 if talked_to else 5),
                    "dispatched_at": opened + timedelta(hours=1),
                    "dispatched_by": opener.id,
                }
            ],
        )
        case.name = case._next_name()
        case._freeze_of(opened.date())
        self._note(case, "opened", opened, opener, case._label("source"))
        self._note(case, "reason", opened, opener, case.reason_id.complete_name)
        self._note(case, "dispatched", case.dispatched_at, opener, owner.name)
        return case

    def _create_past_proposal(self, case, story):
        proposals = self.env["vip.retention.proposal"]
        if not story.offer:
            return proposals
        offer = self.env.ref(f"vip_retention.offer_{story.offer}")
        proposed = case.opened_at + timedelta(hours=6)
        answered = proposed + timedelta(days=ANSWERED)
        answer = {REFUSED: DECLINED, CONSIDERING: THINKS_ABOUT}.get(story.end, ACCEPTED)
        self._note(case, "proposed", proposed, case.user_id, offer.name)
        return proposals.create(
            {
                "case_id": case.id,
                "partner_id": case.partner_id.id,
                "company_id": case.company_id.id,
                "offer_id": offer.id,
                "cost": offer.cost,
                "proposed_by": case.user_id.id,
                "proposed_at": proposed,
                "valid_until": proposed.date() + timedelta(days=14),
                "approval": NOT_NEEDED,
                "answer": answer,
                "answered_by": case.user_id.id,
                "answered_at": answered,
            }
        )

    def _end_past_case(self, case, proposal, story):
        """Where it stands today, and how it came there."""
        answered = proposal.answered_at or case.opened_at + timedelta(days=ANSWERED)
        match story.end:
            case "considering":
                values = {
                    "state": CONSIDERING,
                    "deadline": answered + timedelta(days=3),
                    "warn_at": answered + timedelta(days=2),
                    "told_level": 0,
                }
                self._note(case, "considering", answered, case.user_id, proposal.offer_id.name)
            case "saved" | "lost_after_watch" | "watch":
                values = self._watch_of(case, proposal, story, answered)
            case _:
                step = FINAL_REFUSAL if story.end == REFUSED else story.end
                values = self._closing_of(story.end, answered, case.user_id)
                self._note(case, step, answered, case.user_id)
        case.write(values)

    def _watch_of(self, case, proposal, story, answered):
        done = case.opened_at + timedelta(days=DONE)
        watch_from = done.date()
        until = watch_from + timedelta(days=proposal.offer_id.watch_days)
        self._note(case, "accepted", answered, case.user_id, proposal.offer_id.name)
        reference = f"SO{case.opened_at:%y%m%d}{case.id % 100:02}"
        if proposal.offer_id.done_in != "nothing":
            proposal.reference = reference
        proposal.write({"done_by": case.user_id.id, "done_at": done})
        self._note(case, "done", done, case.user_id, proposal.reference)
        values = {
            "state": WATCH,
            "accepted_at": answered,
            "watch_from": watch_from,
            "watch_until": until,
        }
        if story.end != WATCH:
            judged = datetime.combine(until, time(17, 20)) + timedelta(days=JUDGED)
            values |= self._closing_of(story.end, judged, self.env.user)
            self._note(case, SAVED if story.end == SAVED else "lost", judged, self.env.user)
        return values

    def _closing_of(self, outcome, moment, user):
        return {
            "state": CLOSED,
            "outcome": outcome,
            "closed_at": moment,
            "closed_by": user.id,
            "deadline": False,
        }

    def _create_past_departure(self, case, story):
        """What he asked for, and what became of it."""
        asked = case.opened_at.date()
        leaves = self.env.company._vip_today() + timedelta(days=story.leaves)
        if story.end == LOST:
            leaves = case.watch_until - timedelta(days=3)
        departure = (
            self.env["vip.departure"]
            .with_context(vip_retention_opening=OPENING)
            .create(
                {
                    "partner_id": case.partner_id.id,
                    "number_id": case.number_ids.id,
                    "kind": story.kind,
                    "source": story.source,
                    "requested_on": asked,
                    "reason_id": case.reason_id.id,
                    "effective_on": leaves if story.leaves or story.end == LOST else False,
                }
            )
        )
        departure.case_id = case
        case.departure_id = departure
        if story.end in (SAVED, WATCH, WITHDRAWN):
            day = case.watch_from or asked + timedelta(days=ANSWERED)
            departure.write(
                {"state": "withdrawn", "withdrawn_on": day, "withdrawn_by": case.user_id.id}
            )

    def _note(self, case, step, moment, user, content=False):
        self.env["vip.retention.log"].create(
            {
                "case_id": case.id,
                "partner_id": case.partner_id.id,
                "company_id": case.company_id.id,
                "date": moment,
                "user_id": user.id,
                "step": step,
                "content": content or False,
            }
        )

    # ------------------------------------------------------------
    # TODAY
    # ------------------------------------------------------------

    def _play_cases_of_today(self, customers):
        today = self.env.company._vip_today()
        for tier, days in (("diamond", 15), ("silver", 8)):
            self._ask_to_leave(customers[tier].pop(0), LIST, leaves=today + timedelta(days=days))
        # above what the desk may grant: waits for the lead
        case = self._ask_to_leave(customers["gold"].pop(0), HOTLINE, "t_high")
        case.description = "用了九年，希望有老客户优惠（nine years with us）"
        case.with_user(case.user_id).action_propose(self.env.ref("vip_retention.offer_credit_l").id)
        # accepted, and still to be done in the billing system
        partner = customers["silver"].pop(0)
        case = self._ask_to_leave(partner, WORK_RECORD, "t_fit")
        mine = case.with_user(partner.vip_manager_id)
        mine.action_propose(self.env.ref("vip_retention.offer_plan_fit").id)
        mine.action_accept()
        leaves = today + timedelta(days=3)
        case = self._ask_to_leave(customers["silver"].pop(0), HALL, "t_rival", PORT_OUT, leaves)
        case.detail = "另一家运营商的亲情套餐（a family plan elsewhere）"
        # whom we must not lose
        partner = customers["gold"].pop(0)
        partner.vip_membership_id.protected = True
        case = self._ask_to_leave(partner, HALL, "o_cover", leaves=today + timedelta(days=20))
        case.detail = "办公楼十二层（12th floor of the office）"

    def _ask_to_leave(self, partner, source, reason=False, kind=SCHEDULED, leaves=False):
        """Who hears it notes it, which opens the case.

        :return: the case, as superuser
        """
        hears = {LIST: self.env.user, WORK_RECORD: partner.vip_manager_id}
        user = hears.get(source, self._user("desk"))
        number = partner.vip_number_ids.filtered(lambda line: line._is_open())[:1]
        departure = (
            self.env["vip.departure"]
            .with_user(user)
            .sudo()
            .create(
                {
                    "partner_id": partner.id,
                    "number_id": number.id,
                    "kind": kind,
                    "source": source,
                    "requested_on": self.env.company._vip_today(),
                    "effective_on": leaves,
                    "reason_id": reason and self.env.ref(f"vip_retention.reason_{reason}").id,
                }
            )
        )
        return departure.case_id

    # ------------------------------------------------------------
    # MONTH ENDS
    # ------------------------------------------------------------

    def _play_leavers(self, customers):
        """Customers who left without a talk, noted when it happened."""
        today = self.env.company._vip_today()
        for days, tier, kind in LEAVERS:
            partner = customers[tier].pop(0)
            left_on = today - timedelta(days=days)
            for number in partner.vip_number_ids.filtered(lambda line: line._is_open()):
                self.env["vip.departure"].create(
                    {
                        "partner_id": partner.id,
                        "number_id": number.id,
                        "kind": kind,
                        "source": LIST,
                        "requested_on": left_on - timedelta(days=10),
                        "effective_on": left_on,
                    }
                )

    def _end_months(self):
        """The last months have figures; the latest of them and the running one are still open."""
        month = self.env.company._vip_today().replace(day=1)
        wanted = [month]
        for _n in range(MONTHS):
            month = (month - timedelta(days=1)).replace(day=1)
            wanted.append(month)
        months = self.env["vip.kpi.month"].create([{"month": day} for day in sorted(wanted)])
        manager = months.with_user(self._user("manager"))
        frozen = manager[:-2]
        for record in frozen:
            record.action_compute()
            record.action_freeze()
        (manager - frozen).action_compute()

    # ------------------------------------------------------------
    # RISK
    # ------------------------------------------------------------

    def _play_risk(self, customers):
        """The first assessment of the book, and what people noted since of customers who say nothing yet."""
        company = self.env.company
        self.env["vip.membership"]._assess_risk(company)
        today = company._vip_today()
        for tier, code, days, colour, note in RISK_STORIES:
            if code != AGAIN:
                partner = customers[tier].pop(0)
            else:
                code = "pulse"
            user = self._user("desk") if code == "port_query" else partner.vip_manager_id
            self.env["vip.risk.signal"].with_user(user).sudo().create(
                {
                    "partner_id": partner.id,
                    "type_id": self.env.ref(f"vip_retention.risk_{code}").id,
                    "date": today - timedelta(days=days),
                    "colour": colour,
                    "note": note,
                }
            )
