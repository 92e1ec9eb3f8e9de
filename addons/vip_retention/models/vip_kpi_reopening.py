from odoo import api, fields, models

from odoo.addons.vip_customer.unchecked_many2one import UncheckedMany2one

from ..tools import kpi_sql

# groups that the difference names
NAMED = 50


class VipKpiReopening(models.Model):
    """Who opened a frozen month again, when and why, with the figures that were frozen until then."""

    _name = "vip.kpi.reopening"
    _description = "Reopening of a month"
    _inherit = ["vip.evidence.mixin", "vip.guarded.mixin"]
    _log_access = False
    _order = "id desc"
    _rec_name = "date"

    month_id = fields.Many2one(
        "vip.kpi.month", required=True, readonly=True, ondelete="restrict", index=True
    )
    company_id = UncheckedMany2one("res.company", required=True, readonly=True)
    date = fields.Datetime(required=True, readonly=True, string="When")
    user_id = UncheckedMany2one("res.users", required=True, readonly=True, string="Who")
    reason = fields.Char(required=True, readonly=True)
    frozen_at = fields.Datetime(readonly=True, string="Frozen on")
    frozen_by = UncheckedMany2one("res.users", readonly=True, string="Frozen by")
    # owners as "manager,team,tier" -> what of their figures was not 0
    figures = fields.Json(readonly=True)
    difference = fields.Text(
        compute="_compute_difference",
        compute_sudo=True,
        help="What the month said when it was frozen, and what it says now.",
    )

    _protected = models.Constraint(
        "CHECK (reason IS NOT NULL)",
        "Why a month was reopened is evidence: it is neither changed nor deleted.",
    )

    @api.model
    def _log(self, month, reason):
        """Keep what a frozen month says, before it is opened again; run as superuser."""
        return self.create(
            {
                "month_id": month.id,
                "company_id": month.company_id.id,
                "date": fields.Datetime.now(),
                "user_id": self.env.uid,
                "reason": reason,
                "frozen_at": month.frozen_at,
                "frozen_by": month.frozen_by.id,
                "figures": self._figures_of(month),
            }
        )

    @api.model
    def _figures_of(self, month):
        rows = self.env["vip.kpi.report"].search([("month_id", "=", month.id)])
        return {
            f"{row.manager_id.id or 0},{row.team_id.id or 0},{row.tier_id.id or 0}": {
                name: row[name] for name in self._compared() if row[name]
            }
            for row in rows
        }

    @api.model
    def _compared(self):
        return (*kpi_sql.SPREAD, *kpi_sql.LAST)

    @api.depends("figures", "month_id")
    def _compute_difference(self):
        labels = {
            name: self.env["vip.kpi.report"]._fields[name]._description_string(self.env)
            for name in self._compared()
        }
        now = {month: self._figures_of(month) for month in self.month_id}
        for reopening in self:
            before, after = reopening.figures or {}, now[reopening.month_id]
            lines = []
            for owners in sorted(before.keys() | after.keys()):
                changes = self._changes(labels, before.get(owners, {}), after.get(owners, {}))
                if changes:
                    lines.append(
                        self.env._(
                            "%(group)s: %(changes)s",
                            group=self._group_name(owners),
                            changes=", ".join(changes),
                        )
                    )
            if len(lines) > NAMED:
                lines[NAMED:] = [self.env._("… and %s more", len(lines) - NAMED)]
            reopening.difference = "\n".join(lines) or self.env._("No difference")

    @api.model
    def _changes(self, labels, before, after):
        changes = []
        for name, label in labels.items():
            old, new = (round(figures.get(name, 0), 2) for figures in (before, after))
            if old != new:
                changes.append(
                    self.env._("%(figure)s %(old)s → %(new)s", figure=label, old=old, new=new)
                )
        return changes

    @api.model
    def _group_name(self, owners):
        manager, team, tier = (int(part) for part in owners.split(","))
        names = (
            self.env["crm.team"].browse(team or []).name,
            self.env["res.users"].browse(manager or []).name,
            self.env["vip.tier"].browse(tier or []).name,
        )
        return ", ".join(name for name in names if name)

    def _refusal_by_hand(self):
        return self.env._("A month is reopened with its button, which asks for the reason.")

    def _refusal(self):
        return self.env._(
            "Why a month was reopened is evidence: it is neither changed nor deleted."
        )
