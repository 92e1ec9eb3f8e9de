from odoo import api, fields, models
from odoo.exceptions import ValidationError


class VipRetentionReason(models.Model):
    """Why a customer wants to leave: a tree of two levels, of which the lower one is chosen in a talk.

    ``asks_detail`` says what the agent writes down besides (which competitor, where the coverage is bad).
    ``ends_offers`` is for reasons after which nobody offers anything: the customer has died.
    """

    _name = "vip.retention.reason"
    _description = "Reason for leaving"
    _parent_store = True
    _order = "sequence, id"
    _rec_name = "complete_name"
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    complete_name = fields.Char(
        compute="_compute_complete_name", recursive=True, string="Reason for leaving"
    )
    parent_id = fields.Many2one(
        "vip.retention.reason", string="Kind of reason", ondelete="restrict", index=True
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("vip.retention.reason", "parent_id", string="Reasons")
    sequence = fields.Integer(default=10)
    asks_detail = fields.Char(
        translate=True,
        string="Ask",
        help="What to write down besides, for example which competitor. Empty: nothing.",
    )
    ends_offers = fields.Boolean(
        help="Nothing is offered any more, and a note of condolence stands where the offers were."
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint("UNIQUE (code)", "Another reason has this code already.")

    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for reason in self:
            parent = reason.parent_id.complete_name
            reason.complete_name = f"{parent} / {reason.name}" if parent else reason.name

    @api.constrains("parent_id")
    def _check_parent(self):
        if self._has_cycle():
            raise ValidationError(self.env._("A reason cannot be a part of itself."))
