"""How a column's values are spread in both versions, as an SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.review.escape import cut
from medallion.review.markup import Markup, element

if TYPE_CHECKING:
    from medallion.diff.value import Histogram

__all__ = ["histogram_picture"]

_WIDTH, _HEIGHT = 320, 96
_FLOOR = _HEIGHT - 18
_LABEL = 18


def histogram_picture(column: str, histogram: Histogram, base: str, head: str, target: str) -> Markup:
    """Two bars for each bin, with what is behind each of them as its title.

    ``base`` and ``head`` name the versions, ``target`` is an id that the page has once.
    """
    most = max(1, *histogram.base, *histogram.head)
    bins = len(histogram.base)
    width = _WIDTH / max(1, bins)
    bars = []
    for place, counts in enumerate(zip(histogram.base, histogram.head, strict=True)):
        span = _span(histogram, place)
        for side, (count, kind, name) in enumerate(zip(counts, ("base", "head"), (base, head), strict=True)):
            height = (_FLOOR - 4) * count / most
            x = place * width + width * (0.08 + 0.42 * side)
            title = element("title", f"{name}{span}: {count:,} rows")
            bars.append(
                element(
                    "rect",
                    title,
                    class_=kind,
                    x=f"{x:.1f}",
                    y=f"{_FLOOR - height:.1f}",
                    width=f"{width * 0.42:.1f}",
                    height=f"{height:.1f}",
                )
            )
    line = element("line", class_="axis", x1=0, x2=_WIDTH, y1=_FLOOR, y2=_FLOOR)
    title = element("title", f"{column}, {base} and {head}", id=f"{target}-title")
    words = element("desc", _description(histogram, base, head), id=f"{target}-desc")
    svg = element(
        "svg",
        title,
        words,
        bars,
        line,
        _edges(histogram),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_labelledby=f"{target}-title {target}-desc",
        class_="histogram",
    )
    return element("figure", element("figcaption", cut(column, 60)[0]), svg)


def _span(histogram: Histogram, place: int) -> str:
    labels = histogram.labels
    return f", {labels[place]} to {labels[place + 1]}" if len(labels) > place + 1 else ""


def _description(histogram: Histogram, base: str, head: str) -> str:
    """The counts in words, for those who do not see the bars."""
    parts = [
        f"bin {place + 1}{_span(histogram, place)}: {old:,} → {new:,}"
        for place, (old, new) in enumerate(zip(histogram.base, histogram.head, strict=True))
        if old != new
    ]
    return f"Rows in {base} → {head}. " + ("; ".join(parts) or "The same in each bin.")


def _edges(histogram: Histogram) -> list[Markup]:
    if not histogram.labels:
        return []
    first, last = (cut(label, _LABEL)[0] for label in (histogram.labels[0], histogram.labels[-1]))
    y = _HEIGHT - 4
    return [element("text", first, x=0, y=y), element("text", last, x=_WIDTH, y=y, text_anchor="end")]
