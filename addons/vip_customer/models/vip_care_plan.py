from odoo import fields, models


class VipCarePlan(models.Model):
    """What the programme promises the customers of one tier: how often they are contacted, how, and on
    which occasions."""

    _name = "vip.care.plan"
    _description = "Care plan"
    _order = "tier_id desc, id"

    name = fields.Char(required=True, translate=True)
    tier_id = fields.Many2one("vip.tier", required=True, ondelete="restrict", index=True)
    active = fields.Boolean(default=True)
    longest_interval = fields.Integer(
        default=90,
        required=True,
        string="No contact longer than",
        help="Days without a contact that counts after which a customer is no longer called reached.",
    )
    step_ids = fields.One2many("vip.care.step", "plan_id", string="Steps", copy=True)
    touches_a_year = fields.Integer(compute="_compute_touches_a_year", string="Touches a year")

    _tier_uniq = models.UniqueIndex(
        "(tier_id) WHERE active IS TRUE",
        "This tier has a care plan already; archive that one first.",
    )
    _interval_positive = models.Constraint(
        "CHECK (longest_interval > 0)", "The longest interval is a number of days above zero."
    )

    def _compute_touches_a_year(self):
        counts = dict(
            self.env["vip.care.step"]._read_group(
                [("plan_id", "in", self.ids), ("kind", "=", "regular")], ["plan_id"], ["times:sum"]
            )
        )
        for plan in self:
            plan.touches_a_year = counts.get(plan, 0)
