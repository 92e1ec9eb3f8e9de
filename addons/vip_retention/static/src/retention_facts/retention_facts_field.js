import { Component } from "@odoo/owl";
import { formatCurrency } from "@web/core/currency";
import { deserializeDate, deserializeDateTime, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const YEAR = 12;

/**
 * The facts that were frozen when a case was opened: what the customer is worth, and how we treated him. The
 * field is what ``vip.retention.case`` computes as ``snapshot``.
 */
export class RetentionFactsField extends Component {
    static template = "vip_retention.RetentionFactsField";
    static props = { ...standardFieldProps };

    get facts() {
        return this.props.record.data[this.props.name];
    }

    day(value) {
        return value ? formatDate(deserializeDate(value)) : "";
    }

    moment(value) {
        return formatDate(deserializeDateTime(value));
    }

    month(value) {
        return deserializeDate(value).toFormat("yyyy-MM");
    }

    money(amount) {
        return formatCurrency(amount, this.props.record.data.currency_id.id);
    }

    get title() {
        return _t("Facts of %s", this.day(this.facts.on));
    }

    /** Bills as bars, the highest one full. */
    get bars() {
        const highest = Math.max(...this.facts.months.map(([, amount]) => amount), 1);
        return this.facts.months.map(([month, amount]) => ({
            month: this.month(month),
            title: `${this.month(month)}: ${this.money(amount)}`,
            height: Math.max(0, (amount / highest) * 100),
        }));
    }

    get trend() {
        const { recent, before } = this.facts;
        return _t("%(recent)s a month lately, %(before)s before", {
            recent: this.money(recent),
            before: this.money(before),
        });
    }

    get trendIcon() {
        const { recent, before } = this.facts;
        if (recent === before) {
            return "fa-arrow-right text-muted";
        }
        return recent < before ? "fa-arrow-down text-danger" : "fa-arrow-up text-success";
    }

    get tenure() {
        const { tenure } = this.facts;
        return tenure === false
            ? _t("unknown")
            : _t("%(years)s years, %(months)s months", {
                  years: Math.floor(tenure / YEAR),
                  months: tenure % YEAR,
              });
    }

    get tier() {
        const { tier, valid_until: until } = this.facts;
        if (!tier) {
            return _t("None");
        }
        return until ? _t("%(tier)s until %(day)s", { tier, day: this.day(until) }) : tier;
    }

    /** Earlier tiers, the latest first. */
    get tiers() {
        return this.facts.tiers
            .map(([tier, from, to]) => ({
                tier: tier || _t("None"),
                span: [this.day(from), this.day(to)].join(" – "),
            }))
            .reverse();
    }

    /** How we treated him: what there was none of is not told. */
    get neglect() {
        const { complaints, late, missed, arrears } = this.facts;
        return [
            complaints.open && _t("Complaints still open: %s", complaints.open),
            complaints.year && _t("Complaints in a year: %s", complaints.year),
            late && _t("Late service requests in a year: %s", late),
            missed && _t("Contacts we missed in half a year: %s", missed),
            arrears && _t("Suspended for arrears in a year: %s", arrears),
        ].filter(Boolean);
    }

    get unused() {
        return this.facts.unused.map(([benefit, left]) => _t("%(benefit)s: %(left)s left", { benefit, left }));
    }

    get contacts() {
        return this.facts.contacts.map(([time, channel, result, person]) => ({
            day: this.moment(time),
            text: [channel, result, person].filter(Boolean).join(" · "),
        }));
    }
}

registry.category("fields").add("vip_facts", {
    component: RetentionFactsField,
    supportedTypes: ["json"],
    fieldDependencies: [{ name: "currency_id", type: "many2one", relation: "res.currency" }],
});
