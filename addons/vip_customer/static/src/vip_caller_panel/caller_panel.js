import { Component, onMounted, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { KeepLast } from "@web/core/utils/concurrency";
import { useAutofocus, useService } from "@web/core/utils/hooks";
import { imageUrl } from "@web/core/utils/urls";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/**
 * Who is calling: a number is typed, pasted, or given in the address by the telephone system
 * (/odoo/vip-caller?number=...), and the card of its customer is shown.
 */
export class CallerPanel extends Component {
    static template = "vip_customer.CallerPanel";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.input = useAutofocus({ refName: "number", selectAll: true });
        this.latest = new KeepLast();
        this.display = { controlPanel: {} };
        this.state = useState({ number: this.givenNumber(), panel: null });
        onMounted(() => this.state.number && this.lookUp());
    }

    /** Read from the address itself: the router takes a number for a figure and drops the plus sign. */
    givenNumber() {
        const query = browser.location.search.replaceAll("+", "%2B");
        return new URLSearchParams(query).get("number") || "";
    }

    lookUp() {
        return this.show({ number: this.state.number });
    }

    choose(candidate) {
        return this.show({ number: this.state.number, partner_id: candidate.id });
    }

    /** An answer that comes after a later question was asked is thrown away. */
    async show(asked) {
        this.asked = asked;
        const question = this.orm.call("res.partner", "vip_panel", [], asked);
        this.state.panel = await this.latest.add(question);
        this.input.el?.select();
    }

    get card() {
        return this.state.panel.card;
    }

    /** What is counted, and may be redeemed. */
    get counted() {
        return this.card.entitlements.filter((line) => line.delivery !== "standing");
    }

    get standing() {
        return this.card.entitlements.filter((line) => line.delivery === "standing");
    }

    isUsedUp(line) {
        return line.granted !== false && line.remaining <= 0;
    }

    avatar(customer) {
        return imageUrl("res.partner", customer.id, "avatar_128");
    }

    get matters() {
        const { cases, risk } = this.card;
        const levels = { high: _t("high"), medium: _t("medium"), low: _t("low") };
        return [
            _t("Retention cases: %s", cases),
            ...(risk ? [_t("Risk: %s", levels[risk] || risk)] : []),
        ];
    }

    get requests() {
        return _t("Service requests: %s", this.card.requests);
    }

    get validity() {
        return _t("Tier valid until %s", this.day(this.card.tier.valid_until));
    }

    get telephone() {
        return `tel:${this.card.manager.phone.replace(/[^\d+*#]/g, "")}`;
    }

    day(value) {
        return value ? formatDate(deserializeDate(value)) : "";
    }

    /** Open a dialog of the server about this customer, and see what it changed. */
    act(name) {
        return this.action.doActionButton({
            type: "object",
            resModel: "res.partner",
            resId: this.card.customer.id,
            name,
            context: {
                ...user.context, // the language, which buttons do not send by themselves
                vip_caller_panel: true,
                vip_caller_number: this.asked.number,
            },
            onClose: () => this.show(this.asked),
        });
    }

    openPage() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "vip.membership",
            res_id: this.state.panel.membership_id,
            views: [[false, "form"]],
        });
    }
}

registry.category("actions").add("vip_caller_panel", CallerPanel);
