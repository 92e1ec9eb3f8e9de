import { registry } from "@web/core/registry";

const INPUT = ".o_vip_caller_panel form input";
const LOOK_UP = ".o_vip_caller_panel form button";

/**
 * A call comes in: the address names the number. The customer comes from the Python test.
 */
registry.category("web_tour.tours").add("vip_hotline_tour", {
    steps: () => [
        {
            content: "The number of the address is looked up at once",
            trigger: ".o_vip_card h1:contains('Tour Customer')",
        },
        { trigger: INPUT, run: "edit 1380013800O" },
        { trigger: LOOK_UP, run: "click" },
        { trigger: ".o_vip_none:contains('no telephone number')" },
        { trigger: INPUT, run: "edit 13900139000" },
        { trigger: LOOK_UP, run: "click" },
        { trigger: ".o_vip_none:contains('No VIP customer')" },
        { trigger: INPUT, run: "edit 0086 138 0013 8000" },
        { trigger: LOOK_UP, run: "click" },
        { trigger: ".o_vip_card .o_vip_log", run: "click" },
        { trigger: ".modal .o_field_widget[name=summary] textarea", run: "edit Asked for roaming" },
        { trigger: ".modal footer button[name=action_confirm]", run: "click" },
        { trigger: ".o_notification:contains('is noted')" },
        { trigger: "body:not(:has(.modal)) .o_vip_card" },
    ],
});
