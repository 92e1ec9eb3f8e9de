"""The rights of this addon's models, see ``doors_common``."""

from odoo.tests import tagged

from odoo.addons.vip_customer.tests.roles_checks import RolesChecks

from .doors_common import DoorsCase

# what customers have; who stands for another role has what that one has
AT_THE_DESK = ("desk", "manager_a", "lead", "boss")
RIGHTS = {
    # whoever works cases sees all of his company: anybody may be told the final refusal
    "vip.retention.case": {
        **dict.fromkeys(AT_THE_DESK, ("rw", "rw")),
        "auditor": ("r", "r"),
    },
    **{
        name: dict.fromkeys((*AT_THE_DESK, "auditor"), ("r", "r"))
        for name in ("vip.departure", "vip.retention.proposal", "vip.retention.log")
    },
    # what the programme works out of others' customers tells of money; the desk sees what it recorded itself
    "vip.risk.signal": {
        "manager_a": ("r", ""),
        "lead": ("r", ""),
        "boss": ("ru", "ru"),
        "auditor": ("r", "r"),
    },
    "vip.retention.report": {
        "manager_a": ("r", ""),
        "lead": ("r", ""),
        "boss": ("r", "r"),
        "auditor": ("r", "r"),
    },
    # the months are the company's, the customers in them whose they are
    "vip.kpi.month": {
        "manager_a": ("r", "r"),
        "lead": ("r", "r"),
        "boss": ("rwu", "rwu"),
        "auditor": ("r", "r"),
    },
    # the lead writes them; account managers read what was received
    "vip.monthly.report": {
        "manager_a": ("r", ""),
        "lead": ("rw", ""),
        "boss": ("rwu", "rwu"),
        "auditor": ("r", "r"),
    },
    "vip.kpi.reopening": {"boss": ("r", "r"), "auditor": ("r", "r")},
    **{
        name: {
            "manager_a": ("r", ""),
            "lead": ("r", ""),
            "boss": ("r", "r"),
            "auditor": ("r", "r"),
        }
        for name in ("vip.kpi.fact", "vip.kpi.report")
    },
    # reviewed ones are read by who works in the branch; a deputy does not
    **{
        name: {
            "manager_a": ("r", ""),
            "deputy": ("", ""),
            "lead": (own, ""),
            "boss": (all_, all_),
            "auditor": ("r", "r"),
        }
        for name, own, all_ in (
            ("vip.assessment", "rw", "rwu"),
            ("vip.assessment.line", "r", "r"),
            ("vip.assessment.answer", "rw", "rw"),
        )
    },
}
# What all companies share: who may read it; the managers write it.
CATALOGUE = {
    name: {"desk", "manager_a", "lead", "boss", "auditor"}
    for name in (
        "vip.retention.reason",
        "vip.retention.offer",
        "vip.customer.type",
        "vip.risk.signal.type",
    )
} | {
    name: {"manager_a", "lead", "boss", "auditor"}
    for name in (
        "vip.kpi.target",
        "vip.assessment.scheme",
        "vip.assessment.indicator",
        "vip.assessment.item",
    )
}
# Who may create at all (a rule still says for whom).
CREATORS = {
    **{name: {"boss"} for name in CATALOGUE},
    "vip.protect": {"lead", "boss"},
    "vip.risk.postpone": {"manager_a", "lead", "boss"},
    "vip.kpi.month": {"boss"},
    "vip.assessment": {"boss"},
    "vip.assessment.open": {"boss"},
    "vip.assessment.reopen": {"boss"},
    "vip.kpi.reopen": {"approver"},
    "vip.monthly.report": {"lead", "boss"},
    "vip.monthly.report.answer": {"boss"},
    **{
        name: set(AT_THE_DESK)
        for name in (
            "vip.retention.case",
            "vip.departure",
            "vip.departure.day",
            "vip.risk.signal",
            "vip.retention.open",
            "vip.retention.accept",
            "vip.retention.accept.line",
            "vip.retention.done",
            "vip.retention.contact",
        )
    },
}


@tagged("post_install", "-at_install", "vip_security")
class TestSecurityRoles(RolesChecks, DoorsCase):
    rights = RIGHTS
    catalogue = CATALOGUE
    creators = CREATORS
    shared = {name for name in CATALOGUE if name.startswith(("vip.kpi.", "vip.assessment."))}
