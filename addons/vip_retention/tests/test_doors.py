"""The public methods and guarded fields of this addon, see ``doors_common``."""

from odoo.tests import tagged

from odoo.addons.vip_customer.tests.doors_checks import (
    APPROVERS,
    AT_THE_DESK,
    LEADS,
    LOOKUP,
    MANAGERS,
    OF_COMPANY,
    READERS,
    WRITERS,
    Door,
    DoorsChecks,
    DoorsTable,
    WireChecks,
)

from .doors_common import DoorsCase

ASSESSMENT = "vip.assessment"
CASE = "vip.retention.case"
MONTH = "vip.kpi.month"
MONTHLY = "vip.monthly.report"
DOORS = [
    Door("res.partner", "action_vip_case", LOOKUP),
    Door("res.partner", "action_vip_leave", AT_THE_DESK),
    Door("res.partner", "action_vip_note_signal", AT_THE_DESK),
    Door("res.partner", "vip_explain_risk", LOOKUP),
    Door("vip.membership", "action_leave", WRITERS),
    Door("vip.membership", "action_open_case", READERS),
    Door("vip.membership", "action_view_cases", READERS),
    Door("vip.membership", "action_view_departures", READERS),
    Door("vip.membership", "action_protect", READERS),
    Door("vip.membership", "protect", LEADS, args={"choice": "choice", "reason": "reason"}),
    Door(
        "vip.protect",
        "action_confirm",
        LEADS,
        wizard={"membership_ids": "memberships", "choice": "choice", "reason": "reason"},
    ),
    Door("vip.membership", "action_pulse_red", WRITERS),
    Door("vip.membership", "action_pulse_amber", WRITERS),
    Door("vip.membership", "action_pulse_green", WRITERS),
    Door("vip.membership", "pulse", WRITERS, args={"colour": "colour", "note": "reason"}),
    Door("vip.membership", "action_view_risk_signals", READERS),
    Door("vip.membership", "action_postpone_risk", READERS),
    Door(
        "vip.membership",
        "postpone_risk",
        WRITERS,
        args={"day": "postponed day", "reason": "reason"},
    ),
    Door(
        "vip.risk.postpone",
        "action_confirm",
        WRITERS,
        wizard={"membership_id": "vip.membership", "day": "postponed day", "reason": "reason"},
    ),
    Door("vip.interaction", "action_leave", WRITERS),
    Door("vip.departure", "action_withdraw", AT_THE_DESK),
    Door("vip.departure", "action_call_in", AT_THE_DESK),
    Door("vip.departure", "action_day", LOOKUP),
    Door(
        "vip.departure.day",
        "action_confirm",
        AT_THE_DESK,
        wizard={"departure_id": "vip.departure", "day": "closing day"},
    ),
    Door("vip.departure", "change_day", AT_THE_DESK, args={"day": "closing day"}),
    Door("vip.departure", "take_effect", WRITERS, args={"day": "day"}),
    Door("vip.departure", "action_view_customer", LOOKUP),
    Door(CASE, "action_view_customer", LOOKUP),
    Door(CASE, "action_take", AT_THE_DESK),
    Door(CASE, "action_dispatch", AT_THE_DESK),
    Door(CASE, "action_propose", AT_THE_DESK, args={"offer_id": "offer"}),
    Door(CASE, "action_ask_numbers", AT_THE_DESK),
    Door(CASE, "action_accept", AT_THE_DESK),
    Door(CASE, "action_refuse_offer", AT_THE_DESK),
    Door(CASE, "action_consider", AT_THE_DESK),
    Door(CASE, "action_refuse", AT_THE_DESK),
    Door(CASE, "action_withdraw", AT_THE_DESK),
    Door(CASE, "action_no_answer", AT_THE_DESK, record="silent case"),
    Door(CASE, "action_done", AT_THE_DESK, record="case to do"),
    Door(CASE, "action_not_kept", AT_THE_DESK, record="case to do"),
    Door(CASE, "done", AT_THE_DESK, record="case to do", args={"reference": "reason"}),
    Door(CASE, "action_contact", AT_THE_DESK),
    Door(CASE, "contact", AT_THE_DESK, args={"channel_id": "channel", "result_id": "result"}),
    Door(CASE, "action_decide_saved", MANAGERS, record="watched case"),
    Door(CASE, "action_decide_lost", MANAGERS, record="watched case"),
    Door("vip.retention.proposal", "action_approve", LEADS),
    Door("vip.retention.proposal", "action_reject", LEADS),
    Door("vip.retention.report", "action_view_case", READERS),
    Door(
        "vip.retention.open",
        "action_confirm",
        AT_THE_DESK,
        wizard={"partner_id": "res.partner", "all_numbers": "yes"},
    ),
    Door(
        "vip.retention.accept",
        "action_confirm",
        AT_THE_DESK,
        wizard={"case_id": CASE},
    ),
    Door(
        "vip.retention.done",
        "action_confirm",
        AT_THE_DESK,
        wizard={"case_id": "case to do", "reference": "reason"},
    ),
    Door(
        "vip.retention.contact",
        "action_confirm",
        AT_THE_DESK,
        wizard={"case_id": CASE, "channel_id": "channel", "result_id": "result"},
    ),
    Door(MONTH, "action_compute", MANAGERS),
    Door(MONTH, "action_freeze", MANAGERS),
    Door(
        MONTH,
        "action_reopen",
        APPROVERS,
        record="frozen month",
        args={"reason": "reason"},
    ),
    Door(MONTH, "action_ask_reason", MANAGERS, record="frozen month"),
    Door(MONTH, "action_view_report", OF_COMPANY),
    Door(MONTH, "action_view_customers", OF_COMPANY),
    Door(MONTH, "action_view_late", OF_COMPANY),
    Door(MONTH, "action_check", OF_COMPANY),
    Door(MONTH, "action_create_monthly_reports", MANAGERS),
    Door(MONTH, "action_view_monthly_reports", OF_COMPANY),
    Door(MONTHLY, "action_submit", LEADS, record="draft report"),
    Door(MONTHLY, "action_receive", MANAGERS, record="submitted report"),
    Door(
        MONTHLY,
        "action_send_back",
        MANAGERS,
        record="submitted report",
        args={"reason": "reason"},
    ),
    Door(MONTHLY, "action_answer", MANAGERS, record="submitted report"),
    Door(MONTHLY, "action_view_report", READERS),
    Door(MONTHLY, "action_view_lost", READERS),
    Door(MONTHLY, "action_export", READERS),
    Door(
        "vip.monthly.report.answer",
        "action_receive",
        MANAGERS,
        wizard={"report_id": "submitted report", "remark": "reason"},
    ),
    Door(
        "vip.monthly.report.answer",
        "action_send_back",
        MANAGERS,
        wizard={"report_id": "submitted report", "remark": "reason"},
    ),
    Door("vip.kpi.fact", "action_view_customer", READERS),
    Door("vip.kpi.report", "action_view_customers", READERS),
    Door(
        "vip.kpi.reopen",
        "action_confirm",
        {"approver": "++-"},
        wizard={"month_id": "frozen month", "reason": "reason"},
    ),
    Door(ASSESSMENT, "action_refresh", LEADS, record="draft assessment"),
    Door(ASSESSMENT, "action_submit", LEADS, record="draft assessment"),
    Door(ASSESSMENT, "action_review", MANAGERS, record="submitted assessment"),
    Door(
        ASSESSMENT,
        "action_reopen",
        MANAGERS,
        record="submitted assessment",
        args={"reason": "reason"},
    ),
    Door(ASSESSMENT, "action_reopen", APPROVERS, args={"reason": "reason"}),
    Door(ASSESSMENT, "action_ask_reason", LEADS),
    Door(ASSESSMENT, "action_view_figures", READERS | {"deputy": "---"}),
    Door(
        "vip.assessment.open",
        "action_confirm",
        {"boss": "+++"},
        wizard={"scheme_id": "scheme"},
    ),
    Door(
        "vip.assessment.reopen",
        "action_confirm",
        MANAGERS,
        wizard={"assessment_id": "submitted assessment", "reason": "reason"},
    ),
    Door("vip.outgoing.file", "action_build_flags", {"boss": "+++"}, on_model=True),
]
PRIVATE_METHODS = [
    ("vip.retention.offer", "_fitting_domain"),
    (CASE, "_close"),
    (CASE, "_begin"),
    (CASE, "_begin_step"),
    (CASE, "_judge"),
    (CASE, "_log"),
    (CASE, "_dispatch"),
    (CASE, "_cron_refusals"),
    (CASE, "_departures_announced"),
    ("vip.retention.proposal", "_end"),
    ("vip.retention.proposal", "_answer"),
    ("vip.retention.log", "_drop_protection"),
    (ASSESSMENT, "_take_figures"),
    (ASSESSMENT, "_open"),
    ("vip.kpi.target", "_goals"),
    (MONTH, "_compute_figures"),
    ("vip.kpi.reopening", "_log"),
    (MONTHLY, "_reckoned"),
    (MONTHLY, "_workbook"),
    ("vip.departure", "_set_effective"),
    ("vip.departure", "_withdraw"),
    ("vip.membership", "_follow_protected"),
    ("vip.membership", "_assess_risk"),
    ("vip.membership", "_tell_high_risk"),
]


class RetentionDoors(DoorsTable, DoorsCase):
    doors = DOORS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.arguments |= {
            "offer": cls.env.ref("vip_retention.offer_explain").id,
            "channel": cls.env.ref("vip_customer.channel_phone").id,
            "result": cls.env.ref("vip_customer.interaction_result_reached").id,
            "closing day": "2026-04-20",
            "postponed day": "2026-03-30",
            "colour": "amber",
            "choice": "yes",
            "yes": True,
            "scheme": cls.env.ref("vip_retention.assessment_scheme_standard").id,
        }
        for book in cls.book.values():
            book["memberships"] = book["vip.membership"]


@tagged("post_install", "-at_install", "vip_security")
class TestDoors(DoorsChecks, RetentionDoors):
    pass


@tagged("post_install", "-at_install", "vip_security")
class TestDoorsWire(WireChecks, RetentionDoors):
    private_methods = PRIVATE_METHODS
