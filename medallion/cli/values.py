"""What is typed on a command line, made into values without pydantic: typer imports it only to check them."""

from __future__ import annotations

from functools import partialmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer.core import TyperArgument, TyperOption

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["read_plainly"]


def read_plainly() -> None:
    """Let typer's parameters make values of the kinds that we have themselves; typer makes those of any other kind.

    A typer that makes them in another place goes on as it always did, only slower.
    """
    for kind in (TyperOption, TyperArgument):
        usual = getattr(kind, "get_runtime_param", None)
        if usual:
            kind.get_runtime_param = partialmethod(_plain_or, usual)  # type: ignore[assignment]


def _plain_or(parameter: Any, usual: Callable[[Any], Any]) -> Any:
    info = parameter.type_descriptor.parameter_info
    checked = (info.parser, info.max, info.exists, info.writable, info.resolve_path, info.allow_dash, info.clamp)
    make = None if any(checked) else _makers(info.min).get(parameter.type_descriptor.annotation)
    return _Plain(make, usual) if make else usual(parameter)


class _Plain:
    """Makes the value of one parameter; what it is not sure of, an error above all, is typer's to judge."""

    def __init__(self, make: Callable[[Any], Any], usual: Callable[[Any], Any]) -> None:
        self._make = make
        self._usual = usual

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value of what was typed."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        try:
            return self._make(value)
        except (TypeError, ValueError):
            return self._usual(param).coerce(value, param=param, ctx=ctx)


def _makers(least: float | None) -> dict[Any, Callable[[Any], Any]]:
    return {
        str: _text,
        bool: _flag,
        int: lambda value: _whole(value, least),
        Path: lambda value: Path(_text(value)),
        list[str]: lambda value: [_text(item) for item in _several(value)],
    }


def _text(value: Any) -> str:
    if isinstance(value, Path):
        return str(value)
    if not isinstance(value, str):
        raise TypeError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _whole(value: Any, least: float | None) -> int:
    number = value if type(value) is int else int(value) if _text(value).isdecimal() and value.isascii() else None
    if number is None or (least is not None and number < least):
        raise ValueError
    return number


def _several(value: Any) -> list[Any] | tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError
    return value
