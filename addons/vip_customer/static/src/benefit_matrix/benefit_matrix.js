import { Component, onWillStart, useState } from "@odoo/owl";
import { DateTimeInput } from "@web/core/datetime/datetime_input";
import { formatDate, serializeDate, today } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { formatInteger, formatMonetary } from "@web/views/fields/formatters";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const PROMISE = "vip.tier.benefit";
const PAST = "vip.tier.benefit.past";
const CONTENT = ["tier_id", "benefit_id", "quantity", "period", "date_from"];

/**
 * What each tier promises: benefits down, tiers across, one `vip.tier.benefit` in each cell.
 *
 * Whoever may write the promises edits them here; everybody else looks. On an earlier day the cells say
 * what was promised then, from the promises that still hold and from `vip.tier.benefit.past`.
 */
export class BenefitMatrix extends Component {
    static template = "vip_customer.BenefitMatrix";
    static components = { DateTimeInput, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.orm = useService("orm");
        this.display = { controlPanel: {} };
        this.today = today();
        this.state = useState({ day: false, isSaving: false, tiers: [], groups: [] });
        onWillStart(async () => {
            [this.canEdit, this.canEditBenefits, this.canSeePast] = await Promise.all([
                user.checkAccessRight(PROMISE, "write"),
                user.checkAccessRight("vip.benefit", "write"),
                user.checkAccessRight(PAST, "read"),
            ]);
            // what a unit costs is no business of the counter, as what was promised before is not
            this.money = this.canSeePast ? ["unit_value"] : [];
            await this.load();
        });
    }

    get isEditable() {
        return this.canEdit && !this.state.day;
    }

    get dayText() {
        return _t("What was promised on %s.", formatDate(this.state.day));
    }

    // ------------------------------------------------------------
    // READING
    // ------------------------------------------------------------

    async load() {
        const { day } = this.state;
        // what is archived today may have been promised on an earlier day
        const kwargs = { context: { active_test: !day } };
        const [tiers, benefits, promises] = await Promise.all([
            this.orm.searchRead("vip.tier", [], ["name", "color"], { ...kwargs, order: "rank desc" }),
            this.orm.searchRead(
                "vip.benefit",
                [],
                ["name", "active", "category_id", "delivery", "unit", "currency_id", ...this.money],
                kwargs
            ),
            day ? this.readPromisesOn(serializeDate(day)) : this.readPromises(PROMISE, []),
        ]);
        this.cells = new Map(
            promises.map((promise) => [this.key(promise.tier_id[0], promise.benefit_id[0]), promise])
        );
        const isShown = (record, name) =>
            !day || promises.some((promise) => promise[name][0] === record.id);
        this.state.tiers = tiers.filter((tier) => isShown(tier, "tier_id"));
        this.state.groups = this.groupByCategory(
            benefits.filter((benefit) => isShown(benefit, "benefit_id"))
        );
    }

    async readPromisesOn(day) {
        const since = ["date_from", "<=", day];
        const parts = await Promise.all([
            this.readPromises(PROMISE, [since]),
            this.readPromises(PAST, [since, ["date_to", ">=", day]]),
        ]);
        return parts.flat();
    }

    readPromises(model, domain) {
        return this.orm.searchRead(model, domain, [...CONTENT, ...this.money]);
    }

    groupByCategory(benefits) {
        const groups = new Map();
        for (const benefit of benefits) {
            const [id, name] = benefit.category_id || [false, _t("Without category")];
            if (!groups.has(id)) {
                groups.set(id, { id, name, benefits: [] });
            }
            groups.get(id).benefits.push(benefit);
        }
        return [...groups.values()];
    }

    key(tierId, benefitId) {
        return `${tierId},${benefitId}`;
    }

    // ------------------------------------------------------------
    // SHOWING
    // ------------------------------------------------------------

    /** What the cell of a tier and a benefit says. */
    cell(tier, benefit) {
        const promise = this.cells.get(this.key(tier.id, benefit.id));
        if (!promise) {
            return { isEmpty: true, main: "–", details: [], label: _t("not included") };
        }
        const { quantity } = promise;
        if (benefit.delivery === "standing" || (benefit.delivery === "automatic" && !quantity)) {
            return { isCheck: true, details: [], label: _t("included") };
        }
        const details = [];
        if (promise.period === "month") {
            details.push(_t("each month"));
        } else if (promise.period === "once") {
            details.push(_t("once"));
        }
        if (this.canSeePast && promise.unit_value !== benefit.unit_value) {
            details.push(
                _t("%s each", formatMonetary(promise.unit_value, { currencyId: benefit.currency_id[0] }))
            );
        }
        const main = quantity ? formatInteger(quantity) : _t("without limit");
        const unit = quantity ? benefit.unit : false;
        const label = [[main, unit].filter(Boolean).join(" "), ...details].join(", ");
        return { main, unit, details, label };
    }

    /** What a screen reader says of a cell that can be edited. */
    label(tier, benefit) {
        return _t("%(benefit)s, %(tier)s: %(promise)s", {
            benefit: benefit.name,
            tier: tier.name,
            promise: this.cell(tier, benefit).label,
        });
    }

    // ------------------------------------------------------------
    // EDITING
    // ------------------------------------------------------------

    async onClickCell(tier, benefit) {
        const promise = this.cells.get(this.key(tier.id, benefit.id));
        if (benefit.delivery === "standing") {
            await this.toggle(tier, benefit, promise);
        } else {
            this.openPromise(tier, benefit, promise);
        }
    }

    async toggle(tier, benefit, promise) {
        if (this.state.isSaving) {
            return; // a double click is one decision
        }
        this.state.isSaving = true;
        try {
            if (promise) {
                await this.orm.unlink(PROMISE, [promise.id]);
            } else {
                await this.orm.create(PROMISE, [{ tier_id: tier.id, benefit_id: benefit.id }]);
            }
        } finally {
            // what somebody else changed meanwhile shows too
            await this.load();
            this.state.isSaving = false;
        }
    }

    openPromise(tier, benefit, promise) {
        const removal = promise && {
            removeRecord: async () => {
                await this.orm.unlink(PROMISE, [promise.id]);
                await this.load();
            },
        };
        this.dialog.add(FormViewDialog, {
            resModel: PROMISE,
            resId: promise?.id || false,
            context: { default_tier_id: tier.id, default_benefit_id: benefit.id },
            title: _t("%(benefit)s, %(tier)s", { benefit: benefit.name, tier: tier.name }),
            size: "md",
            canExpand: false,
            onRecordSaved: () => this.load(),
            ...removal,
        });
    }

    async onDayChanged(day) {
        this.state.day = day && day < this.today ? day : false;
        await this.load();
    }

    // ------------------------------------------------------------
    // ELSEWHERE
    // ------------------------------------------------------------

    openBenefit(benefit) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "vip.benefit",
            res_id: benefit.id,
            views: [[false, "form"]],
        });
    }

    newBenefit() {
        this.openBenefit({ id: false });
    }

    openList() {
        this.action.doAction("vip_customer.vip_tier_benefit_action");
    }

    async grantNow() {
        this.action.doAction(await this.orm.call("vip.entitlement", "action_grant", []));
    }
}

registry.category("actions").add("vip_benefit_matrix", BenefitMatrix);
