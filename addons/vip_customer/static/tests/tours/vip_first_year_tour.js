import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

/**
 * A manager's first year: a policy from the preset, put in force, and a dry run of it.
 * The customers and bills come from the Python test.
 */
registry.category("web_tour.tours").add("vip_first_year_tour", {
    url: "/odoo",
    steps: () => [
        ...stepUtils.goToAppSteps("vip_customer.menu_root", "Open the VIP app"),
        { trigger: "button[data-menu-xmlid='vip_customer.menu_tiers']", run: "click" },
        { trigger: "a[data-menu-xmlid='vip_customer.menu_policy']", run: "click" },
        { trigger: ".o_view_nocontent_smiling_face:contains('rule book')" },
        { trigger: ".o_list_button_add", run: "click" },
        { trigger: ".o_field_widget[name=name] input", run: "edit Tour policy" },
        { trigger: "button[name=action_fill_preset]", run: "click" },
        {
            content: "Each rule says how many customers it would reach",
            trigger: ".o_data_row:has(td:contains('Gold')) td[name=customer_count]:contains('1')",
        },
        { trigger: "button[name=action_open]", run: "click" },
        { trigger: ".modal footer .btn-primary", run: "click" },
        { trigger: ".o_statusbar_status button.o_arrow_button_current:contains('In force')" },
        { trigger: "button[name=action_new_run]", run: "click" },
        { trigger: ".o_form_view button[name=action_compute]:contains('Compute')", run: "click" },
        { trigger: ".o_statusbar_status button.o_arrow_button_current:contains('Computed')" },
        { trigger: "button[name=action_view_lines]:has(.fa-sign-in)", run: "click" },
        { trigger: ".o_data_row:contains('Tour Customer')" },
    ],
});
