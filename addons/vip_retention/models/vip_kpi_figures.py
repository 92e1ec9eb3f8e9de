from odoo import fields, models
from odoo.tools import SQL

from odoo.addons.vip_customer.unchecked_many2one import UncheckedMany2one


class VipKpiFigures(models.AbstractModel):
    """The figures of a month that add up, and rows that stay as they are once their month is frozen.

    Rows are written by ``vip.kpi.month`` only, with SQL. Nobody creates, changes or deletes one; of a frozen
    month, not with SQL either: triggers look at the months of all rows of a statement at once, because a
    month has a million of them. They name the constraint ``protected``, which each model declares.
    """

    _name = "vip.kpi.figures"
    _description = "Month-end figures"
    _inherit = ["vip.evidence.mixin", "vip.guarded.mixin"]
    _log_access = False

    month_id = UncheckedMany2one("vip.kpi.month", required=True, readonly=True, string="Month end")
    month = fields.Date(required=True, readonly=True)
    company_id = UncheckedMany2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    # who has what happened
    manager_id = UncheckedMany2one("res.users", readonly=True, string="Account manager")
    team_id = UncheckedMany2one("crm.team", readonly=True, string="Branch")
    tier_id = UncheckedMany2one("vip.tier", readonly=True, string="Tier")
    # customers
    opening = fields.Integer(
        readonly=True,
        help="Customers counted on the last day of the month before. Over several months: "
        "customer-months.",
    )
    joined = fields.Integer(readonly=True, help="Counted in the month, and not when it began.")
    moved_in = fields.Integer(
        readonly=True,
        string="Moved in",
        help="From another manager, branch or tier; cancels with “Moved out” in a group of both.",
    )
    moved_out = fields.Integer(readonly=True, string="Moved out")
    churned_scheduled = fields.Integer(
        readonly=True, string="Churned, scheduled", help="Ported-out numbers included."
    )
    churned_port_out = fields.Integer(readonly=True, string="Of these ported out")
    churned_arrears = fields.Integer(readonly=True, string="Churned, arrears")
    left_tier = fields.Integer(
        readonly=True, string="Left tier", help="Without a tier now, and still with an open number."
    )
    left_closed = fields.Integer(
        readonly=True,
        string="Left, then closed",
        help="Customers whose last number closed within 60 days of leaving their tier, by the month in which "
        "it closed. Who left in that month too is churned as well; the others are counted nowhere else.",
    )
    closing = fields.Integer(
        readonly=True,
        help="Customers counted on the last day of the month. Over several months: customer-months.",
    )
    numbers_closed = fields.Integer(readonly=True, string="Numbers closed")
    # what was done
    contacts_due = fields.Integer(readonly=True, string="Contacts due")
    contacts_done = fields.Integer(readonly=True, string="Contacts done")
    contacts_judged = fields.Integer(
        readonly=True,
        string="Contacts judged",
        help="Due in the month, and done, or due for 7 days at its end.",
    )
    contacts_on_time = fields.Integer(readonly=True, string="Contacts on time")
    reached = fields.Integer(
        readonly=True,
        string="Customers reached",
        help="Contacted within the longest interval of their tier.",
    )
    requests_due = fields.Integer(readonly=True, string="Requests due")
    requests_on_time = fields.Integer(readonly=True, string="Requests on time")
    requests_paused = fields.Integer(
        readonly=True, string="Requests paused", help="At the end of the month; in no rate."
    )
    ratings = fields.Integer(readonly=True)
    ratings_good = fields.Integer(readonly=True, string="Ratings of 4 and 5")
    redemptions = fields.Integer(readonly=True)
    # retention
    cases_saved = fields.Integer(readonly=True, string="Saved")
    cases_decided = fields.Integer(
        readonly=True,
        string="Cases decided",
        help="Saved, lost after all, not saved, and never answered.",
    )
    cases_withdrawn = fields.Integer(
        readonly=True, string="Requests taken back", help="In no rate."
    )
    cases_open = fields.Integer(
        readonly=True,
        string="Cases open",
        help="At the end of the month, watch included; in no rate.",
    )
    cases_at_risk = fields.Integer(
        readonly=True, string="Cases by risk alone", help="Closed in the month; in no rate."
    )
    cases_offered = fields.Integer(readonly=True, string="Cases with an offer")
    cases_accepted = fields.Integer(readonly=True, string="Cases with an accepted offer")
    # new services, benefits, profile
    vas_users = fields.Integer(readonly=True, string="Users of new services")
    vas_taken_up = fields.Integer(readonly=True, string="New services taken up")
    profile_known = fields.Integer(readonly=True, string="Profile known")
    profile_asked = fields.Integer(readonly=True, string="Profile asked")
    # money
    spend = fields.Monetary(readonly=True, string="Billed")
    redemption_value = fields.Monetary(readonly=True, string="Value of redemptions")
    cases_cost = fields.Monetary(readonly=True, string="Cost of accepted offers")
    benefit_used = fields.Monetary(readonly=True, string="Benefits used")
    benefit_granted = fields.Monetary(readonly=True, string="Benefits granted")

    def _protect(self):
        names = self._protection_names()
        self.env.cr.execute(
            SQL(
                """
                CREATE OR REPLACE FUNCTION %(function)s() RETURNS trigger AS $$
                BEGIN
                    IF TG_OP = 'TRUNCATE' THEN
                        PERFORM FROM vip_kpi_month WHERE state = 'frozen';
                    ELSE
                        PERFORM FROM (SELECT DISTINCT month_id FROM touched) r
                                JOIN vip_kpi_month m ON m.id = r.month_id AND m.state = 'frozen';
                    END IF;
                    IF FOUND THEN
                        RAISE EXCEPTION '%% is protected: %% refused', TG_TABLE_NAME, TG_OP
                        USING ERRCODE = 'integrity_constraint_violation',
                              TABLE = TG_TABLE_NAME, CONSTRAINT = TG_TABLE_NAME || '_protected';
                    END IF;
                    RETURN NULL;
                END $$ LANGUAGE plpgsql;

                CREATE OR REPLACE TRIGGER %(insert)s AFTER INSERT ON %(table)s
                    REFERENCING NEW TABLE AS touched
                    FOR EACH STATEMENT EXECUTE FUNCTION %(function)s();
                CREATE OR REPLACE TRIGGER %(row)s AFTER UPDATE ON %(table)s
                    REFERENCING OLD TABLE AS touched
                    FOR EACH STATEMENT EXECUTE FUNCTION %(function)s();
                CREATE OR REPLACE TRIGGER %(moved)s AFTER UPDATE ON %(table)s
                    REFERENCING NEW TABLE AS touched
                    FOR EACH STATEMENT EXECUTE FUNCTION %(function)s();
                CREATE OR REPLACE TRIGGER %(delete)s AFTER DELETE ON %(table)s
                    REFERENCING OLD TABLE AS touched
                    FOR EACH STATEMENT EXECUTE FUNCTION %(function)s();
                CREATE OR REPLACE TRIGGER %(truncate)s BEFORE TRUNCATE ON %(table)s
                    EXECUTE FUNCTION %(function)s();
                """,
                insert=SQL.identifier(f"{self._table}_protect_insert"),
                moved=SQL.identifier(f"{self._table}_protect_moved"),
                **names,
            )
        )
