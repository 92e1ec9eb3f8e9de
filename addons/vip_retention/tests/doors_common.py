"""The book of ``vip_customer`` with what this addon keeps of its customers: each has five cases, see
``_leaving``.

HOW TO ADD A MODEL

A model with records of customers gets one of each reach here, in ``_fill_book``, which is called once per
company, inside it: ``cls.book[name]["vip.departure"] = …`` for every name. It then gets a line in RIGHTS
of ``test_security_roles`` (who reads, writes, deletes it within and out of his reach), and one in CREATORS
where users may create it. A catalogue that all companies share gets a line in CATALOGUE, and one record
in ``_fill_catalogue`` where the addon ships none. A dialog only gets a line in CREATORS.

HOW TO ADD A METHOD

A public method gets a line in DOORS of ``test_doors``: also one on ``res.partner`` or on a model of
``vip_customer``, unless that has a method of this name already, whose line there is asked with ours in
place. ``record`` of a door is a key of the book, which may hold further records under names with a
space (``"case in watch"``). What its arguments are is added to ``arguments``, in ``test_doors``. A
private method that must never be called from outside gets a line in PRIVATE_METHODS.
"""

from odoo.addons.vip_customer.tests import doors_common


class DoorsCase(doors_common.DoorsCase):
    addon = "vip_retention"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._fill_catalogue()
        cls.env.flush_all()

    @classmethod
    def _fill_book(cls, customers):
        result = super()._fill_book(customers)
        for n, name in enumerate(customers):
            cls.book[name] |= cls._leaving(cls.book[name], n)
        return result

    @classmethod
    def _leaving(cls, book, n):
        """Cases of a customer, each about a number of its own: one in which he was offered something, one
        that waits for approval, one in which nobody reached him, one to be done, one whose watch nobody
        can judge. While the next is opened they are decided, or it would join them."""
        partner = book["res.partner"]
        cases = {}
        for i, key in enumerate(("case", "unsure", "silent", "to do", "watched")):
            number = cls.env["vip.service.number"].create(
                {"partner_id": partner.id, "number": f"1380099{n}00{i}"}
            )
            departure = cls.env["vip.departure"].create(
                {
                    "partner_id": partner.id,
                    "number_id": number.id,
                    "source": "hotline",
                    "effective_on": "2026-04-30",
                }
            )
            cases[key] = departure.case_id
            departure.case_id.state = "doing"
        cases["case"].state = cases["unsure"].state = cases["silent"].state = "new"
        explain = cls.env.ref("vip_retention.offer_explain")
        cases["case"].action_propose(explain.id)
        proposal = {
            "partner_id": partner.id,
            "company_id": partner.vip_membership_id.company_id.id,
            "proposed_by": cls.env.uid,
            "proposed_at": "2026-03-10 02:00:00",
            "valid_until": "2026-03-24",
        }
        waiting, _accepted = cls.env["vip.retention.proposal"].create(
            [
                {
                    **proposal,
                    "case_id": cases["unsure"].id,
                    "offer_id": cls.env.ref("vip_retention.offer_credit_l").id,
                    "approval": "waiting",
                    "approval_level": "lead",
                },
                {
                    **proposal,
                    "case_id": cases["to do"].id,
                    "offer_id": cls.env.ref("vip_retention.offer_plan_fit").id,
                    "answer": "accepted",
                    "answered_at": "2026-03-10 02:00:00",
                },
            ]
        )
        cls.env["vip.interaction"].create(
            [
                {
                    "partner_id": partner.id,
                    "date": "2026-03-01 02:00:00",
                    "channel_id": cls.env.ref(f"vip_customer.channel_{channel}").id,
                    "result_id": cls.env.ref("vip_customer.interaction_result_no_answer").id,
                    "retention_case_id": cases["silent"].id,
                    "is_attempt": True,
                }
                for channel in ("phone", "phone", "phone", "visit", "sms")
            ]
        )
        signals = cls.env["vip.risk.signal"].create(
            [
                {
                    "partner_id": partner.id,
                    "type_id": cls.env.ref(f"vip_retention.risk_{code}").id,
                    "colour": colour,
                }
                for code, colour in (("port_query", False), ("pulse", "red"))
            ]
        )
        cases["watched"].write(
            {"state": "watch", "watch_from": "2025-11-01", "watch_until": "2025-12-01"}
        )
        return {
            "vip.departure": cases["case"].departure_id,
            "vip.retention.case": cases["case"],
            "vip.retention.proposal": waiting,
            "vip.retention.log": cases["case"].log_ids[:1],
            "vip.retention.report": cls.env["vip.retention.report"].search(
                [("case_id", "=", cases["case"].id)], limit=1
            ),
            "vip.risk.signal": signals[0],
            "silent case": cases["silent"],
            "case to do": cases["to do"],
            "watched case": cases["watched"],
        }

    @classmethod
    def _look_after(cls, reach, *args):
        result = super()._look_after(reach, *args)
        if reach != "own":  # the last one of its company
            customers = {"far": ("own", "far")}.get(reach, (reach,))
            cls._end_months(customers)
            cls._assess_branches(customers)
        return result

    @classmethod
    def _end_months(cls, customers):
        """Month ends of the company: a frozen quarter whose last month was reopened once, a frozen one, one
        with figures, and an empty one. Each customer has a row of his own in the report, by his account
        manager."""
        cls.env.flush_all()
        months = cls.env["vip.kpi.month"].create(
            [{"month": f"2025-{month}-01"} for month in ("07", "08", "09", "10", "11", "12")]
        )
        *quarter, frozen, computed, empty = months
        reopened = quarter[-1]
        (months - empty).action_compute()
        for month in quarter:
            month.action_freeze()
        reopening = cls.env["vip.kpi.reopening"]._log(reopened, "Mistake")
        frozen.action_freeze()
        running = cls.env["vip.kpi.month"].create({"month": "2026-03-01"})
        running.action_compute()
        for name in customers:
            partner = cls.book[name]["res.partner"]
            fact = cls.env["vip.kpi.fact"].search(
                [("month_id", "=", running.id), ("partner_id", "=", partner.id)]
            )
            cls.book[name] |= {
                "vip.kpi.month": computed,
                "frozen month": frozen,
                "empty month": empty,
                "vip.kpi.reopening": reopening,
                "vip.kpi.fact": fact,
                "vip.kpi.report": cls.env["vip.kpi.report"].search(
                    [("month_id", "=", running.id), ("manager_id", "=", fact.manager_id.id)]
                ),
            }

            cls.book[name] |= cls._monthly_reports(fact, frozen, computed, running)

    @classmethod
    def _monthly_reports(cls, fact, frozen, computed, running):
        """Reports of the customer's branch: one that is being written, one that was handed up and can be
        received, and a received one in which his account manager has figures. The rival has no branches,
        and gets one."""
        team = fact.team_id or cls.env["crm.team"].create(
            {"name": "Branch", "company_id": cls.company.id, "user_id": False}
        )
        draft, submitted, received = cls.env["vip.monthly.report"].create(
            [
                {"team_id": team.id, "month_id": month.id, "conclusions": "<p>None</p>"}
                for month in (computed, frozen, running)
            ]
        )
        submitted.state = "submitted"
        received.state = "received"
        return {
            "vip.monthly.report": received,
            "draft report": draft,
            "submitted report": submitted,
        }

    @classmethod
    def _assess_branches(cls, customers):
        """Assessments of each customer's branch: a reviewed, a self-assessed, and a draft, which could be
        submitted. Who works in the branch reads the reviewed one; nobody works in the county's."""
        assessments = cls.env["vip.assessment"]
        for name in customers:
            team = {"own": cls.city, "far": cls.county}.get(name) or cls.env["crm.team"].create(
                {"name": "Rival branch", "company_id": cls.company.id}
            )
            reviewed, submitted, draft = assessments.create(
                [
                    {"team_id": team.id, "quarter": f"2025-{month}-01"}
                    for month in ("04", "07", "10")
                ]
            )
            for assessment in (reviewed, submitted, draft):
                assessment.answer_ids.write({"self_answer": "yes", "evidence": "Seen"})
            (reviewed | submitted).action_submit()
            reviewed.write(
                {
                    "state": "reviewed",
                    "reviewed_by": cls.users["boss"].id,
                    "reviewed_at": "2026-03-10 02:00:00",
                }
            )
            cls.book[name] |= {
                "vip.assessment": reviewed,
                "vip.assessment.line": reviewed.line_ids[0],
                "vip.assessment.answer": reviewed.answer_ids[0],
                "submitted assessment": submitted,
                "draft assessment": draft,
            }

    @classmethod
    def _fill_catalogue(cls):
        cls.env["vip.retention.reason"].create({"name": "Dissatisfied", "code": "TEST_REASON"})
        cls.env["vip.retention.offer"].create({"name": "Better plan", "code": "TEST_OFFER"})
        cls.env["vip.customer.type"].create(
            {"name": "Calm", "code": "test", "technique": "Listen", "guidance": "Let him speak."}
        )
        cls.env["vip.risk.signal.type"].create({"name": "Moved house", "code": "test"})
