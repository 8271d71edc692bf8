"""HTML that is escaped by the way it is built: what is not ``Markup`` is text."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from medallion.review.escape import cut, html_text

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Child", "Markup", "data", "element", "join", "sentence", "void"]


class Markup(str):
    """A text that is HTML. Only this module makes one of anything but a constant."""

    __slots__ = ()


#: What an element may hold; None is nothing.
Child: TypeAlias = "Markup | str | Iterable[Child] | None"


def _rendered(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str):
        return _text(child)
    return "".join(map(_rendered, child))


def _text(text: str) -> str:
    """A text of ours: spaces at its ends are spaces."""
    inner = text.strip(" ")
    if not inner:
        return " " if text else ""
    before, after = " " if text[0] == " " else "", " " if text[-1] == " " else ""
    return before + html_text(inner) + after


def _attributes(attributes: dict[str, str | int | float | bool | None]) -> str:
    """``class_`` is class, ``aria_label`` is aria-label; True has no value, False and None are left out."""
    parts = []
    for name, value in attributes.items():
        written = name.rstrip("_").replace("_", "-")
        if value is True:
            parts.append(f" {written}")
        elif value is not None and value is not False:
            parts.append(f' {written}="{html_text(str(value))}"')
    return "".join(parts)


def element(tag: str, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """An element with its attributes and what it holds."""
    return Markup(f"<{tag}{_attributes(attributes)}>{_rendered(children)}</{tag}>")


def void(tag: str, **attributes: str | float | bool | None) -> Markup:
    """An element of HTML that holds nothing."""
    return Markup(f"<{tag}{_attributes(attributes)}>")


def join(*children: Child) -> Markup:
    """Several after each other."""
    return Markup(_rendered(children))


def data(value: str | None, length: int = 200) -> Markup:
    """A value of the data, isolated so that its direction reaches nothing beside it.

    What is beyond ``length`` characters is counted. NULL and the empty text look like no value can.
    """
    if value is None:
        return element("span", "NULL", class_="null")
    if not value:
        return element("span", "empty", class_="null")
    kept, more = cut(value, length)
    rest = element("span", f" … {more:,} more characters", class_="null") if more else None
    return join(Markup(f'<bdi class="v">{html_text(kept)}</bdi>'), rest)


def sentence(text: str, length: int = 500) -> Markup:
    """A sentence that may name data; white space is a space, and what is beyond ``length`` characters is counted."""
    kept, more = cut(text, length)
    rest = element("span", f" … {more:,} more characters", class_="null") if more else None
    return join(element("bdi", " ".join(kept.split())), rest)
