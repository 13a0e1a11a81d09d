"""Leaving the wrong values out of a document, so that all that is wrong with the rest can be told in the same run."""

from __future__ import annotations

from bisect import insort
from typing import Any, cast

import msgspec

from ringfence.explain import has
from ringfence.yamltext import Path


class Pruned:
    """What was left out. ``paths`` and ``names`` are those of the document as it was; ``original`` maps back to it."""

    def __init__(self) -> None:
        self.paths: set[Path] = set()
        self._gone: dict[Path, list[int]] = {}

    @property
    def names(self) -> set[str]:
        """The names of what was left out: references to them are not dangling."""
        return {str(path[-1]) for path in self.paths if path}

    def original(self, path: Path) -> Path:
        """Return what a path into the pruned document was called in the whole one: list items move up when one goes."""
        whole: Path = ()
        for part in path:
            if isinstance(part, int):
                for gone in self._gone.get(whole, ()):
                    part += gone <= part
            whole = (*whole, part)
        return whole

    def without(self, value: dict[str, Any], paths: list[Path]) -> dict[str, Any] | None:
        """Return a copy without the values at ``paths``; ``None`` when nothing could be left out."""
        copy = cast(dict[str, Any], msgspec.json.decode(msgspec.json.encode(value)))
        before = len(self.paths)
        originals = [(path, self.original(path)) for path in set(paths) if path]
        # From the last to the first, so that no path is moved by the removal of another.
        for path, whole in sorted(originals, key=lambda pair: [_order(part) for part in pair[0]], reverse=True):
            holder: Any = copy
            for part in path[:-1]:
                holder = holder[part] if has(holder, part) else None
            if has(holder, path[-1]):
                del holder[path[-1]]
                self.paths.add(whole)
                if isinstance(path[-1], int):
                    insort(self._gone.setdefault(whole[:-1], []), cast(int, whole[-1]))
        return copy if len(self.paths) > before else None


def _order(part: str | int) -> tuple[int, str]:
    return (part, "") if isinstance(part, int) else (-1, part)
