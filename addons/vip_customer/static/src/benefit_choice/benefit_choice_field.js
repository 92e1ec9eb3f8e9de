import { Component, markup } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/**
 * What a customer may have, one line a benefit, to be read aloud; a click on a line chooses it.
 *
 * The field is what `vip.redeem.offer` computes, the choice is `benefit_id` of the same record.
 */
export class BenefitChoiceField extends Component {
    static template = "vip_customer.BenefitChoiceField";
    static props = { ...standardFieldProps };

    get offer() {
        return this.props.record.data[this.props.name] || { lines: [], rights: [], waiting: [] };
    }

    isChosen(line) {
        return this.props.record.data.benefit_id?.id === line.id;
    }

    /** What is left, the number first to meet the eye; where it stands is the language's affair. */
    left(line) {
        if (line.is_unlimited) {
            return line.used ? _t("without limit, used %s", line.used) : _t("without limit");
        }
        const tone = line.remaining < 0 ? "text-danger" : "";
        const number = markup`<b class="fs-4 lh-1 ${tone}">${line.remaining}</b>`;
        return _t("%(left)s of %(granted)s left", { left: number, granted: line.granted });
    }

    until(line) {
        return _t("until %s", line.until);
    }

    choose(line) {
        this.props.record.update({ benefit_id: { id: line.id, display_name: line.name } });
    }
}

registry.category("fields").add("vip_benefit_choice", {
    component: BenefitChoiceField,
    supportedTypes: ["json"],
    fieldDependencies: [{ name: "benefit_id", type: "many2one", relation: "vip.benefit" }],
});
