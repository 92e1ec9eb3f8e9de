"""Write the managers' dashboards that the addon ships, as Odoo's spreadsheets.

A spreadsheet names a measure in four places and a table once per row; here it is said once. What a
dashboard shows is at the end of this file. Odoo asks the database itself for every figure, groups and
totals included, so that a rate is the ratio of its sums here as everywhere else.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from stack import console
from stack.errors import Stop
from stack.paths import ADDONS

DATA = ADDONS / "vip_retention" / "data" / "files"
VERSION = "18.5.10"

REPORT = "vip.kpi.report"
RATES = {
    "churn_rate",
    "off_net_rate",
    "coverage_rate",
    "on_time_rate",
    "reached_rate",
    "service_rate",
    "satisfaction",
    "save_rate",
    "acceptance_rate",
    "cost_per_save",
    "penetration",
    "benefit_use",
    "completeness",
    # of the reports on requests and cases
    "response_on_time",
    "resolution_on_time",
    "satisfied",
}
MONEY = {"cost_per_save"}
# Counted on a day: not to be added up over months.
STANDS = {"opening", "closing", "cases_open"}
# What a card says below such a figure: which figure of the first month, and in which words.
START = {"closing": ("opening", "at the start"), "cases_open": ("cases_open", "in the first month")}
MONTH = "month:month"
PERIOD, BRANCH, MANAGER, TIER = "period", "branch", "manager", "tier"
OWNERS = {BRANCH: "team_id", MANAGER: "manager_id", TIER: "tier_id"}
# The newest months of the period that a chart shows.
MONTHS = 36

# Pixels, and rows of 23 of them.
WIDTH, GAP, ROW = 1000, 20, 23
CARD_ROWS, CHART_ROWS = 5, 14
NAME_WIDTH, COLUMN_WIDTH, COLUMNS = 240, 95, 9
TITLE, HEADER, NUMBER_HEADER, TOTAL, NOTE, LEFT = 1, 2, 3, 4, 5, 6
STYLES = {
    TITLE: {"textColor": "#01666B", "bold": True, "fontSize": 14},
    HEADER: {"textColor": "#434343", "bold": True, "wrapping": "wrap", "verticalAlign": "middle"},
    NUMBER_HEADER: {
        "textColor": "#434343",
        "bold": True,
        "align": "right",
        "wrapping": "wrap",
        "verticalAlign": "middle",
    },
    TOTAL: {"bold": True, "fillColor": "#F2F2F2"},
    NOTE: {"textColor": "#5F6368"},
    LEFT: {"align": "left"},
}
PERCENT, COUNT, YEAR_MONTH = 1, 2, 3
FORMATS = {PERCENT: "0.00%", COUNT: "#,##0", YEAR_MONTH: "yyyy-mm"}
LINE_BELOW = 1
BORDERS = {LINE_BELOW: {"bottom": {"style": "thin", "color": "#CCCCCC"}}}
CARD = {
    "type": "scorecard",
    "background": "#EFF6FF",
    "baselineMode": "text",
    "baselineColorUp": "#00A04A",
    "baselineColorDown": "#DC6965",
    "humanize": False,
}
TABLE = {
    "hasFilters": False,
    "totalRow": False,
    "firstColumn": False,
    "lastColumn": False,
    "numberOfHeaders": 1,
    "bandedRows": True,
    "bandedColumns": False,
    "automaticAutofill": False,
    "styleId": "None",
}


class Dashboard:
    """A spreadsheet under construction: the sheet that is seen, and the one with the data of its charts.

    Figures and tables are added from top to bottom; ``row`` is the next free one, counted from 0.
    """

    def __init__(self) -> None:
        self.pivots: dict[str, dict[str, Any]] = {}
        self.lists: dict[str, dict[str, Any]] = {}
        self.shown, self.data = Sheet("dashboard", "Dashboard"), Sheet("data", "Data")
        self.row = 2
        # The months of the period: the newest first, the oldest first.
        self.newest = self.pivot(REPORT, [], rows=[month("desc")])
        self.months = self.pivot(REPORT, [], rows=[month("asc")])
        self.shown.cells["A1"] = "=Data!A1"
        self.shown.styles["A1"] = NOTE
        self.data.cells["B1"] = header(self.newest, MONTH, 1)
        self.data.cells["C1"] = header(self.months, MONTH, 1)
        self.data.formats["B1:C1"] = YEAR_MONTH
        # Empty where there is no month; while figures are loading it says so.
        self.measure(self.newest, "closing")
        self.data.cells["D1"] = f'=PIVOT.VALUE({self.newest},"closing","#{MONTH}",1)'
        self.data.cells["A1"] = (
            '=IF(D1="",_t("No month of the period has figures yet. A manager computes them under '
            'Retention › Month end › Month ends."),'
            '_t("Large figures: the last month")&" ("&TEXT(B1,"yyyy-mm")&") · "&'
            '_t("small figures and tables: the whole period")&" ("&TEXT(C1,"yyyy-mm")&" – "&'
            'TEXT(B1,"yyyy-mm")&")"&E1)'
        )
        self.data.row = 2

    # ------------------------------------------------------------
    # what asks the database
    # ------------------------------------------------------------

    def pivot(self, model: str, measures: Sequence[str], **options: Any) -> str:
        key = str(len(self.pivots) + 1)
        self.pivots[key] = {
            "type": "ODOO",
            "id": key,
            "formulaId": key,
            "name": options.get("name", f"Month ends {key}"),
            "model": model,
            "domain": options.get("domain", []),
            "context": {},
            "rows": options.get("rows", []),
            "columns": options.get("columns", []),
            "measures": [],
            "sortedColumn": options.get("sort"),
            "fieldMatching": matching(options.get("day", "month")),
        }
        self.measure(key, *measures)
        return key

    def measure(self, pivot: str, *names: str) -> None:
        measures = self.pivots[pivot]["measures"]
        for name in names:
            if not any(measure["id"] == name for measure in measures):
                rate = name in RATES
                measures.append(
                    {
                        "id": name,
                        "fieldName": name,
                        "aggregator": "avg" if rate else "sum",
                        **(
                            {} if name in MONEY else {"format": FORMATS[PERCENT if rate else COUNT]}
                        ),
                    }
                )

    # ------------------------------------------------------------
    # what is seen
    # ------------------------------------------------------------

    def cards(self, *cards: tuple[str, str]) -> None:
        """Rows of four: the figure of the last month, and below it that of the period."""
        width = (WIDTH - 3 * GAP) // 4
        for number, (title, name) in enumerate(cards):
            self.measure(self.newest, name)
            key = f'PIVOT.VALUE({self.newest},"{name}","#{MONTH}",1)'
            if name in STANDS:
                first, words = START[name]
                self.measure(self.months, first)
                base = f'PIVOT.VALUE({self.months},"{first}","#{MONTH}",1)'
            else:
                base, words = f'PIVOT.VALUE({self.newest},"{name}")', "in the period"
            row = self.data.row + 1
            self.data.cells |= {
                f"A{row}": f"={key}",
                f"B{row}": f"={base}",
                f"C{row}": f'=IF(A{row}="","–",A{row})',
                f"D{row}": f'=IF(B{row}="","–",B{row})',
            }
            self.data.row += 1
            self.shown.figure(
                self.row + number // 4 * (CARD_ROWS + 1),
                number % 4 * (width + GAP),
                width,
                CARD_ROWS,
                {
                    **CARD,
                    "title": {"text": title, "bold": True, "color": "#434343"},
                    "keyValue": f"Data!C{row}",
                    "baseline": f"Data!D{row}",
                    "baselineDescr": {"text": words},
                },
            )
        self.row += -(-len(cards) // 4) * (CARD_ROWS + 1) + 1

    def charts(self, *charts: dict[str, Any]) -> None:
        width = (WIDTH - (len(charts) - 1) * GAP) // len(charts)
        for number, chart in enumerate(charts):
            self.shown.figure(self.row, number * (width + GAP), width, CHART_ROWS, chart)
        self.row += CHART_ROWS + 1

    def bars(self, title: str, name: str, *groups: str) -> dict[str, Any]:
        """Counts by month and more; a click on a bar shows what it is made of."""
        return {
            "type": "odoo_bar",
            "title": {"text": title, "bold": True, "color": "#434343"},
            "background": "#FFFFFF",
            "legendPosition": "top" if len(groups) > 1 else "none",
            "verticalAxisPosition": "left",
            "stacked": True,
            "dataSets": [],
            "metaData": {
                "resModel": REPORT,
                "measure": name,
                "groupBy": list(groups),
                "mode": "bar",
                "order": None,
                "cumulatedStart": False,
            },
            "searchParams": {"domain": [], "context": {}, "groupBy": list(groups), "orderBy": []},
            "fieldMatching": matching("month"),
        }

    def lines(self, title: str, *names: str) -> dict[str, Any]:
        """Rates by month: cells know that they are per cent, a chart of Odoo's own does not."""
        self.measure(self.months, *names)
        data, top = self.data, self.data.row + 1
        for column, name in enumerate(names, start=1):
            data.cells[f"{letter(column)}{top}"] = (
                f'=PIVOT.HEADER({self.months},"measure","{name}")'
            )
        for number in range(1, MONTHS + 1):
            row = top + number
            data.cells[f"A{row}"] = header(self.months, MONTH, number)
            for column, name in enumerate(names, start=1):
                data.cells[f"{letter(column)}{row}"] = (
                    f'=PIVOT.VALUE({self.months},"{name}","#{MONTH}",{number})'
                )
        last = top + MONTHS
        data.formats[f"A{top + 1}:A{last}"] = YEAR_MONTH
        data.row = last
        return {
            "type": "line",
            "title": {"text": title, "bold": True, "color": "#434343"},
            "background": "#FFFFFF",
            "legendPosition": "top",
            "dataSetsHaveTitle": True,
            "dataSets": [
                {"dataRange": f"Data!{letter(column)}{top}:{letter(column)}{last}"}
                for column in range(1, len(names) + 1)
            ],
            "labelRange": f"Data!A{top}:A{last}",
            "labelsAsText": True,
            "stacked": False,
            "aggregated": False,
            "cumulative": False,
        }

    def table(
        self, title: str, group: str, figures: str, count: int, **options: Any
    ) -> tuple[int, int]:
        """The groups with their figures, below a total; the rows of the sheet that the groups are in.

        ``closing`` is that of the last month: customers do not add up over months.
        """
        names = figures.split()
        by_month = group == MONTH
        latest = "closing" in names and not by_month
        pivot = self.pivot(
            options.pop("model", REPORT),
            names,
            rows=[month("desc") if by_month else {"fieldName": group}],
            columns=[month("desc")] if latest else [],
            name=title,
            **options,
        )

        def values(*place: str) -> Iterator[str]:
            for name in names:
                arguments = ",".join([pivot, f'"{name}"', *place])
                if name == "closing" and latest:
                    yield f'=IFERROR(PIVOT.VALUE({arguments},"{MONTH}",Data!B1),"")'
                elif name in STANDS and not place:
                    yield ""
                else:
                    yield f"=PIVOT.VALUE({arguments})"

        titles = [
            '=_t("Closing, last month")'
            if name == "closing" and latest
            else f'=PIVOT.HEADER({pivot},"measure","{name}")'
            for name in names
        ]
        rows = [
            [header(pivot, group, number), *values(f'"#{group}"', str(number))]
            for number in range(1, count + 1)
        ]
        if by_month:
            months = f"A{self.row + 4}:A{self.row + 3 + count}"
            self.shown.formats[months] = YEAR_MONTH
            self.shown.styles[months] = LEFT
        return self._rows(title, [["", *titles], ['=_t("Total")', *values()], *rows])

    def list(self, title: str, model: str, columns: str, count: int, domain: Sequence[Any]) -> None:
        """The first records by the first column, without a word on whose they are."""
        fields = columns.split()
        key = str(len(self.lists) + 1)
        self.lists[key] = {
            "id": key,
            "name": title,
            "model": model,
            "columns": fields,
            "domain": domain,
            "context": {},
            "orderBy": [{"name": fields[0], "asc": True}],
            "fieldMatching": matching(None),
        }
        self.shown.styles[f"A{self.row + 3}:A{self.row + 2 + count}"] = LEFT
        self._rows(
            title,
            [
                [f'=ODOO.LIST.HEADER({key},"{name}")' for name in fields],
                *(
                    [f'=ODOO.LIST({key},{number},"{name}")' for name in fields]
                    for number in range(1, count + 1)
                ),
            ],
            with_total=False,
        )

    def _rows(
        self, title: str, rows: Sequence[Sequence[str]], with_total: bool = True
    ) -> tuple[int, int]:
        sheet, top = self.shown, self.row + 1
        last, width = letter(len(rows[0]) - 1), len(rows[0])
        sheet.cells[f"A{top}"] = f'=_t("{title}")'
        sheet.styles[f"A{top}"] = TITLE
        sheet.borders[f"A{top}:{last}{top}"] = LINE_BELOW
        for down, cells in enumerate(rows, start=top + 1):
            for column, content in zip(range(width), cells, strict=True):
                if content:
                    sheet.cells[f"{letter(column)}{down}"] = content
        sheet.styles[f"A{top + 1}"] = HEADER
        sheet.styles[f"B{top + 1}:{last}{top + 1}"] = NUMBER_HEADER if with_total else HEADER
        sheet.heights[top] = 2 * ROW
        if with_total:
            sheet.styles[f"A{top + 2}:{last}{top + 2}"] = TOTAL
        sheet.tables.append(f"A{top + 1}:{last}{top + len(rows)}")
        self.row = top + len(rows) + 1
        return top + 2 + with_total, top + len(rows)

    def bars_of_table(self, title: str, rows: tuple[int, int], column: int) -> dict[str, Any]:
        """A rate of the groups of a table."""
        first, last = rows
        return {
            "type": "bar",
            "title": {"text": title, "bold": True, "color": "#434343"},
            "background": "#FFFFFF",
            "legendPosition": "none",
            "dataSetsHaveTitle": False,
            "dataSets": [
                {"dataRange": f"Dashboard!{letter(column)}{first}:{letter(column)}{last}"}
            ],
            "labelRange": f"Dashboard!A{first}:A{last}",
            "stacked": False,
            "aggregated": False,
            "horizontal": False,
        }

    def say_what_waits(self) -> None:
        """Beside the period: from which of its months on bills are missing."""
        waiting = self.pivot(
            REPORT, ["closing"], rows=[month("asc")], domain=[["is_provisional", "=", True]]
        )
        self.data.cells["E1"] = (
            f'=IF(PIVOT.VALUE({waiting},"closing","#{MONTH}",1)="","",'
            '" · "&_t("Provisional, because bills are still missing, from")&" "&TEXT(F1,"yyyy-mm"))'
        )
        self.data.cells["F1"] = header(waiting, MONTH, 1)
        self.data.formats["F1"] = YEAR_MONTH

    def content(self) -> dict[str, Any]:
        self.say_what_waits()
        return {
            "version": VERSION,
            "revisionId": "START_REVISION",
            "uniqueFigureIds": True,
            "settings": {},
            "sheets": [self.shown.content(self.row + 1), self.data.content(self.data.row + 1)],
            "styles": numbered(STYLES),
            "formats": numbered(FORMATS),
            "borders": numbered(BORDERS),
            "customTableStyles": {},
            "pivots": self.pivots,
            "pivotNextId": len(self.pivots) + 1,
            "lists": self.lists,
            "listNextId": len(self.lists) + 1,
            "globalFilters": [
                # The last twelve months that are over.
                {"id": PERIOD, "type": "date", "label": "Period", "defaultValue": "last_12_months"},
                relation(BRANCH, "Branch", "crm.team"),
                relation(MANAGER, "Account manager", "res.users", [["share", "=", False]]),
                relation(TIER, "Tier", "vip.tier"),
            ],
            "chartOdooMenusReferences": {},
        }


