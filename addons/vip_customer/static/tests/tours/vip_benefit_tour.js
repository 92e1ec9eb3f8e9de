import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const openMenu = (section, entry) => [
    { trigger: `button[data-menu-xmlid='vip_customer.${section}']`, run: "click" },
    { trigger: `a[data-menu-xmlid='vip_customer.${entry}']`, run: "click" },
];

/**
 * A morning at the counter: a customer comes with a number, takes one lounge visit along and asks for
 * another one, which is issued and delivered later.
 */
registry.category("web_tour.tours").add("vip_desk_tour", {
    url: "/odoo",
    steps: () => [
        ...stepUtils.goToAppSteps("vip_customer.menu_root", "Open the VIP app"),
        ...openMenu("menu_benefits", "menu_redeem"),
        {
            content: "Find the customer by his number, as he writes it",
            trigger: ".modal .o_field_widget[name=partner_id] input",
            run: "edit +86 139-0013 8000",
        },
        { trigger: ".o-autocomplete--dropdown-item:contains('Tour Guest · T-1')", run: "click" },
        {
            content: "One look: 6 of 6 lounge visits left, the hotline without asking",
            trigger: ".o_vip_benefit_choice:contains('Tour Hotline') button:contains('Tour Lounge'):contains('6 of 6 left')",
            run: "click",
        },
        { trigger: ".modal button[name=action_hand_over]", run: "click" },
        { trigger: ".o_notification:contains('Tour Lounge × 1'):contains('5 left')" },
        { trigger: "body:not(:has(.modal))" },
        ...openMenu("menu_benefits", "menu_redeem"),
        {
            content: "The last digits will do",
            trigger: ".modal .o_field_widget[name=partner_id] input",
            run: "edit 8000",
        },
        { trigger: ".o-autocomplete--dropdown-item:contains('Tour Guest')", run: "click" },
        { trigger: ".o_vip_benefit_choice button:contains('Tour Lounge'):contains('5 of 6 left')", run: "click" },
        {
            content: "More than is left is refused, and the dialog stays",
            trigger: ".modal .o_field_widget[name=quantity] input",
            run: "edit 6",
        },
        { trigger: ".modal button[name=action_redeem]", run: "click" },
        { trigger: ".modal:contains('5 left of') .btn-primary:contains('Close')", run: "click" },
        { trigger: ".modal .o_field_widget[name=quantity] input", run: "edit 1" },
        { trigger: ".modal button[name=action_redeem]", run: "click" },
        { trigger: "body:not(:has(.modal))" },
        ...openMenu("menu_benefits", "menu_fulfil"),
        { trigger: ".o_kanban_record:contains('Tour Lounge') button[name=action_issue]", run: "click" },
        { trigger: ".o_kanban_record:contains('Tour Lounge') button[name=action_deliver]", run: "click" },
        {
            content: "Nothing waits any more",
            trigger: ".o_kanban_view:not(:has(.o_kanban_record:contains('Tour Lounge')))",
        },
    ],
});

/** A manager gives a tier two boarding services, takes its lounge to 8 visits and its hotline away. */
registry.category("web_tour.tours").add("vip_matrix_tour", {
    url: "/odoo",
    steps: () => {
        // the tour's own tier is the best one, so it stands first
        const cell = (benefit) => `tr:has(th:contains('${benefit}')) td:first-of-type button`;
        return [
            ...stepUtils.goToAppSteps("vip_customer.menu_root", "Open the VIP app"),
            ...openMenu("menu_benefits", "menu_benefit_matrix"),
            { trigger: "thead th:contains('Tour Tier')" },
            { trigger: `${cell("Tour Hotline")}[aria-pressed=true]`, run: "click" },
            { trigger: `${cell("Tour Hotline")}[aria-pressed=false]:contains('–')` },
            { trigger: `${cell("Tour Lounge")}:contains('6'):contains('each month')`, run: "click" },
            { trigger: ".modal .o_field_widget[name=quantity] input", run: "edit 8" },
            { trigger: ".modal .o_form_button_save", run: "click" },
            { trigger: "body:not(:has(.modal))" },
            { trigger: `${cell("Tour Lounge")}:contains('8')` },
            { trigger: `${cell("Tour Boarding")}:contains('–')`, run: "click" },
            { trigger: ".modal .o_field_widget[name=quantity] input", run: "edit 2" },
            { trigger: ".modal .o_form_button_save", run: "click" },
            { trigger: `${cell("Tour Boarding")}:contains('2')` },
            { trigger: "body:not(:has(.modal)) .o_vip_grant_now", run: "click" },
            { trigger: ".o_notification:contains('Entitlements brought up to date')" },
        ];
    },
});

registry.category("web_tour.tours").add("vip_matrix_desk_tour", {
    steps: () => [
        { trigger: ".o_vip_benefit_matrix:contains('Tour Lounge')" },
        { trigger: ".o_vip_benefit_matrix:contains('Without category')" },
        { trigger: ".o_vip_benefit_matrix:not(:has(.o_vip_grant_now))" },
    ],
});
