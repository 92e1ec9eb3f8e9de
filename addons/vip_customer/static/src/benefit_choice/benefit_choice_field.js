import { Component } from "@odoo/owl";
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

    choose(line) {
        this.props.record.update({ benefit_id: { id: line.id, display_name: line.name } });
    }
}

registry.category("fields").add("vip_benefit_choice", {
    component: BenefitChoiceField,
    supportedTypes: ["json"],
    fieldDependencies: [{ name: "benefit_id", type: "many2one", relation: "vip.benefit" }],
});