class Sheet:
    def __init__(self, key: str, name: str) -> None:
        self.key, self.name, self.row = key, name, 0
        self.cells: dict[str, str] = {}
        self.styles: dict[str, int] = {}
        self.formats: dict[str, int] = {}
        self.borders: dict[str, int] = {}
        self.heights: dict[int, int] = {}
        self.tables: list[str] = []
        self.figures: list[dict[str, Any]] = []

    def figure(self, row: int, left: int, width: int, rows: int, data: dict[str, Any]) -> None:
        key = f"figure{len(self.figures) + 1}"
        self.figures.append(
            {
                "id": key,
                "tag": "chart",
                "col": 0,
                "row": row,
                "offset": {"x": left, "y": 0},
                "width": width,
                "height": rows * ROW,
                "data": {**data, "chartId": key},
            }
        )

    def content(self, rows: int) -> dict[str, Any]:
        return {
            "id": self.key,
            "name": self.name,
            "colNumber": COLUMNS,
            "rowNumber": rows,
            "cols": {
                str(column): {"size": COLUMN_WIDTH if column else NAME_WIDTH}
                for column in range(COLUMNS)
            },
            "rows": {str(row): {"size": height} for row, height in self.heights.items()},
            "merges": [],
            "cells": self.cells,
            "styles": self.styles,
            "formats": self.formats,
            "borders": self.borders,
            "conditionalFormats": [],
            "dataValidationRules": [],
            "figures": self.figures,
            "tables": [{"range": area, "type": "static", "config": TABLE} for area in self.tables],
            "areGridLinesVisible": False,
            "isVisible": True,
        }


