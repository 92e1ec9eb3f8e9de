from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import assessment

ANSWERS = [
    (assessment.YES, "Yes"),
    (assessment.PARTLY, "Partly"),
    (assessment.NO, "No"),
]
OF_BRANCH = {"self_answer", "evidence", "evidence_file", "evidence_filename"}
OF_REVIEW = {"review_answer", "remark"}


class VipAssessmentAnswer(models.Model):
    """One item of the checklist in an assessment: what the branch says and shows, and what the reviewer says.

    The branch answers while the assessment is a draft, the reviewer while it is self-assessed; nobody
    afterwards. The reviewer's answer begins as the branch's; where it differs, he says why.
    """

    _name = "vip.assessment.answer"
    _description = "Answer to a checklist item"
    _inherit = "vip.guarded.mixin"
    _order = "assessment_id, sequence, id"
    _rec_name = "item_id"
    _guarded_fields = frozenset({"assessment_id", "item_id", "company_id", "part", "sequence"})

    assessment_id = fields.Many2one(
        "vip.assessment", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="assessment_id.company_id", store=True)
    state = fields.Selection(related="assessment_id.state")
    item_id = fields.Many2one(
        "vip.assessment.item", required=True, readonly=True, ondelete="restrict", string="Item"
    )
    part = fields.Selection(related="item_id.part", store=True)
    sequence = fields.Integer(related="item_id.sequence", store=True)
    item_points = fields.Float(related="item_id.points", string="Full points")
    # the branch
    self_answer = fields.Selection(ANSWERS, string="Self-assessment")
    evidence = fields.Text(help="Where it can be seen: a note, or a file.")
    evidence_file = fields.Binary(attachment=True, string="File")
    evidence_filename = fields.Char(string="File name")
    # the reviewer
    review_answer = fields.Selection(ANSWERS, string="Review")
    remark = fields.Char(help="Why the review differs.")
    points = fields.Float(compute="_compute_points", digits=(16, 1), string="Points earned")

    _item_uniq = models.Constraint(
        "UNIQUE (assessment_id, item_id)", "An assessment answers an item once."
    )

    @api.depends("self_answer", "review_answer", "item_id.points")
    def _compute_points(self):
        for answer in self:
            share = assessment.SHARES.get(answer._answer())
            answer.points = (share or 0.0) * answer.item_points

    def _answer(self):
        """The answer that counts: the review's, the branch's until there is one."""
        return self.review_answer or self.self_answer or None

    @api.depends("item_id")
    def _compute_display_name(self):
        for answer in self:
            answer.display_name = answer.item_id.name

    def _has_evidence(self):
        if self.evidence and self.evidence.strip():
            return True
        return bool(self.with_context(bin_size=True).evidence_file)  # without reading it

    def _label(self, answer):
        return dict(self._fields["self_answer"]._description_selection(self.env))[answer]

    def write(self, vals):
        self.assessment_id._check_not_reviewed()
        if not self.env.su:
            self._check_answerable(vals)
        result = super().write(vals)
        if vals.keys() & {"self_answer", "review_answer"}:
            # the results are no user's to write
            self.assessment_id.sudo()._score()
        return result

    def _check_answerable(self, vals):
        for answer in self:
            if vals.keys() & OF_BRANCH and answer.state != "draft":
                raise UserError(
                    self.env._(
                        "“%s” is self-assessed, and its self-assessment stays as it is. A manager can give "
                        "it back to the branch.",
                        answer.assessment_id.display_name,
                    )
                )
            if vals.keys() & OF_REVIEW:
                answer.assessment_id._check_reviewer()
                if answer.state != "submitted":
                    raise UserError(
                        self.env._(
                            "“%s” is reviewed once the branch has submitted its self-assessment.",
                            answer.assessment_id.display_name,
                        )
                    )
