from odoo import fields, models

from odoo.addons.vip_customer.unchecked_many2one import UncheckedMany2one

REFUSED = "refused"
STEPS = [
    ("opened", "Opened"),
    ("joined", "Another request joined"),
    ("taken", "Taken over"),
    ("reason", "Reason heard"),
    ("proposed", "Offer proposed"),
    ("approved", "Offer approved"),
    ("rejected", "Offer not approved"),
    ("passed_on", "Approval passed on"),
    ("declined", "Offer refused"),
    ("accepted", "Offer accepted"),
    ("done", "Promise kept"),
    ("not_kept", "Promise cannot be kept"),
    ("considering", "Customer considers"),
    ("dispatched", "Dispatched"),
    ("handed_over", "Handed over with the customer"),
    ("contacted", "Contact noted"),
    (REFUSED, "Final refusal"),
    ("moved", "Closing date changed"),
    ("withdrawn", "Request taken back"),
    ("departure", "Departure"),
    ("saved", "Saved"),
    ("lost", "Lost after all"),
    ("no_answer", "No answer"),
    ("analysis", "Analysis"),
]
# By which an open case came where it is.
MOVING = ("opened", "reason", "proposed", "accepted", "done", "not_kept", "considering")


class VipRetentionLog(models.Model):
    """Date, person and content of every step of a case, as evidence: what was offered to a customer who
    wanted to leave, and how his answer was treated.

    A row names its case without a foreign key. The final refusal is written here first: checking a key
    would let it wait for whoever works on the case at that moment.
    """

    _name = "vip.retention.log"
    _description = "Step of a retention case"
    _inherit = ["vip.evidence.mixin", "vip.guarded.mixin"]
    _log_access = False
    _order = "id"
    _rec_name = "step"
    _guarded_fields = frozenset(
        {"case_id", "partner_id", "company_id", "date", "user_id", "step", "content"}
    )

    case_id = UncheckedMany2one("vip.retention.case", required=True, readonly=True, index=True)
    partner_id = UncheckedMany2one("res.partner", string="Customer", required=True, readonly=True)
    company_id = UncheckedMany2one("res.company", required=True, readonly=True)
    date = fields.Datetime(required=True, readonly=True, string="When")
    user_id = UncheckedMany2one("res.users", required=True, readonly=True, string="Who")
    step = fields.Selection(STEPS, required=True, readonly=True, string="What")
    content = fields.Text(readonly=True)

    _protected = models.Constraint(
        "CHECK (step IS NOT NULL)",
        "The log of a retention case is evidence: it is neither changed nor deleted.",
    )
    _refused_idx = models.Index("(case_id) WHERE step = 'refused'")

    def _label(self):
        return dict(self._fields["step"]._description_selection(self.env)).get(self.step, "")

    def _refusal_by_hand(self):
        return self.env._("The log of a retention case writes itself: use the buttons of the case.")

    def _refusal(self):
        return self.env._(
            "The log of a retention case is evidence: it is neither changed nor deleted."
        )
