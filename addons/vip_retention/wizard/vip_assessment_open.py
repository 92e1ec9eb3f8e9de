from odoo import fields, models


class VipAssessmentOpen(models.TransientModel):
    """Opens the assessments of all branches of a quarter."""

    _name = "vip.assessment.open"
    _description = "Assess all branches"
    _inherit = "vip.guarded.mixin"

    quarter = fields.Date(
        required=True,
        default=lambda self: self.env["vip.assessment"]._last_quarter(self.env.company),
        help="Any day of the quarter.",
    )
    scheme_id = fields.Many2one(
        "vip.assessment.scheme",
        required=True,
        default=lambda self: self.env["vip.assessment"]._default_scheme(),
    )

    def action_confirm(self):
        """Add what is missing, and show all assessments of the quarter.

        :raise AccessError: the caller is no manager
        :raise UserError: as ``vip.assessment._open``
        """
        self._require_one()
        assessments = self.env["vip.assessment"]
        assessments.check_access("create")
        found = assessments._open(self.env.company, self.quarter, self.scheme_id)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "vip_retention.vip_assessment_action"
        )
        return {
            **action,
            "name": assessments._quarter_name(found[0].quarter),
            "domain": [("id", "in", sorted(found.ids))],
            "context": {},
        }
