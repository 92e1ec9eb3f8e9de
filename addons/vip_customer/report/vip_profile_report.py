from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import profile_sql
from ..tools.profile import KNOWN, MISSING, OUTDATED


class VipProfileReport(models.Model):
    """What account managers collected: a row for each customer with a tier and item that is asked of him.

    ``coverage`` is the share of the rows that are known and not too old, of whatever group; answers that are
    chosen show their distribution, what is told in words does not leave the profile. Tier, manager and
    branch are today's.
    """

    _name = "vip.profile.report"
    _description = "What is known of customers"
    _auto = False
    _rec_name = "type_id"
    _order = "partner_id, type_id"
    _depends = {
        "vip.preference": ["type_id", "option_id", "date"],
        "vip.preference.type": ["weight", "active", "tier_ids", "code"],
        "vip.membership": ["tier_id", "birthday", "manager_id", "team_id"],
    }

    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    tier_id = fields.Many2one("vip.tier", readonly=True)
    manager_id = fields.Many2one("res.users", string="Account manager", readonly=True)
    team_id = fields.Many2one("crm.team", string="Branch", readonly=True)
    type_id = fields.Many2one("vip.preference.type", string="Item", readonly=True)
    state = fields.Selection(
        [(KNOWN, "Known"), (OUTDATED, "Outdated"), (MISSING, "Missing")], readonly=True
    )
    option_id = fields.Many2one("vip.preference.option", string="Answer", readonly=True)
    told_on = fields.Date(readonly=True, string="Told on")
    weight = fields.Integer(readonly=True)
    known = fields.Integer(readonly=True)
    outdated = fields.Integer(readonly=True)
    missing = fields.Integer(readonly=True)
    coverage = fields.Float(readonly=True, aggregator="avg", string="Share known")

    @property
    def _table_query(self):
        # rules on the report say whose rows are read; today is nobody's secret
        companies = self.env["res.company"].sudo().search(Domain.TRUE)
        days = [(company.id, company._vip_today()) for company in companies]
        return SQL(
            """
            SELECT i.membership_id::bigint * (SELECT max(id) + 1 FROM vip_preference_type)
                       + i.type_id AS id,
                   m.partner_id, m.company_id, m.tier_id, m.manager_id, m.team_id, i.type_id, i.state,
                   i.option_id, i.told_on, i.weight,
                   (i.state = 'known')::int AS known,
                   (i.state = 'outdated')::int AS outdated,
                   (i.state = 'missing')::int AS missing,
                   (i.state = 'known')::int::float AS coverage
              FROM (%s) i
              JOIN vip_membership m ON m.id = i.membership_id
            """,
            profile_sql.items(days),
        )
