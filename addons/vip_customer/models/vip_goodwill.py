from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class VipGoodwill(models.Model):
    """One goodwill grant, or withdrawal (negative), and its reason: the sum of a customer's entries is
    the goodwill of his entitlement.

    Written by ``vip.entitlement`` only and never changed: ``create`` is for the superuser, ``write`` and
    ``unlink`` always refuse. Triggers refuse the same to raw SQL, naming the constraint ``protected``.
    """

    _name = "vip.goodwill"
    _description = "Goodwill entry"
    _order = "id desc"
    _inherit = "vip.guarded.mixin"
    _log_access = False
    _guarded_fields = frozenset(
        {
            "entitlement_id",
            "partner_id",
            "company_id",
            "quantity",
            "kind",
            "reason",
            "user_id",
            "date",
        }
    )
    _rec_name = "entitlement_id"

    entitlement_id = fields.Many2one(
        "vip.entitlement", required=True, ondelete="restrict", readonly=True, index=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        ondelete="restrict",
        readonly=True,
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, ondelete="restrict", readonly=True)
    benefit_id = fields.Many2one(related="entitlement_id.benefit_id")
    quantity = fields.Integer(required=True, readonly=True)
    kind = fields.Selection(
        [("manual", "By hand"), ("rise", "Tier raised or entered again")],
        default="manual",
        required=True,
        readonly=True,
    )
    reason = fields.Text(readonly=True)
    user_id = fields.Many2one("res.users", readonly=True, ondelete="restrict", string="Given by")
    date = fields.Date(required=True, readonly=True)

    _reason_given = models.Constraint(
        "CHECK (kind = 'rise' OR reason IS NOT NULL)", "Goodwill needs a reason."
    )

    _protected = models.Constraint(
        "CHECK (quantity <> 0)",
        "Goodwill entries are evidence: withdraw goodwill instead of changing them.",
    )

    def init(self):
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION vip_goodwill_refuse() RETURNS trigger AS $$
            BEGIN
                RAISE EXCEPTION 'vip_goodwill is protected: % refused', TG_OP
                USING ERRCODE = 'integrity_constraint_violation',
                      TABLE = 'vip_goodwill', CONSTRAINT = 'vip_goodwill_protected';
            END $$ LANGUAGE plpgsql;

            CREATE OR REPLACE TRIGGER vip_goodwill_protect_row
                BEFORE UPDATE OR DELETE ON vip_goodwill FOR EACH ROW
                EXECUTE FUNCTION vip_goodwill_refuse();
            CREATE OR REPLACE TRIGGER vip_goodwill_protect_truncate
                BEFORE TRUNCATE ON vip_goodwill
                EXECUTE FUNCTION vip_goodwill_refuse();
            """
        )

    @api.model
    def _drop_protection(self):
        self.env.cr.execute("DROP FUNCTION IF EXISTS vip_goodwill_refuse() CASCADE")

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(
                self.env._("Goodwill entries are not written by hand: use “Goodwill”.")
            )
        return super().create(vals_list)

    def write(self, vals):  # pylint: disable=method-required-super
        self._refuse()

    def unlink(self):  # pylint: disable=method-required-super,no-raise-unlink
        self._refuse()

    def _refuse(self):
        # the message of ``protected`` once more: only a literal is exported as a sentence of the code
        raise UserError(
            self.env._("Goodwill entries are evidence: withdraw goodwill instead of changing them.")
        )
