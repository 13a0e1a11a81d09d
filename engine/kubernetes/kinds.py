"""What the discovery API cannot tell about a kind (`kinds.yaml`): immutable, controller-managed and secret fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from engine.kubernetes.properties import Path
from engine.kubernetes.tokens import Kind

# A pattern is a path in which -1 stands for any index of a list.
ANY_INDEX = -1

_IDENTITY: tuple[Path, ...] = (("kind",), ("metadata", "name"), ("metadata", "namespace"))
_STEP = re.compile(r'\["(?P<quoted>[^"]+)"\]|(?P<any>\[\])|\.?(?P<plain>[^.\[]+)')


@dataclass(frozen=True)
class Rules:
    """The special cases of one kind; each entry is a pattern."""

    immutable: tuple[Path, ...] = _IDENTITY
    mutable: tuple[Path, ...] = ()
    sealed: tuple[Path, ...] = ()
    managed: tuple[Path, ...] = ()
    secret: tuple[Path, ...] = ()


def rules(kind: Kind) -> Rules:
    """Return the special cases of a kind."""
    return _all_rules().get(kind.key, Rules())


def matches(path: Path, pattern: Path) -> bool:
    """Say whether `path` lies at or below `pattern`."""
    return len(path) >= len(pattern) and all(
        isinstance(step, int) if wanted == ANY_INDEX else step == wanted for step, wanted in zip(path, pattern, strict=False)
    )


@cache
def _all_rules() -> dict[str, Rules]:
    entries = yaml.safe_load(resources.files("engine.kubernetes").joinpath("kinds.yaml").read_text("utf-8"))
    return {key: _rules(entry) for key, entry in entries.items()}


def _rules(entry: dict[str, list[str]]) -> Rules:
    parsed = {name: tuple(_pattern(item) for item in items) for name, items in entry.items()}
    return Rules(**parsed | {"immutable": _IDENTITY + parsed.get("immutable", ())})


def _pattern(item: str) -> Path:
    return tuple(ANY_INDEX if step["any"] else step["quoted"] or step["plain"] for step in _STEP.finditer(item))
