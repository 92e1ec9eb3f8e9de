import { registry } from "@web/core/registry";
import { ServiceDueField } from "@vip_customer/service_due/service_due_field";

/** By when a case goes on, as a countdown; ``warn_at`` of the same record says when it gets close. */
export class RetentionDueField extends ServiceDueField {
    get warnAt() {
        return this.props.record.data.warn_at;
    }
}

registry.category("fields").add("vip_case_due", {
    component: RetentionDueField,
    supportedTypes: ["datetime"],
});
