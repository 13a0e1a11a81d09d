"""A click group whose commands are modules of a package, imported when they are named."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from ringfence import __version__


class LazyGroup(click.Group):
    """A group with one module per command; each module holds its ``click.Command`` as ``command``."""

    def __init__(self, *, package: str, commands: tuple[str, ...], **attributes: Any) -> None:
        super().__init__(**attributes)
        self._package = package
        self._commands = commands
        click.version_option(__version__, prog_name=self.name, message="%(prog)s %(version)s")(self)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order in which a newcomer meets them."""
        return list(self._commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command; nothing for a name that is none."""
        if cmd_name not in self._commands:
            return None
        command: click.Command = import_module(f"{self._package}.{cmd_name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments name, or say which one was probably meant."""
        if args and args[0] not in self._commands and not args[0].startswith("-"):
            near = get_close_matches(args[0], self._commands, n=1)
            meant = f' (did you mean "{near[0]}"?)' if near else f"; there are {', '.join(self._commands)}"
            ctx.fail(f'no command "{args[0][:60]}"{meant}')
        return super().resolve_command(ctx, args)
