import { Component } from "@odoo/owl";
import { formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const { DateTime } = luxon;
const SOON = 2;

/** The day on which the customer leaves, as a countdown in days. */
export class RetentionClosingField extends Component {
    static template = "vip_retention.RetentionClosingField";
    static props = { ...standardFieldProps };

    get day() {
        return this.props.record.data[this.props.name];
    }

    get days() {
        return Math.round(this.day.startOf("day").diff(DateTime.now().startOf("day"), "days").days);
    }

    get text() {
        if (!this.days) {
            return _t("leaves today");
        }
        return this.days > 0
            ? _t("leaves in %s days", this.days)
            : _t("due to leave %s days ago", -this.days);
    }

    get title() {
        return formatDate(this.day);
    }

    get className() {
        return this.days <= SOON ? "text-danger fw-bold" : "";
    }
}

registry.category("fields").add("vip_case_closing", {
    component: RetentionClosingField,
    supportedTypes: ["date"],
});
