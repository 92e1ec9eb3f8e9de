from odoo import api, models


class VipManagerAssignment(models.Model):
    """Cases of who wants to leave go with the customer, and their tasks with them."""

    _inherit = "vip.manager.assignment"

    @api.model
    def _after_manager_changes(self):
        result = super()._after_manager_changes()
        self.env["vip.retention.case"]._follow_manager_changes()
        return result

    @api.model
    def _models_with_activities(self):
        return [*super()._models_with_activities(), "vip.retention.case"]
