from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ..tools.number_key import number_key
from .vip_guarded_mixin import require
from .vip_service_number import CLOSED

DEMONSTRATION, COUNTER, HOTLINE, IMPORT = "demonstration", "counter", "hotline", "import"
SHOWN, TAKEN_UP, ENDED = "shown", "taken_up", "ended"
DATES = ("shown_on", "taken_up_on", "ended_on")


class VipVasUse(models.Model):
    """A value-added service of one customer, on one of his numbers or beside them: when it was shown to
    him, when he took it up and when it ended.

    SPECIFICATION

    A use is open until it ended; of one customer, number and service there is one open use at most. What
    was shown and is taken up later is the same use, whoever notes it: noting it again fills in the day. A
    service that is shown once more before that counts as shown on the later day. The source stays that of
    the beginning, so that one sees what demonstrations lead to.

    A use belongs to who owned the number then: a change of owner leaves it with him. It counts as in use
    while it is open and its number is open and still his.

    The desk notes uses of every customer of the company, also on numbers that it may not read, and
    corrects none; demonstrations are noted by account managers, imports by the import alone.
    """

    _name = "vip.vas.use"
    _description = "Use of a value-added service"
    _inherit = "vip.customer.record"
    _order = "taken_up_on desc, shown_on desc, id desc"
    _scope_fields = frozenset({"partner_id", "number_id"})
    _guarded_fields = frozenset({"company_id", "state"})

    partner_id = fields.Many2one(index=False)  # the index for the import serves it
    vas_id = fields.Many2one(
        "vip.vas", string="Value-added service", required=True, ondelete="restrict", index=True
    )
    number_id = fields.Many2one(
        "vip.service.number",
        string="Service number",
        compute="_compute_number_id",
        store=True,
        precompute=True,
        readonly=False,
        domain="[('partner_id', '=', partner_id)]",
        ondelete="restrict",
        help="Empty for a customer without numbers. Who has only one open number has it on that one.",
    )
    number_given = fields.Char(
        string="Number as he gives it",
        store=False,
        help="Which of his numbers it is, in any spelling, where you cannot choose among them.",
    )
    shown_on = fields.Date(
        string="Shown on", help="The last day on which it was shown to him before he took it up."
    )
    taken_up_on = fields.Date(string="Taken up on", help="First day on which he has the service.")
    ended_on = fields.Date(string="Ended on", help="First day without the service.")
    source = fields.Selection(
        [
            (DEMONSTRATION, "Demonstration"),
            (COUNTER, "Counter"),
            (HOTLINE, "Hotline"),
            (IMPORT, "Import"),
        ],
        default=lambda self: self._default_source(),
        required=True,
        help="Where it began.",
    )
    state = fields.Selection(
        [(SHOWN, "Shown"), (TAKEN_UP, "Taken up"), (ENDED, "Ended")],
        compute="_compute_state",
        store=True,
        precompute=True,
    )
    is_in_use = fields.Boolean(
        compute="_compute_is_in_use",
        search="_search_is_in_use",
        compute_sudo=True,
        string="In use",
        help="Taken up and not ended, on a number that is open and still his.",
    )
    may_correct = fields.Boolean(compute="_compute_may_correct", string="May correct")
    membership_id = fields.Many2one(related="partner_id.vip_membership_id", related_sudo=False)
    # manager and branch of a customer are no secret inside
    manager_id = fields.Many2one(related="partner_id.vip_manager_id", related_sudo=True)
    team_id = fields.Many2one(related="partner_id.vip_team_id", related_sudo=True, string="Branch")

    # twice, because UNIQUE NULLS NOT DISTINCT needs PostgreSQL 15
    _open_uniq = models.UniqueIndex(
        "(number_id, vas_id, partner_id) WHERE number_id IS NOT NULL AND ended_on IS NULL",
        "This service is shown or taken up on this number already. Enter the day on that line.",
    )
    _open_plain_uniq = models.UniqueIndex(
        "(partner_id, vas_id) WHERE number_id IS NULL AND ended_on IS NULL",
        "This service is shown to this customer or taken up by him already. Enter the day on that "
        "line.",
    )
    # an import looks here for the use of each row, whatever PostgreSQL knows of the table
    _customer_idx = models.Index("(partner_id, vas_id, taken_up_on)")
    _taken_up_idx = models.Index("(company_id, taken_up_on)")

    # ------------------------------------------------------------
    # COMPUTES AND CONSTRAINTS
    # ------------------------------------------------------------

    @api.model
    def _default_source(self):
        is_manager = self.env.user.has_group("vip_customer.group_vip_user")
        return DEMONSTRATION if is_manager else COUNTER

    @api.depends("partner_id")
    def _compute_number_id(self):
        only = self._only_numbers(self.partner_id.ids)
        for use in self:
            use.number_id = only.get(use.partner_id._origin.id or use.partner_id.id)

    @api.model
    def _only_numbers(self, partner_ids):
        """dict partner id -> id of his open number, of those who have exactly one."""
        # the desk notes uses on numbers that it may not read
        groups = (
            self.env["vip.service.number"]
            .sudo()
            ._read_group(
                Domain("partner_id", "in", partner_ids)
                & Domain("state", "!=", CLOSED)
                & Domain("date_to", "=", False),
                ["partner_id"],
                ["id:array_agg"],
            )
        )
        return {partner.id: ids[0] for partner, ids in groups if len(ids) == 1}

    @api.depends(*DATES)
    def _compute_state(self):
        for use in self:
            use.state = ENDED if use.ended_on else TAKEN_UP if use.taken_up_on else SHOWN

    @api.depends("state", "number_id.state", "number_id.date_to")
    def _compute_is_in_use(self):
        for use in self:
            number = use.number_id
            use.is_in_use = use.state == TAKEN_UP and (not number or number._is_open())

    def _search_is_in_use(self, operator, value):
        if operator != "in":
            return NotImplemented
        is_open = Domain("state", "!=", CLOSED) & Domain("date_to", "=", False)
        # whether the number is open tells nobody the number
        return Domain("state", "=", TAKEN_UP) & (
            Domain("number_id", "=", False) | Domain("number_id", "any!", is_open)
        )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_may_correct(self):
        """Whether the user may write this use: its page is to be read only where he may not."""
        allowed = self.sudo(False)._filtered_access("write")
        for use in self:
            use.may_correct = use.id in allowed._ids

    @api.depends("vas_id", "partner_id")
    def _compute_display_name(self):
        for use in self:
            told = filter(None, (use.vas_id.name, use.partner_id.display_name))
            use.display_name = ", ".join(told)

    @api.constrains("vas_id", *DATES)
    def _check_dates(self):
        for use in self:
            terms = {"service": use.vas_id.name, "customer": use.partner_id.display_name}
            if not use.shown_on and not use.taken_up_on:
                raise ValidationError(
                    self.env._(
                        "“%(service)s” was neither shown to %(customer)s nor taken up by him. Enter at "
                        "least one of the two days.",
                        **terms,
                    )
                )
            if use.ended_on and not use.taken_up_on:
                raise ValidationError(
                    self.env._(
                        "“%(service)s” of %(customer)s cannot end on %(ended)s without having been "
                        "taken up. Enter the day on which he took it up, or leave the end empty.",
                        ended=format_date(self.env, use.ended_on),
                        **terms,
                    )
                )
            if use.ended_on and use.ended_on < use.taken_up_on:
                raise ValidationError(
                    self.env._(
                        "“%(service)s” of %(customer)s cannot end on %(ended)s, before it was taken up "
                        "on %(taken_up)s. Correct one of the two days.",
                        ended=format_date(self.env, use.ended_on),
                        taken_up=format_date(self.env, use.taken_up_on),
                        **terms,
                    )
                )

    @api.constrains(*DATES)
    def _check_not_in_future(self):
        for use in self:
            today = use.company_id._vip_today()
            for name in DATES:
                if use[name] and use[name] > today:
                    raise ValidationError(
                        self.env._(
                            "“%(field)s” of “%(service)s” of %(customer)s is %(day)s, which is still "
                            "to come. Note it when it has happened.",
                            field=self._fields[name]._description_string(self.env),
                            service=use.vas_id.name,
                            customer=use.partner_id.display_name,
                            day=format_date(self.env, use[name]),
                        )
                    )

    @api.constrains("partner_id", "number_id")
    def _check_number(self):
        for use in self:
            # a number that the writer may not read would have been refused before
            owner = use.number_id.sudo().partner_id
            if owner and owner != use.partner_id:
                raise ValidationError(
                    self.env._(
                        "The number %(number)s does not belong to %(customer)s but to %(owner)s. Choose "
                        "a number of the customer himself.",
                        number=use.number_id.display_name,
                        customer=use.partner_id.display_name,
                        owner=owner.display_name,
                    )
                )

    @api.constrains("partner_id", "number_id", "vas_id", "taken_up_on", "ended_on")
    def _check_overlap(self):
        domain = (
            Domain("partner_id", "in", self.partner_id.ids)
            & Domain("vas_id", "in", self.vas_id.ids)
            & Domain("taken_up_on", "!=", False)
        )
        # what is noted already counts also where the writer may not read it
        known = (
            self.sudo()
            .search(domain)
            .grouped(lambda use: (use.partner_id, use.number_id, use.vas_id))
        )
        for use in self.filtered("taken_up_on"):
            for other in known[use.partner_id, use.number_id, use.vas_id] - use:
                if use._overlaps(other):
                    raise ValidationError(
                        self.env._(
                            "%(customer)s has “%(service)s” since %(day)s already, and a service is "
                            "taken up once at a time. Correct that line, or the days of this one.",
                            customer=use.partner_id.display_name,
                            service=use.vas_id.name,
                            day=format_date(self.env, other.taken_up_on),
                        )
                    )

    def _overlaps(self, other):
        """Whether two uses were taken up at the same time; one may begin on the day the other ended."""
        return self.taken_up_on == other.taken_up_on or (
            (not other.ended_on or self.taken_up_on < other.ended_on)
            and (not self.ended_on or other.taken_up_on < self.ended_on)
        )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Note uses: what was shown before and is open is filled in, everything else is new.

        A line of the VIP page names its membership; whose it is follows from that.
        """
        self.browse().check_access("create")  # before anything is told
        defaults = self.default_get(["partner_id", "vas_id", *DATES])
        vals_list = [{**defaults, **vals} for vals in vals_list]
        for vals in vals_list:
            member_id = vals.pop("membership_id", None)
            if member_id and not vals.get("partner_id"):
                member = self.env["vip.membership"].browse(member_id)
                vals["partner_id"] = member.partner_id.id
        if not self.env.su:
            self._check_scope(vals_list)
        self._settle_numbers(vals_list)
        open_uses = self._open_uses(
            {vals.get("partner_id") for vals in vals_list},
            {vals.get("vas_id") for vals in vals_list},
        )
        noted = []
        for vals in vals_list:
            key = (vals.get("partner_id"), vals.get("number_id") or False, vals.get("vas_id"))
            use = open_uses.get(key)
            noted.append(use and use._fill_in(vals))
        new = [vals for use, vals in zip(noted, vals_list, strict=True) if not use]
        created = super().create(new)
        created._check_source()
        rest = iter(created)
        return self.concat(*(use or next(rest) for use in noted))

    def write(self, vals):
        result = super().write(vals)
        if "source" in vals:
            self._check_source()
        return result

    def _check_scope(self, vals_list):
        """Who may note a use of a customer may note it on any number of his, also where he may not read
        his numbers."""
        for vals in vals_list:
            partner, number = (
                self.env[model].browse(filter(None, [vals.get(name)]))
                for model, name in (
                    ("res.partner", "partner_id"),
                    ("vip.service.number", "number_id"),
                )
            )
            require(partner, "read")
            # before the database refuses what would be twice; whose customer he is holds anyhow
            company = partner.sudo().vip_membership_id.company_id
            if company - self.env.companies:
                raise AccessError(
                    self.env._(
                        "“%s” is a customer of a company you have no access to.",
                        partner.display_name,
                    )
                )
            require(number.sudo(), "read")  # there is such a number
            if number and number.sudo().partner_id != (partner or self.partner_id).sudo():
                require(number, "read")

    def _check_source(self):
        """Who may name which source; not a constraint, because those do not know who writes."""
        if self.env.su:
            return
        is_manager = self.env.user.has_group("vip_customer.group_vip_user")
        for use in self:
            customer = use.partner_id.display_name
            if use.source == IMPORT:
                raise ValidationError(
                    self.env._(
                        "“%(service)s” of %(customer)s did not come from an import. Say where it "
                        "began: demonstration, counter or hotline.",
                        service=use.vas_id.name,
                        customer=customer,
                    )
                )
            if use.source == DEMONSTRATION and not is_manager:
                raise ValidationError(
                    self.env._(
                        "A demonstration of “%(service)s” to %(customer)s is noted by his account "
                        "manager. Choose “Counter” or “Hotline”.",
                        service=use.vas_id.name,
                        customer=customer,
                    )
                )

    def _settle_numbers(self, vals_list):
        """Find the number that is meant: as it was given, or the customer's only one."""
        unsaid = [vals for vals in vals_list if "number_id" not in vals]
        only = self._only_numbers([vals.get("partner_id") for vals in unsaid])
        for vals in vals_list:
            given = vals.pop("number_given", None)
            if given and not vals.get("number_id"):
                vals["number_id"] = self._find_number(vals.get("partner_id"), given).id
            elif "number_id" not in vals:
                vals["number_id"] = only.get(vals.get("partner_id"))

    def _find_number(self, partner_id, text):
        """The open number of this customer that is written like that.

        :raise ValidationError: he has none
        """
        Number, companies = self.env["vip.service.number"], self.env.companies
        international = {Number._to_e164(text, company.country_id) for company in companies}
        # only whether this customer has this number is told, which the caller was told by him
        number = Number.sudo().search(
            Domain("partner_id", "=", partner_id)
            & Domain("company_id", "in", companies.ids)
            & Domain("state", "!=", CLOSED)
            & Domain("date_to", "=", False)
            & (
                Domain("number", "=", number_key(text))
                | Domain("number_e164", "in", international - {False})
            ),
            limit=1,
        )
        if not number:
            raise ValidationError(
                self.env._(
                    "“%(number)s” is no open number of %(customer)s. Ask him for it once more, or leave "
                    "it empty.",
                    number=text,
                    customer=self.env["res.partner"].browse(partner_id).display_name,
                )
            )
        return number

    @api.model
    def _open_uses(self, partner_ids, vas_ids):
        """dict of the keys (ids of customer, number, service) to the open uses."""
        domain = (
            Domain("partner_id", "in", list(filter(None, partner_ids)))
            & Domain("vas_id", "in", list(filter(None, vas_ids)))
            & Domain("ended_on", "=", False)
        )
        if not self.env.su:  # nothing of another company is told
            domain &= Domain("company_id", "in", self.env.companies.ids)
        # within the company everybody at the desk reads them all
        return {
            (use.partner_id.id, use.number_id.id, use.vas_id.id): use.sudo(self.env.su)
            for use in self.sudo().search(domain)
        }

    def _fill_in(self, vals):
        """Write what is told of a service that is open already.

        :return: the use; an empty one where they tell of an earlier use, which has ended
        :raise ValidationError: he has the service already
        """
        self.ensure_one()
        shown, taken_up, ended = (vals.get(name) and self._given_date(vals[name]) for name in DATES)
        if ended and (self.taken_up_on or ended < self.shown_on):
            return self.browse()
        if self.taken_up_on:
            raise ValidationError(
                self.env._(
                    "%(customer)s has “%(service)s” since %(day)s. Enter on that line when it ended "
                    "before you note it again.",
                    customer=self.partner_id.display_name,
                    service=self.vas_id.name,
                    day=format_date(self.env, self.taken_up_on),
                )
            )
        if not shown and not taken_up:
            return self.browse()
        # who may note that it is taken up need not be one who corrects what others noted
        self.sudo().write(
            {
                "shown_on": max(filter(None, (self.shown_on, shown))),
                "taken_up_on": taken_up,
                "ended_on": ended,
            }
        )
        return self

    # ------------------------------------------------------------
    # WHAT OTHERS NOTE: a demonstration, for example
    # ------------------------------------------------------------

    @api.model
    def _shown(self, partner, number, vas, day, source=DEMONSTRATION):
        """Note that a service was shown to a customer; nothing to note where he has it.

        :param number: one of his numbers, or an empty one
        :return: the use
        """
        return self._note(partner, number, vas, {"shown_on": day, "source": source})

    @api.model
    def _taken_up(self, partner, number, vas, day, source=DEMONSTRATION):
        """Note that a customer took a service up; nothing to note where he has it.

        :param number: one of his numbers, or an empty one
        :return: the use
        """
        return self._note(partner, number, vas, {"taken_up_on": day, "source": source})

    def _note(self, partner, number, vas, values):
        key = {"partner_id": partner.id, "number_id": number.id, "vas_id": vas.id}
        use = self._open_uses(partner.ids, vas.ids).get(tuple(key.values()))
        return use if use and use.taken_up_on else self.create({**key, **values})
