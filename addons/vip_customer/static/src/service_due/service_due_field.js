import { Component, onWillUnmount, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const { DateTime } = luxon;
const HALF_MINUTE = 30_000;
const DAY = 1440;

/** Whole minutes as "35 min", "2 h 10 min", "3 d 4 h". */
export function span(minutes) {
    const days = Math.floor(minutes / DAY);
    const hours = Math.floor((minutes % DAY) / 60);
    if (days) {
        return _t("%(days)s d %(hours)s h", { days, hours });
    }
    if (hours) {
        return _t("%(hours)s h %(minutes)s min", { hours, minutes: minutes % 60 });
    }
    return _t("%(minutes)s min", { minutes });
}

/** When something is due, as a countdown on the wall clock. Fields of the same record say more:
 *  ``paused`` (the clock stands) and ``next_warn`` (from then on it is about to be late). */
export class ServiceDueField extends Component {
    static template = "vip_customer.ServiceDueField";
    static props = { ...standardFieldProps };

    setup() {
        this.state = useState({ now: DateTime.now() });
        const timer = browser.setInterval(() => (this.state.now = DateTime.now()), HALF_MINUTE);
        onWillUnmount(() => browser.clearInterval(timer));
    }

    get due() {
        return this.props.record.data[this.props.name];
    }

    get isPaused() {
        return Boolean(this.props.record.data.paused);
    }

    get minutes() {
        return Math.round(this.due.diff(this.state.now, "minutes").minutes);
    }

    get text() {
        if (!this.due) {
            return this.isPaused ? _t("Paused") : "";
        }
        return this.minutes > 0
            ? _t("due in %s", span(this.minutes))
            : _t("%s over", span(-this.minutes));
    }

    get title() {
        return this.due ? formatDateTime(this.due) : "";
    }

    get warnAt() {
        return this.props.record.data.next_warn;
    }

    get className() {
        if (!this.due) {
            return "text-muted";
        }
        if (this.minutes <= 0) {
            return "text-danger fw-bold";
        }
        return this.warnAt && this.warnAt <= this.state.now ? "text-warning fw-bold" : "";
    }
}

registry.category("fields").add("vip_due", {
    component: ServiceDueField,
    supportedTypes: ["datetime"],
});
