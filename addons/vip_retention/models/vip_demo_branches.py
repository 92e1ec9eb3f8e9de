from odoo import api, models

from .vip_kpi_month import FROZEN

# What the branches wrote into the reports of a month: learned, conclusions, measures.
CITY = (
    "写字楼集中的片区，午休时间联系客户接通率最高。（Office customers are reached best at lunch time.）",
    "本月流失以资费原因为主，竞争对手在开发区集中促销。（Most customers left for the price.）",
    "下月对高消费的金卡客户逐户做资费体检。（Plan check-ups for all gold customers next month.）",
)
LINJIANG = (
    "外出务工客户增多，停机保号需求上升。（More customers work elsewhere and want to keep their numbers.）",
    "关怀任务基本按时完成，走访因汛期推迟两户。（Two visits were put off by floods.）",
    "提前与返乡客户预约走访时间。（Agree visits with those who come home.）",
)
QINGSHAN = (
    "客户更愿意在营业厅当面办理。（Customers prefer to come to the hall.）",
    "一名客户经理服务三个乡镇，路途时间长。（One manager serves three townships.）",
    "申请增配一名客户经理。（A second account manager is asked for.）",
)
BRANCHES = {
    "city": ("lead", CITY),
    "linjiang": ("lead2", LINJIANG),
    "qingshan": ("lead3", QINGSHAN),
}
# What of the checklist is not simply in place, by the number of the item: the branch's answer, and the
# reviewer's where he saw it otherwise.
CHECKLISTS = {
    "city": {9: ("partly", "partly"), 14: ("yes", "partly")},
    "linjiang": {4: ("partly", "partly"), 8: ("partly", "partly"), 15: ("no", "no")},
}


class VipDemo(models.AbstractModel):
    """What the branches of the demo handed up: the reports of two months, and the last quarter's
    assessment; one branch is still at its own."""

    _inherit = "vip.demo"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _play_branches(self):
        months = self.env["vip.kpi.month"].search(
            [("company_id", "=", self.env.company.id)], order="month desc"
        )
        running, over = months[0], months[1:3]
        over.with_user(self._user("manager")).action_create_monthly_reports()
        for branch, (lead, words) in BRANCHES.items():
            reports = self.env["vip.monthly.report"].search(
                [("month_id", "in", over.ids), ("team_id", "=", self._branch(branch).id)]
            )
            self._play_reports(reports.with_user(self._user(lead)), words)
        self._play_assessments(running)

    def _branch(self, name):
        return self.env.ref(f"vip_customer.team_{name}")

    def _play_reports(self, reports, words):
        """The report of the frozen month was received; that of the other one is handed up in one branch."""
        learned, conclusions, measures = words
        for report in reports:
            is_frozen = report.month_id.state == FROZEN
            report.write({"learned": learned, "conclusions": conclusions})
            if is_frozen or words is CITY:
                report.measures = measures
                report.action_submit()
            if is_frozen:
                report.with_user(self._user("manager")).action_receive()

    def _play_assessments(self, running):
        """The last quarter: reviewed where its months are frozen, and one branch has not answered yet."""
        Assessment = self.env["vip.assessment"].with_user(self._user("manager"))
        company = running.company_id
        opened = Assessment._open(
            company, Assessment._last_quarter(company), Assessment._default_scheme()
        )
        by_team = opened.grouped("team_id")
        for branch, unlike in CHECKLISTS.items():
            record = by_team[self._branch(branch)]
            self._answer_checklist(record.with_user(self._user(BRANCHES[branch][0])), unlike)
            if not record.open_months:
                self._review(record, unlike)

    def _answer_checklist(self, record, unlike):
        for number, answer in enumerate(record.answer_ids, start=1):
            given, _review = unlike.get(number, ("yes", "yes"))
            answer.write({"self_answer": given, "evidence": "已留存台账（kept on file）"})
        record.action_submit()

    def _review(self, record, unlike):
        for number, answer in enumerate(record.answer_ids, start=1):
            given, review = unlike.get(number, ("yes", "yes"))
            if review != given:
                remark = "抽查账实不符两处（two differences found）"
                answer.write({"review_answer": review, "remark": remark})
        record.action_review()
