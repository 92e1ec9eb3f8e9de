import { registry } from "@web/core/registry";
import { formatPercentage } from "@web/views/fields/formatters";
import { PercentageField, percentageField } from "@web/views/fields/percentage/percentage_field";

/** A rate of a group is empty where nothing is below the line, and no 0 %. */
export function formatRate(value, options = {}) {
    return [false, null, undefined].includes(value)
        ? ""
        : formatPercentage(value, { ...options, trailingZeros: true });
}
formatRate.extractOptions = formatPercentage.extractOptions;

export class RateField extends PercentageField {
    get formattedValue() {
        return formatRate(this.props.record.data[this.props.name]);
    }
}

registry.category("formatters").add("vip_rate", formatRate);
registry.category("fields").add("vip_rate", {
    ...percentageField,
    component: RateField,
    supportedTypes: ["float"],
});
