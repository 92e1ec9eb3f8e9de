"""What the tests of assessments share: months with figures as given, and self-assessed branches.

Today is Tuesday 2026-03-10, the last quarter is the fourth of 2025. The city branch is led by ``lead``,
nobody leads the county.
"""

from odoo.tools import SQL

from .test_kpi_month import KpiCase

QUARTER = ("2025-10-01", "2025-11-01", "2025-12-01")


class AssessmentCase(KpiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Assessment = cls.env["vip.assessment"]
        cls.Target = cls.env["vip.kpi.target"]
        cls.scheme = cls.env.ref("vip_retention.assessment_scheme_standard")

    @classmethod
    def _write_month(cls, day, *rows, state="frozen"):
        """A month end whose report says what is given.

        :param rows: (branch, tier, account manager, figures)
        """
        month = cls.env["vip.kpi.month"].search(
            [("month", "=", day), ("company_id", "=", cls.company.id)]
        ) or cls.env["vip.kpi.month"].create({"month": day})
        for team, tier, manager, figures in rows:
            values = {
                "month_id": month.id,
                "month": day,
                "company_id": cls.company.id,
                "team_id": team.id,
                "tier_id": tier.id,
                "manager_id": cls.users[manager].id,
                # sums that the month end writes for every row
                "opening": 0,
                "closing": 0,
                **figures,
            }
            weight = {cls.diamond: 3, cls.gold: 1.5, cls.silver: 1}[tier]
            values["closing_weighted"] = weight * values["closing"]
            cls.env.cr.execute(
                SQL(
                    "INSERT INTO vip_kpi_report (%s) VALUES %s",
                    SQL(", ").join(SQL.identifier(name) for name in values),
                    tuple(values.values()),
                )
            )
        if state == "frozen" and month.state != "frozen":
            month.write(
                {
                    "state": state,
                    "computed_at": "2026-03-01",
                    "frozen_at": "2026-03-01",
                    "frozen_by": cls.users["boss"].id,
                }
            )
        cls.env.invalidate_all()
        return month

    @classmethod
    def _freeze_quarter(cls, *rows):
        """The last quarter, frozen, with these rows in its last month."""
        for day in QUARTER:
            cls._write_month(day, *(rows if day == QUARTER[-1] else ()))

    @classmethod
    def _assess(cls, team=None, day="2025-10-01", user="boss", **values):
        return cls.Assessment.with_user(cls.users[user]).create(
            {"team_id": (team or cls.city).id, "quarter": day, **values}
        )

    @classmethod
    def _answered(cls, assessment, user="lead", **answers):
        """Answer everything with yes and a note, but the items that are named by their external id."""
        mine = assessment.with_user(cls.users[user])
        mine.answer_ids.write({"self_answer": "yes", "evidence": "Seen on the wall"})
        for name, answer in answers.items():
            cls._answer(mine, name).self_answer = answer
        return mine

    @classmethod
    def _answer(cls, assessment, name):
        item = cls.env.ref(f"vip_retention.assessment_item_{name}")
        return assessment.answer_ids.filtered(lambda answer: answer.item_id == item)

    @classmethod
    def _submitted(cls, assessment=None, user="lead", **answers):
        mine = cls._answered(assessment or cls._assess(), user, **answers)
        mine.action_submit()
        return mine.with_user(cls.users["boss"])

    @classmethod
    def _line(cls, assessment, name):
        """The line of a figure or of a part of the checklist."""
        return assessment.line_ids.filtered(lambda line: name in (line.figure, line.part))