def month(order: str) -> dict[str, str]:
    return {"fieldName": "month", "granularity": "month", "order": order}


def header(pivot: str, group: str, number: int) -> str:
    formula = f'PIVOT.HEADER({pivot},"#{group}",{number})'
    # Odoo answers with an empty text where there is no such row, but for a month with an error.
    return f'=IFERROR({formula},"")' if group == MONTH else f"={formula}"


def letter(column: int) -> str:
    return "ABCDEFGHI"[column]


def numbered(things: dict[int, Any]) -> dict[str, Any]:
    return {str(number): thing for number, thing in things.items()}


def matching(day: str | None) -> dict[str, Any]:
    owners = {key: {"chain": field, "type": "many2one"} for key, field in OWNERS.items()}
    return {PERIOD: {"chain": day, "type": "date", "offset": 0}, **owners} if day else owners


def relation(
    key: str, label: str, model: str, domain: list[list[Any]] | None = None
) -> dict[str, Any]:
    return {
        "id": key,
        "type": "relation",
        "label": label,
        "modelName": model,
        **({"domainOfAllowedValues": domain} if domain else {}),
    }


def most(name: str) -> dict[str, Any]:
    return {"measure": name, "order": "desc", "domain": []}


# ------------------------------------------------------------
# THE DASHBOARDS
# ------------------------------------------------------------


