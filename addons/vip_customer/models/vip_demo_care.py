from datetime import datetime, time, timedelta

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

# So many days of care have been lived through when the demo begins.
PAST_DAYS = 75
# Of ten touches that were due: how many days after that somebody got in touch, None for never.
ANSWERS = (0, 1, 0, -2, 3, 0, None, 9, 2, 5)
RESULTS = {"sms": "delivered", "letter": "delivered", "visit": "met", "gathering": "met"}
SUMMARIES = (
    "近况良好，对新套餐感兴趣",
    "提醒商务会馆剩余次数",
    "介绍国际漫游优惠",
    "回访满意度，无意见",
)


class VipDemo(models.AbstractModel):
    """The care of the demo: the last weeks' touches, most of them done, some late, some missed; what is
    due today; a customer who does not wish to be disturbed."""

    _inherit = "vip.demo"  # pylint: disable=consider-merging-classes-inherited

    def _play_care(self, today):
        company = self.env.company
        touches = self.env["vip.care.touch"]
        touches._plan(company, day=today - timedelta(days=PAST_DAYS))
        touches._plan(company, day=today)
        self._play_contacts(today)
        self._ask_for_peace(today)
        touches._look_after(company)
        self._bring_forward(today)  # last: nobody works on a Sunday

    def _ask_for_peace(self, today):
        """Somebody who was to be contacted soon does not wish to be disturbed for a month."""
        near = self.env["vip.care.touch"].search(
            Domain("company_id", "=", self.env.company.id)
            & Domain("state", "=", "planned")
            & Domain("due_date", ">=", today)
        )
        near[:1].membership_id.write(
            {"do_not_disturb": True, "do_not_disturb_until": today + timedelta(days=30)}
        )

    def _play_contacts(self, today):
        """Somebody got in touch when ``ANSWERS`` says, the customers in turn."""
        past = self.env["vip.care.touch"].search(
            Domain("company_id", "=", self.env.company.id)
            & Domain("state", "=", "planned")
            & Domain("due_date", "<", today)
        )
        results = self.env["vip.interaction.result"].search(Domain.TRUE).grouped("code")
        for index, touch in enumerate(past):
            days = ANSWERS[index % len(ANSWERS)]
            day = touch.due_date + timedelta(days=days or 0)
            if days is None or day >= today or not touch.manager_id or touch.state == "done":
                continue
            # one contact for each of them: what else it would fulfil stays as it is
            self.env["vip.interaction"].with_context(vip_care_touch=touch.id).create(
                {
                    "partner_id": touch.partner_id.id,
                    "date": datetime.combine(day, time(2 + index % 6, 10 * (index % 6))),
                    "channel_id": touch.channel_id.id,
                    "purpose": touch.purpose,
                    "result_id": results[RESULTS.get(touch.channel_id.code, "reached")].id,
                    "user_id": touch.manager_id.id,
                    "summary": SUMMARIES[index % len(SUMMARIES)],
                }
            )

    def _bring_forward(self, today):
        """Each manager has something to do on the day the demo is looked at, also on a Sunday: the next
        touch of some customers, by each channel one, who are not contacted on that day or too often in its
        week anyhow."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE vip_care_touch t SET due_date = %(today)s
                     FROM (SELECT DISTINCT ON (n.manager_id, n.channel_id) n.id
                             FROM (SELECT DISTINCT ON (t.partner_id) t.id, t.channel_id, m.manager_id
                                     FROM vip_care_touch t
                                     JOIN vip_membership m ON m.partner_id = t.partner_id
                                    WHERE t.company_id = %(company)s AND t.state = 'planned'
                                      AND t.due_date > %(today)s AND m.manager_id IS NOT NULL
                                      AND (SELECT count(*) < 3
                                                  AND coalesce(bool_and(o.day <> %(today)s), TRUE)
                                             FROM (SELECT coalesce(done_on, due_date) AS day
                                                     FROM vip_care_touch
                                                    WHERE partner_id = t.partner_id) o
                                            WHERE date_trunc('week', o.day)
                                                  = date_trunc('week', %(today)s::date))
                                    ORDER BY t.partner_id, t.due_date, t.id) n
                            ORDER BY n.manager_id, n.channel_id, n.id) n
                    WHERE n.id = t.id""",
                today=today,
                company=self.env.company.id,
            )
        )
        self.env["vip.care.touch"].invalidate_model()
