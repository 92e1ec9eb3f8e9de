import { Component, useState } from "@odoo/owl";
import { formatCurrency } from "@web/core/currency";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/**
 * What may be offered to the customer of a case, cheapest first; one click puts it to him, or asks for
 * approval. The field is what ``vip.retention.case`` computes as ``ladder``.
 */
export class RetentionLadderField extends Component {
    static template = "vip_retention.RetentionLadderField";
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ isBusy: false });
    }

    get rungs() {
        return this.props.record.data[this.props.name] || [];
    }

    /** Who may only look is shown no buttons. */
    get mayPropose() {
        return this.props.record.isInEdition;
    }

    cost(rung) {
        return rung.cost
            ? formatCurrency(rung.cost, this.props.record.data.currency_id.id)
            : _t("free of charge");
    }

    breakEven(rung) {
        return _t("earned back in %s months", rung.break_even);
    }

    label(rung) {
        return rung.needs_approval ? _t("Ask for approval") : _t("Propose");
    }

    async propose(rung) {
        const { record } = this.props;
        this.state.isBusy = true;
        try {
            // the reason that was just chosen decides what fits
            if (await record.save()) {
                await this.orm.call(record.resModel, "action_propose", [[record.resId], rung.id]);
            }
        } finally {
            this.state.isBusy = false;
            await record.load();
        }
    }
}

registry.category("fields").add("vip_ladder", {
    component: RetentionLadderField,
    supportedTypes: ["json"],
    fieldDependencies: [{ name: "currency_id", type: "many2one", relation: "res.currency" }],
});
