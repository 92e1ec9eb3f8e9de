"""What is true of every customer of every database: reusable in tests and after loading demo data."""

from odoo.tools import SQL


class LedgerCheck:
    """To be mixed into a test case."""

    def _check_ledger(self, members):
        """The counters of these memberships say what the ledgers say, and ``vip_entitlements`` and the
        VIP page say what the counters say."""
        members.env.flush_all()
        members.env.invalidate_all()
        lines = members.env["vip.entitlement"].search(
            [("partner_id", "in", members.partner_id.ids)]
        )
        self._check_sums(lines, "used", "vip_redemption", SQL("state <> 'cancelled'"))
        self._check_sums(lines, "goodwill", "vip_goodwill", SQL("TRUE"))
        for line in lines:
            self.assertEqual(line.remaining, line.granted - line.used)
            if line.when_exhausted == "block" and not line.is_unlimited:
                self.assertGreaterEqual(line.remaining, 0, line.display_name)
        for member in members:
            self._check_told(member)

    def _check_sums(self, lines, name, table, condition):
        sums = dict(
            lines.env.execute_query(
                SQL(
                    """SELECT entitlement_id, sum(quantity)::int FROM %s
                        WHERE entitlement_id = ANY(%s) AND %s GROUP BY 1""",
                    SQL.identifier(table),
                    lines.ids,
                    condition,
                )
            )
        )
        found = {line.id: line[name] for line in lines if line[name]}
        self.assertEqual(found, {line_id: total for line_id, total in sums.items() if total})

    def _check_told(self, member):
        told = member.partner_id.vip_entitlements()
        codes = [line["code"] for line in told]
        self.assertEqual(len(codes), len(set(codes)), "one entry per benefit")
        if not member.tier_id:
            self.assertFalse(told)
            return
        promises = member.env["vip.tier.benefit"].search([("tier_id", "=", member.tier_id.id)])
        promised = promises.benefit_id.filtered("active")
        self.assertLessEqual(set(promised.mapped("code")), set(codes), "all the tier promises")
        page = member.entitlement_ids.grouped(lambda line: line.benefit_id.code)
        standing = set(member.standing_benefit_ids.mapped("code"))
        for line in told:
            self.assertEqual(line["delivery"] == "standing", line["code"] in standing)
            if line["date_from"] and line["code"] in page:
                self.assertIn(
                    (line["granted"], line["used"], line["remaining"], line["date_from"]),
                    [
                        (
                            not row.is_unlimited and row.granted,
                            row.used,
                            not row.is_unlimited and row.remaining,
                            str(row.date_from),
                        )
                        for row in page[line["code"]]
                    ],
                )
            elif line["code"] not in page:
                self.assertFalse(line["used"], "what is used has an entitlement")
