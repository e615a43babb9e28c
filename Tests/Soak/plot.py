# SPDX-License-Identifier: Apache-2.0
"""Draws series as an SVG, with one panel below the other. The x axis is time, or a number on a logarithmic scale."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, GAP = 860, 150, 60, 20, 30, 40
COLOURS = ("#0072b2", "#d55e00", "#009e73")


def ticks(highest):
    """Round numbers from 0 to at least `highest`."""
    size = 10 ** math.floor(math.log10(highest or 1))
    step = next(factor * size / 5 for factor in (1, 2, 2.5, 5, 10) if factor * size >= highest)
    return [n * step for n in range(6)]


def panel(top, title, places, labels, series):
    """`places` are the x positions of the points, `labels` are (x position, text) below the axis."""
    marks = ticks(max(max(values) for _, values in series))
    down = lambda value: top + HEIGHT - HEIGHT * value / marks[-1]
    yield f'<text x="{LEFT}" y="{top - 10}" font-weight="bold">{escape(title)}</text>'
    for mark in marks:
        y = f"{down(mark):.1f}"
        yield f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 6}" y="{y}" dy=".35em" text-anchor="end">{mark:g}</text>'
    for n, (name, values) in enumerate(series):
        points = " ".join(f"{x:.1f},{down(v):.1f}" for x, v in zip(places, values))
        yield f'<polyline points="{points}" fill="none" stroke="{COLOURS[n]}" stroke-width="1.5"/>'
        yield (f'<text x="{WIDTH - RIGHT - 130 * (len(series) - 1 - n)}" y="{top - 10}" text-anchor="end" '
               f'fill="{COLOURS[n]}">{escape(name)}</text>')
    for place, text in labels:
        yield f'<text x="{place:.1f}" y="{top + HEIGHT + 14}" text-anchor="middle">{escape(text)}</text>'


def across(share):
    return LEFT + (WIDTH - LEFT - RIGHT) * share


def draw(places, labels, panels):
    height = TOP + len(panels) * (HEIGHT + GAP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
             f'font-size="11">', f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>']
    for n, (title, series) in enumerate(panels):
        parts += panel(TOP + n * (HEIGHT + GAP), title, places, labels, series)
    return "\n".join([*parts, "</svg>", ""])


def svg(minutes, panels):
    """`panels` are (title, [(name, values), …]); the x axis is in minutes."""
    place = lambda minute: across(minute / minutes[-1])
    step = max(1, round(minutes[-1] / 10))
    labels = [(place(minute), str(minute)) for minute in range(0, int(minutes[-1]) + 1, step)]
    return draw([place(minute) for minute in minutes], labels, panels)


def curves(noun, counts, panels):
    """Like `svg`, but with `counts` of `noun` on a logarithmic x axis."""
    low, high = math.log(counts[0]), math.log(counts[-1])
    places = [across((math.log(count) - low) / (high - low) if high > low else 0) for count in counts]
    labels = [(place, f"{count:,}") for place, count in zip(places, counts)]
    labels[-1] = (places[-1] - 20, f"{counts[-1]:,} {noun}")
    return draw(places, labels, panels)