def programme() -> Dashboard:
    board = Dashboard()
    board.cards(
        ("Closing", "closing"),
        ("Churn rate", "churn_rate"),
        ("Off-net rate", "off_net_rate"),
        ("Churned", "churned"),
        ("Contact coverage", "coverage_rate"),
        ("Service on time", "service_rate"),
        ("Save rate", "save_rate"),
        ("New-service penetration", "penetration"),
    )
    board.charts(
        board.bars("Customers at the end of the month", "closing", MONTH, "tier_id"),
        board.lines("Churn by month", "churn_rate", "off_net_rate"),
    )
    board.table(
        "By tier",
        "tier_id",
        """closing joined churned left_tier
        churn_rate coverage_rate service_rate save_rate""",
        5,
    )
    board.table(
        "By month, the latest 24",
        MONTH,
        "opening joined churned left_tier closing churn_rate off_net_rate save_rate",
        24,
    )
    return board


def branch() -> Dashboard:
    board = Dashboard()
    board.cards(
        ("Closing", "closing"),
        ("Churn rate", "churn_rate"),
        ("Off-net rate", "off_net_rate"),
        ("Contact coverage", "coverage_rate"),
        ("Service on time", "service_rate"),
        ("Satisfaction", "satisfaction"),
        ("Save rate", "save_rate"),
        ("Profile completeness", "completeness"),
    )
    # The chart shows what stands in the table below it.
    charts = board.row
    board.row += CHART_ROWS + 1
    figures = """closing churned churn_rate
        coverage_rate on_time_rate service_rate satisfaction save_rate"""
    rows = board.table("By branch, the first 12", "team_id", figures, 12)
    board.table(
        "By account manager, the 40 with most churned customers",
        "manager_id",
        figures,
        40,
        sort=most("churned"),
    )
    end, board.row = board.row, charts
    board.charts(
        board.bars("Churned customers by branch", "churned", MONTH, "team_id"),
        board.bars_of_table("Churn rate by branch", rows, 3),
    )
    board.row = end
    return board


