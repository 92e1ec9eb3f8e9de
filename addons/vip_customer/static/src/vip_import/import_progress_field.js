import { onWillUnmount } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { browser } from "@web/core/browser/browser";
import { ProgressBarField, progressBarField } from "@web/views/fields/progress_bar/progress_bar_field";

const SECONDS = 2;

/** A progress bar that reads its record again while that is running in the background. */
export class ImportProgressField extends ProgressBarField {
    setup() {
        super.setup();
        const timer = browser.setInterval(() => this.refresh(), SECONDS * 1000);
        onWillUnmount(() => browser.clearInterval(timer));
    }

    async refresh() {
        const { record } = this.props;
        if (record.data.state === "running" && !(await record.isDirty())) {
            await record.load();
        }
    }
}

registry.category("fields").add("vip_import_progress", {
    ...progressBarField,
    component: ImportProgressField,
});
