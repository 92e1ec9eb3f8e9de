import { registry } from "@web/core/registry";

const LEAVE = ".o_control_panel button:contains('Somebody wants to leave')";
const REFUSE = ".o_vip_answers .o_vip_refuse";

function choose(field, text, label = text) {
    return [
        { trigger: `.o_field_widget[name=${field}] input`, run: `edit ${text}` },
        { trigger: `.o-autocomplete--dropdown-item:contains('${label}')`, run: "click" },
    ];
}

/** From “close my number” to an accepted offer, at the front desk; the customer comes from the Python test. */
registry.category("web_tour.tours").add("vip_retention_accept_tour", {
    steps: () => [
        { trigger: LEAVE, run: "click" },
        ...choose("partner_id", "Tour Customer"),
        {
            content: "Before anything is closed, the agent sees whom to call in",
            trigger: ".modal .alert:contains('Protected customer') ~ p:contains('Nothing is closed')",
        },
        { trigger: ".modal button[name=action_confirm]", run: "click" },
        { trigger: ".o_vip_case .alert:contains('Protected customer')" },
        { trigger: ".o_vip_facts .o_vip_bar" },
        ...choose("reason_id", "too expensive", "Too expensive altogether"),
        {
            content: "The ladder follows the reason before it is saved",
            trigger: ".o_vip_rung:contains('Better fitting plan')",
        },
        ...choose("customer_type_id", "Proud"),
        { trigger: "[name=technique]:contains('Name his years')" },
        {
            trigger: ".o_vip_ladder .list-group-item:contains('Better fitting plan') button",
            run: "click",
        },
        { trigger: "[name=proposals] .o_kanban_record:contains('Better fitting plan')" },
        { trigger: ".o_vip_answers button[name=action_accept]", run: "click" },
        { trigger: ".o_vip_answers button[name=action_done]", run: "click" },
        { trigger: ".modal .o_field_widget[name=reference] input", run: "edit ORDER-1" },
        { trigger: ".modal button[name=action_confirm]", run: "click" },
        { trigger: "body:not(:has(.modal)) .o_vip_case span:contains('Watched until')" },
    ],
});

/** Who has several numbers says which he keeps; the desk sees them masked. */
registry.category("web_tour.tours").add("vip_retention_numbers_tour", {
    steps: () => [
        {
            trigger: ".o_vip_ladder .list-group-item:contains('Apology') button",
            run: "click",
        },
        { trigger: "[name=proposals] .o_kanban_record:contains('Apology')" },
        { trigger: ".o_vip_answers button:contains('Accepts')", run: "click" },
        { trigger: ".modal .o_data_row:contains('138****8002') [name=is_kept] input:checked" },
        {
            trigger: ".modal .o_data_row:contains('138****8001') [name=is_kept] input:checked",
            run: "click",
        },
        {
            trigger: ".modal .o_data_row:contains('138****8001') [name=is_kept] input:not(:checked)",
        },
        { trigger: ".modal button[name=action_confirm]", run: "click" },
        { trigger: "body:not(:has(.modal)) .o_vip_case span:contains('Watched until')" },
    ],
});

/** The same case after the night in which its watch was judged. */
registry.category("web_tour.tours").add("vip_retention_saved_tour", {
    steps: () => [
        { trigger: ".o_vip_case .ribbon:contains('Saved')" },
        { trigger: ".o_vip_case .badge:contains('Saved')" },
        { trigger: ".o_vip_case:not(:has(.o_vip_refuse))" },
    ],
});

/** The final refusal while the form holds edits that cannot be saved. */
registry.category("web_tour.tours").add("vip_retention_refuse_tour", {
    steps: () => [
        { trigger: ".o_field_widget[name=description] textarea", run: "edit Too dear" },
        {
            content: "What is required is missing: an ordinary button refuses",
            trigger: ".o_vip_answers button[name=action_consider]",
            run: "click",
        },
        { trigger: ".o_field_widget.o_field_invalid" },
        { trigger: REFUSE, run: "click" },
        { trigger: ".o_notification:contains('final refusal is noted')" },
        { trigger: ".o_vip_case .badge:contains('Not saved')" },
        { trigger: ".o_vip_case:not(:has(.o_vip_refuse)) [name=leaving]" },
    ],
});

/** What was typed before the final refusal is kept, and he may still say why. */
registry.category("web_tour.tours").add("vip_retention_words_tour", {
    steps: () => [
        { trigger: ".o_field_widget[name=description] textarea", run: "edit Too dear" },
        { trigger: REFUSE, run: "click" },
        { trigger: ".o_vip_case .badge:contains('Not saved')" },
        { trigger: ".o_field_widget[name=survey] textarea", run: "edit A fair price" },
        { trigger: ".o_form_button_save", run: "click" },
        { trigger: ".o_form_saved" },
    ],
});
