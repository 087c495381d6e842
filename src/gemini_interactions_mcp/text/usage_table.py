"""Tables of what interactions have used and cost: Markdown, aligned text and JSON. Pure."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gemini_interactions_mcp.core import (
    escape_hidden,
    format_count,
    format_dollars,
    format_estimate,
    join_paragraphs,
    make_inert,
    quote_name,
)
from gemini_interactions_mcp.models import UsageReport, UsageTotals

USAGE_URI: Final = "gemini://usage"
"""URI of the resource with these tables."""

MAX_USAGE_LINES: Final = 100
"""Maximum number of lines of a table; the last one sums those that are left out."""

USAGE_NAME_CHARACTERS: Final = 60
"""Maximum length of a name in a Markdown table."""

USAGE_HEAD: Final = "# Usage"
"""The title of the document with all tables."""

USAGE_BASIS: Final = (
    "Costs are estimates from Google's prices. Input includes the tokens of tools, and cached tokens. Days are UTC."
)


def render_usage_markdown(report: UsageReport) -> str:
    """Return a report as a Markdown table with notes; of an empty one, a sentence."""
    if not report.lines:
        return f"{describe_no_usage(report)}\n"
    return join_paragraphs(render_markdown_table(report), describe_usage(report.total))


def render_markdown_table(report: UsageReport) -> str:
    """Return the lines and the total of a report as a Markdown table."""
    head, *rows = list_usage_cells(report, [make_inert(name, USAGE_NAME_CHARACTERS) for name, _ in report.lines])
    rule = ["---", *["--:"] * (len(head) - 2), "---"]
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in (head, rule, *rows)]
    return "\n".join(lines)


def render_usage_text(report: UsageReport) -> str:
    """Return a report as aligned text with notes; of an empty one, a sentence."""
    if not report.lines:
        return f"{describe_no_usage(report)}\n"
    rows = list_usage_cells(report, [quote_name(name) for name, _ in report.lines])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return join_paragraphs("\n".join(align_cells(row, widths) for row in rows), describe_usage(report.total))


def render_usage_document(reports: Sequence[UsageReport]) -> str:
    """Return reports on the same interactions as a Markdown document, each below a heading; the notes stand first."""
    first = reports[0]
    if not first.lines:
        return join_paragraphs(USAGE_HEAD, describe_no_usage(first))
    sections = [f"## By {report.by}\n\n{render_markdown_table(report.shorten(MAX_USAGE_LINES))}" for report in reports]
    return join_paragraphs(
        USAGE_HEAD, describe_usage(first.total), f"{USAGE_URI}/data has the same as JSON.", *sections
    )


def render_usage_json(reports: Iterable[UsageReport]) -> str:
    """Return reports as a JSON object, each under what its lines stand for; hidden characters are escaped."""
    told = {report.by: report.shorten(MAX_USAGE_LINES).data() for report in reports}
    return escape_hidden(json.dumps(told, indent=2, ensure_ascii=False))


def list_usage_cells(report: UsageReport, names: Sequence[str]) -> list[list[str]]:
    """Return the cells of a table: its head, a row for each line under the name given, and the total."""
    sums = [totals for _, totals in report.lines]
    return [
        [report.by, "runs", "input", "output", "thought", "cached", "cost"],
        *([name, *format_totals(totals)] for name, totals in zip(names, sums, strict=True)),
        ["total", *format_totals(report.total)],
    ]


def format_totals(totals: UsageTotals) -> list[str]:
    """Return the cells of a row after its name."""
    tokens = (totals.input_tokens, totals.output_tokens, totals.thought_tokens, totals.cached_tokens)
    return [*(f"{number:,}" for number in (totals.runs, *tokens)), ", ".join(describe_costs(totals))]


def describe_costs(totals: UsageTotals) -> Iterator[str]:
    """Yield the cost of the runs whose cost is known, and the numbers of the others."""
    if totals.priced:
        yield format_estimate(totals.cost_micros) if totals.cost_micros else format_dollars(0)
    if totals.unpriced:
        yield f"{totals.unpriced:,} unknown"
    if totals.running:
        yield f"{totals.running:,} running"


def align_cells(row: Sequence[str], widths: Sequence[int]) -> str:
    """Return the cells of a row in columns: numbers to the right, name and cost to the left."""
    name, *numbers, cost = row
    aligned = [number.rjust(width) for number, width in zip(numbers, widths[1:-1], strict=True)]
    return "  ".join([name.ljust(widths[0]), *aligned, cost])


def describe_usage(total: UsageTotals) -> str:
    """Return what the costs of a table are, and what is not in them."""
    return " ".join([USAGE_BASIS, *iterate_usage_notes(total)])


def iterate_usage_notes(total: UsageTotals) -> Iterator[str]:
    """Yield sentences on the runs that are not in the costs."""
    if total.unpriced:
        yield f"Left out: {format_count(total.unpriced, 'run')} of unknown price."
    if total.running:
        yield f"Not ended yet: {format_count(total.running, 'run')}."
    if total.reserved_micros:
        yield f"Reserved for runs without a known cost: {format_dollars(total.reserved_micros)}."


def describe_no_usage(report: UsageReport) -> str:
    """Return the sentence for a report without lines."""
    since = f" since {report.since:%Y-%m-%d} (UTC)" if report.since else ""
    return f"Nothing has been asked{since}."
