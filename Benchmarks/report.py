# SPDX-License-Identifier: Apache-2.0
"""Tables in Markdown, and the places of docs/performance.md that they go to."""
import re
import statistics


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def number(value, digits=3):
    """A figure with as many digits as mean something."""
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}" if abs(value) >= 0.001 else "0"


def median(rounds, key):
    return statistics.median(one[key] for one in rounds)


def verdict(value, limit, at_least=False):
    """How a figure stands to its target."""
    hit = value >= limit if at_least else value <= limit
    return f"{'hit' if hit else '**missed**'} ({'≥' if at_least else '≤'} {limit:,})"


def ratio(value, other):
    return f"{value / other:.2f}×" if other else "–"


def fill(text, name, generated):
    """Puts what was measured between the markers of that name."""
    marks = f"<!-- {name}: measured -->", f"<!-- {name}: end -->"
    pattern = re.compile(f"{re.escape(marks[0])}.*?{re.escape(marks[1])}", re.S)
    if not pattern.search(text):
        raise SystemExit(f"no place for {name}")
    return pattern.sub(lambda _: f"{marks[0]}\n{generated}\n{marks[1]}", text)
