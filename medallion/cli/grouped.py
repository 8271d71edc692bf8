"""The help of the program, its commands under headings. Plain text: typer's own loads rich, and that takes longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.core import TyperGroup

if TYPE_CHECKING:
    import typer
    from typer._click import HelpFormatter

__all__ = ["GroupedCommands"]


class GroupedCommands(TyperGroup):
    """Commands under the headings of their ``rich_help_panel``, in the order in which they were registered."""

    def format_commands(self, ctx: typer.Context, formatter: HelpFormatter) -> None:  # type: ignore[override]
        """Write each heading with its commands."""
        panels: dict[str, list[tuple[str, str]]] = {}
        width = max(map(len, self.commands))
        for name in self.list_commands(ctx):
            command = self.commands[name]
            if not command.hidden:
                told = command.get_short_help_str(formatter.width - width - 6)
                heading = getattr(command, "rich_help_panel", None) or "Commands"
                panels.setdefault(str(heading), []).append((name.ljust(width), told))
        for heading, listed in panels.items():
            with formatter.section(heading):
                formatter.write_dl(listed)
