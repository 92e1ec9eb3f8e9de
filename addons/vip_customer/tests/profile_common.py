"""What is private about the customer "own" of ``doors_common``, and every question one may ask about it.

Each of his private values is told of nobody else, so an answer with such a value, or with the id of its
record where the question names the value, is a leak. ``lead_b`` leads the branch of "far".
"""

import json
from typing import NamedTuple

from .doors_common import DoorsCase

# model -> field -> the value of "own"
PRIVATE = {
    "vip.membership": {"birthday": "1962-02-03", "do_not_disturb_until": "2031-05-06"},
    "vip.preference": {"value": "Collects stamps", "source_ref": "Visit in spring"},
    "vip.interaction": {"summary": "Moves to Kunming", "next_step": "Ask about the school"},
    "vip.care.touch": {"postpone_reason": "Lies in hospital"},
    "vip.greeting": {"date": "2025-05-17"},
}
# The same for what Odoo keeps beside his VIP page.
BESIDE = {
    "mail.message": {"subject": "Sells the house"},
    "mail.activity": {"summary": "Call about the house"},
    "ir.attachment": {"name": "Letter to the bank"},
}
# Ways from a contact into a profile: path -> value.
PATHS = {
    "vip_membership_id.birthday": "1962-02-03",
    "vip_membership_id.preference_ids.value": "Collects stamps",
    "vip_membership_id.message_ids.subject": "Sells the house",
    "vip_membership_id.activity_ids.summary": "Call about the house",
}
INSIDERS = ("manager_a", "deputy", "lead", "boss", "auditor")
OUTSIDERS = ("portal", "employee", "desk", "importer", "manager_b", "manager_c", "lead_b")

VALUE, RECORD = "value", "record"


class Question(NamedTuple):
    """A call by which a user learns something, over the ORM or the wire."""

    method: str
    kwargs: dict
    tells: str = VALUE  # what of the answer would be a leak
    on_record: bool = False
    # Whether who may know is answered. Others ask what only their own rights could open.
    answers: bool = True


def questions(field, value, group, name, record_id):
    """Every way to ask for the value of a field, for the record that has it, and what orders by it."""
    spec = {field: {}}
    return [
        Question("read", {"fields": [field]}, on_record=True),
        Question("web_read", {"specification": spec}, on_record=True),
        Question("export_data", {"fields_to_export": [field]}, on_record=True),
        Question("web_save", {"vals": {}, "specification": spec}, on_record=True, answers=False),
        Question(
            "onchange",
            {"values": {}, "field_names": [], "fields_spec": spec},
            on_record=True,
            answers=False,
        ),
        Question("search", {"domain": [[field, "=", value]]}, tells=RECORD),
        Question("search", {"domain": [], "order": f"{field}, id"}, tells=RECORD),
        Question("search", {"domain": ["!", [field, "!=", value]]}, tells=RECORD),
        Question("search_count", {"domain": [[field, "=", value]]}, tells=RECORD, answers=False),
        Question("search_read", {"domain": [["id", "=", record_id]], "fields": [field]}),
        Question("web_search_read", {"domain": [], "specification": spec}),
        Question("name_search", {"name": name, "limit": 10_000}, tells=RECORD, answers=False),
        Question(
            "web_name_search", {"name": name, "specification": spec, "limit": 10_000}, answers=False
        ),
        Question("read_group", {"domain": [], "fields": [], "groupby": [group]}),
        Question(
            "formatted_read_group", {"domain": [], "groupby": [group], "aggregates": ["__count"]}
        ),
        Question(
            "formatted_read_group",
            {"domain": [[field, "=", value]], "groupby": [], "aggregates": ["id:array_agg"]},
            tells=RECORD,
            answers=False,
        ),
        Question(
            "formatted_read_grouping_sets",
            {"domain": [], "grouping_sets": [[group]], "aggregates": ["__count"]},
        ),
        Question("web_read_group", {"domain": [], "groupby": [group]}),
    ]


class ProfileCase(DoorsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["lead_b"] = cls._create_user("lead_b", "lead")
        cls.county.user_id = cls.users["lead_b"]
        for user in cls.users.values():
            if not user.share:
                user.group_ids |= cls.env.ref("base.group_allow_export")
        own = cls.book["own"]
        member = own["vip.membership"]
        cls.records = {model: own[model] for model in PRIVATE}
        for model, values in PRIVATE.items():
            own[model].write(values)
        cls.records |= {
            "mail.message": member.message_post(
                body="Private", **BESIDE["mail.message"], message_type="comment"
            ),
            "mail.activity": member.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=cls.users["manager_a"].id,
                **BESIDE["mail.activity"],
            ),
            "ir.attachment": cls.env["ir.attachment"].create(
                {
                    **BESIDE["ir.attachment"],
                    "raw": b"private",
                    "res_model": member._name,
                    "res_id": member.id,
                }
            ),
        }
        cls.env.flush_all()

    def _questions(self):
        """(record, value, question) of all there is to ask."""
        for model, values in (PRIVATE | BESIDE).items():
            record = self.records[model]
            for field, value in values.items():
                kind = record._fields[field].type
                group = f"{field}:day" if kind == "date" else field
                name = value if model in BESIDE else "Own"
                for question in questions(field, value, group, name, record.id):
                    yield record, value, question

    @staticmethod
    def _leaks(record, value, question, answer):
        """Whether an answer (plain data, as it comes over the wire) tells what it should not.

        The number of a search is its answer: one that finds nothing tells nothing.
        """
        if question.tells == VALUE:
            return value in json.dumps(answer, ensure_ascii=False, default=str)
        if question.method == "search_count":
            return bool(answer)
        return record.id in _ids(answer)


def _ids(answer):
    """All whole numbers of plain data but those of domains, where a one may only mean "true"."""
    parts, found = [answer], set()
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            parts += [value for key, value in part.items() if not key.endswith("domain")]
        elif isinstance(part, list | tuple):
            parts += part
        elif isinstance(part, int) and not isinstance(part, bool):
            found.add(part)
    return found
