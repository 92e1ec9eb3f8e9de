from collections import defaultdict

from odoo import api, models

from ..tools import assessment
from .vip_kpi_report import RATES
from .vip_kpi_target import PER_MANAGER

NOTHING = assessment.Group(0.0, 0.0)


class VipAssessmentFigures(models.Model):
    """What branches reached in their quarters, and the points for it; run as superuser.

    A figure is the ratio of the sums of three months over the rows of the month-end report, tier by tier.
    What is divided by account managers is aimed at for all tiers at once: a manager has customers of several.
    """

    _name = "vip.assessment"
    _inherit = "vip.assessment"

    def _take_figures(self):
        """Write what the month-end report says now, against the targets of now, and the scores."""
        for company, records in self.grouped("company_id").items():
            reached = records._reached(company)
            goals = self.env["vip.kpi.target"]._goals(company)
            for line in records.line_ids:
                if line.figure:
                    of_branch = reached[line.team_id.id, line.quarter][line.figure]
                    line.write(self._measured(of_branch, goals.get(line.figure, {})))
        self._score()

    @api.model
    def _measured(self, of_branch, goals):
        """Values of a line.

        :param of_branch: tier id -> ``assessment.Group``
        :param goals: tier id, None for all tiers -> ``assessment.Goal``
        """
        whole = assessment.Group(
            sum(group.above for group in of_branch.values()),
            sum(group.below for group in of_branch.values()),
        )
        tiers = [
            (tier, whole if tier is None else of_branch.get(tier, NOTHING), goal)
            for tier, goal in goals.items()
        ]
        score = assessment.branch_score([(group, goal) for _tier, group, goal in tiers])
        return {
            "above": whole.above,
            "below": whole.below,
            "score": score,
            "is_scored": score is not None,
            "tiers": [
                {
                    "tier": tier or 0,
                    "above": group.above,
                    "below": group.below,
                    "target": goal.target,
                    "floor": goal.floor,
                    "score": assessment.score(group.figure, goal),
                }
                for tier, group, goal in tiers
            ],
        }

    def _score(self):
        """Write the scores of the checklist, and the result of all indicators."""
        for record in self:
            answers = record.answer_ids.grouped("part")
            scores = []
            for line in record.line_ids:
                score = None if line.score is False else line.score
                if line.part:
                    score = assessment.checklist_score(
                        [
                            (answer._answer(), answer.item_points)
                            for answer in answers.get(line.part, ())
                        ]
                    )
                    line.write({"score": score, "is_scored": score is not None})
                scores.append((line.weight, score))
            counted = assessment.spread(scores)
            for line, part in zip(record.line_ids, counted, strict=True):
                line.write({"counted_weight": part.weight, "points": part.points})
            total = assessment.total(scores)
            record.write({"score": total, "is_scored": total is not None})

    def _reached(self, company):
        """(branch id, quarter) -> figure -> tier id -> ``assessment.Group``; in two queries.

        :param company: that of all these assessments
        """
        figures = set(self.line_ids.mapped("figure")) - {False}
        ratios = sorted(figures & RATES.keys())
        sums = sorted({part for name in ratios for part in RATES[name]})
        days = [month for record in self for month in record._months()]
        within = [
            ("company_id", "=", company.id),
            ("team_id", "in", self.team_id.ids),
            ("month", ">=", min(days)),
            ("month", "<=", max(days)),
        ]
        report = self.env["vip.kpi.report"]
        result = defaultdict(lambda: defaultdict(dict))
        for team, tier, quarter, *values in report._read_group(
            within, ["team_id", "tier_id", "month:quarter"], [f"{name}:sum" for name in sums]
        ):
            of_group = dict(zip(sums, values, strict=True))
            for name in ratios:
                above, below = (float(of_group[part] or 0) for part in RATES[name])
                result[team.id, quarter][name][tier.id] = assessment.Group(above, below)
        if PER_MANAGER in figures:
            for team, quarter, customers, load in report._read_group(
                within, ["team_id", "month:quarter"], ["closing_weighted:sum", f"{PER_MANAGER}:avg"]
            ):
                # the report counts the managers; how many follows from both
                managers = round(customers / load) if load else 0
                group = assessment.Group(customers, float(managers))
                result[team.id, quarter][PER_MANAGER] = {None: group}
        return result
