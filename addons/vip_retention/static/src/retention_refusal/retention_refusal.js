import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/**
 * The customer's final refusal: one click, at any time.
 *
 * An ordinary button saves the form first, and does nothing where that fails. This one notes the refusal
 * before anything else; only then what was typed besides is saved, as far as it can be.
 */
export class RetentionRefusal extends Component {
    static template = "vip_retention.RetentionRefusal";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
    }

    async refuse() {
        const { record } = this.props;
        await this.orm.call(record.resModel, "action_refuse", [[record.resId]]);
        this.notification.add(_t("The final refusal is noted: no offers and no contacts any more."), {
            type: "success",
        });
        if (!(await this.keepWords())) {
            this.notification.add(_t("What was typed besides could not be saved."), {
                type: "warning",
            });
        }
        await record.load();
        record.model.notify();
    }

    /** Save what the customer said before he refused. */
    async keepWords() {
        const { record } = this.props;
        if (!(await record.isDirty())) {
            return true;
        }
        const isValid = await record.checkValidity();
        if (isValid && (await record.save({ reload: false, onError: () => false }))) {
            return true;
        }
        await record.discard();
        return false;
    }
}

registry.category("view_widgets").add("vip_refusal", { component: RetentionRefusal });
