import { Component, onWillStart, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/** What an account manager has to do today; one method of the server fills the whole screen. */
export class MyDay extends Component {
    static template = "vip_customer.MyDay";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.display = { controlPanel: {} };
        this.state = useState({ scope: false, scopes: [], date: "", hours: "", blocks: [] });
        onWillStart(() => this.load());
    }

    async load(scope = this.state.scope) {
        Object.assign(this.state, await this.orm.call("vip.my.day", "load_day", [], { scope }));
    }

    get blocks() {
        return this.state.blocks.filter((block) => block.count);
    }

    openList(block) {
        return this.action.doAction(block.action);
    }

    openCustomer(row) {
        return this.openForm("vip.membership", row.membership_id);
    }

    openForm(model, id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    async press(row, button) {
        if (button.method === "open") {
            return this.openForm(row.model, row.id);
        }
        const action =
            button.action || (await this.orm.call(row.model, button.method, [[row.id]]));
        if (action === true) {
            return this.load();
        }
        return this.action.doAction(action, { onClose: () => this.load() });
    }
}

registry.category("actions").add("vip_my_day", MyDay);