def retention() -> Dashboard:
    board = Dashboard()
    board.cards(
        ("Save rate", "save_rate"),
        ("Acceptance rate", "acceptance_rate"),
        ("Cost per save", "cost_per_save"),
        ("Cases open at month end", "cases_open"),
        ("Cases decided", "cases_decided"),
        ("Saved", "cases_saved"),
        ("Churned, scheduled", "churned_scheduled"),
        ("Churned, arrears", "churned_arrears"),
    )
    board.charts(
        board.bars("Cases decided by branch", "cases_decided", MONTH, "team_id"),
        board.lines("Saved and accepted by month", "save_rate", "acceptance_rate"),
    )
    board.list(
        "Cases open today, the 10 nearest deadlines",
        "vip.retention.case",
        "deadline name state tier_id user_id",
        10,
        domain=[["state", "!=", "closed"]],
    )
    board.table(
        "Why they leave: requests of the period, the 15 most frequent reasons",
        "reason_id",
        "requested withdrawn saved lost refused no_answer save_rate",
        15,
        model="vip.retention.report",
        domain=[["requested", "=", 1]],
        day="requested_on",
        sort=most("requested"),
    )
    board.table(
        "By branch, the first 12",
        "team_id",
        """cases_decided cases_saved save_rate
        cases_offered cases_accepted acceptance_rate cost_per_save churn_rate""",
        12,
    )
    return board


def service() -> Dashboard:
    board = Dashboard()
    board.cards(
        ("Service on time", "service_rate"),
        ("Requests due", "requests_due"),
        ("Satisfaction", "satisfaction"),
        ("Ratings", "ratings"),
        ("Contact coverage", "coverage_rate"),
        ("Contact on time", "on_time_rate"),
        ("Reached customers", "reached_rate"),
        ("Benefit use", "benefit_use"),
    )
    board.charts(
        board.lines("Service by month", "service_rate", "satisfaction"),
        board.lines("Contacts by month", "coverage_rate", "on_time_rate", "reached_rate"),
    )
    board.list(
        "Requests open today, the 10 nearest deadlines",
        "vip.service.request",
        "resolve_by name state user_id type_id",
        10,
        domain=[["state", "in", ["new", "doing"]]],
    )
    board.table(
        "By service: requests due in the period",
        "type_id",
        "requests response_on_time resolution_on_time paused_hours rated satisfied",
        10,
        model="vip.service.report",
        day="due_month",
        sort=most("requests"),
    )
    board.table(
        "By branch, the first 12",
        "team_id",
        """requests_due service_rate ratings satisfaction
        contacts_due coverage_rate on_time_rate reached_rate""",
        12,
    )
    return board


DASHBOARDS = {"programme": programme, "branch": branch, "retention": retention, "service": service}


# ------------------------------------------------------------
# WRITING
# ------------------------------------------------------------


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="scripts/dashboards",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument(
        "folder",
        metavar="DIR",
        type=Path,
        nargs="?",
        default=DATA,
        help="where to; the addon's data",
    )
    folder = parser.parse_args(arguments).folder
    for name, build in DASHBOARDS.items():
        target = folder / f"vip_{name}_dashboard.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            target.write_text(text(build().content()), encoding="utf-8")
        except OSError as error:
            raise Stop(f"Cannot write {target}: {error.strerror}.", "Name another folder.")
        console.say(str(target))


def text(value: Any, depth: int = 0) -> str:
    """JSON with a line for each thing worth one: to be read, and compared line by line."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + depth < 100 or not isinstance(value, dict | list) or depth >= 5:
        return flat + ("" if depth else "\n")
    margin, inner = " " * depth, " " * (depth + 1)
    if isinstance(value, dict):
        lines = [
            f"{inner}{json.dumps(key, ensure_ascii=False)}: {text(part, depth + 1)}"
            for key, part in value.items()
        ]
        opening, closing = "{", "}"
    else:
        lines = [inner + text(part, depth + 1) for part in value]
        opening, closing = "[", "]"
    return f"{opening}\n" + ",\n".join(lines) + f"\n{margin}{closing}" + ("" if depth else "\n")


if __name__ == "__main__":
    console.script(main)
