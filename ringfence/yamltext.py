"""YAML text to plain values that remember their lines.

Written here, over libyaml's events, because no library gives all of: line numbers for every value, duplicate keys as
errors, bounds on depth and on what aliases expand to, and YAML 1.2 scalars (in YAML 1.1 the code ``NO`` is false).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 24
MAX_VALUES = 400_000

_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_SAFE_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: where (a path into the document and a 1-based line) and what.

    ``absent`` is the name that a dangling reference looked for.
    """

    path: Path
    message: str
    line: int = 0
    absent: str = ""


@dataclass(slots=True)
class Document:
    """A parsed YAML document: its value, the line of every path in it, and what was wrong with its text."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Return the line of ``path``, or of its nearest ancestor that the text has; 1 for an empty document."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)


class _UnreadableError(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


@dataclass(slots=True)
class _Frame:
    """A container that is being filled."""

    value: dict[str, Any] | list[Any]
    path: Path
    anchor: str | None
    key: str | None = None
    keyless: bool = False

    def child(self) -> Path:
        last = len(self.value) if isinstance(self.value, list) else str(self.key)
        return (*self.path, last)


def dotted(path: Path) -> str:
    """Write a path as people do: ``("sites", "north", "egress", 0)`` is ``sites.north.egress[0]``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def parse(text: bytes) -> Document:
    """Parse one YAML document. Never raises for what the text holds: see ``Document.problems``."""
    return next(iter(parse_all(text)), Document())


def parse_all(text: bytes, max_depth: int = MAX_DEPTH) -> list[Document]:
    """Parse each document of a multi-document text; a syntax error ends the list with the document that has it."""
    if len(text) > MAX_BYTES:
        return [Document(problems=[Problem((), f"larger than {MAX_BYTES // 1024 // 1024} MiB; split the file", 1)])]
    documents: list[Document] = []
    try:
        for event in _events(text, documents, max_depth):
            if isinstance(event, yaml.DocumentStartEvent):
                documents.append(Document())
    except _UnreadableError as stop:
        if not documents:
            documents.append(Document())
        documents[-1].problems.append(stop.problem)
    return documents


def _events(text: bytes, documents: list[Document], max_depth: int) -> Iterator[yaml.Event]:
    """Feed the events of each document to its builder, yielding those that start documents."""
    builder: _Builder | None = None
    try:
        for event in yaml.parse(text, Loader=_SAFE_LOADER):
            if isinstance(event, yaml.DocumentStartEvent):
                yield event
                builder = _Builder(documents[-1], max_depth)
            elif builder is not None:
                builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(str(error.problem or error.context or "cannot be read").split())
        raise _UnreadableError(Problem((), f"not YAML: {what}", mark.line + 1 if mark is not None else 1)) from None
    except yaml.reader.ReaderError as error:
        line = text[: max(error.position, 0)].count(b"\n") + 1 if isinstance(error.position, int) else 1
        raise _UnreadableError(Problem((), "not text: a character that YAML does not allow", line)) from None
    except UnicodeDecodeError as error:
        raise _UnreadableError(Problem((), "not text: it is not UTF-8", text[: error.start].count(b"\n") + 1)) from None


class _Builder:
    """Turns the events of one document into its value, with bounds on depth and on the number of values."""

    def __init__(self, document: Document, max_depth: int) -> None:
        self.document = document
        self.max_depth = max_depth
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.count = 0

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor, line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            frame = self.stack.pop()
            self._anchor(frame.anchor, frame.value)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(str(event.anchor), line)

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            self._key(frame, event.value, line)
            return
        value = resolve(event.value) if event.implicit[0] else event.value
        self._anchor(event.anchor, value)
        self._put(value, line)

    def _key(self, frame: _Frame, key: str, line: int) -> None:
        frame.key = key
        if key in frame.value:
            first = self.document.lines.get((*frame.path, key), 0)
            self.document.problems.append(
                Problem((*frame.path, key), f"duplicate key (first on line {first}); remove one", line)
            )
        else:
            self.document.lines[(*frame.path, key)] = line

    def _open(self, value: dict[str, Any] | list[Any], anchor: str | None, line: int) -> None:
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            raise _UnreadableError(Problem(frame.path, "a key must be a plain word, not a list or a mapping", line))
        path = frame.child() if frame else ()
        if len(self.stack) >= self.max_depth:
            raise _UnreadableError(Problem(path, f"nested deeper than {self.max_depth} levels", line))
        self._put(value, line)
        self.stack.append(_Frame(value, path, anchor))

    def _put(self, value: Any, line: int) -> None:
        self._count(1, line)
        if not self.stack:
            self.document.value = value
            self.document.lines.setdefault((), line)
            return
        frame = self.stack[-1]
        if isinstance(frame.value, list):
            self.document.lines[(*frame.path, len(frame.value))] = line
            frame.value.append(value)
        else:
            frame.value[str(frame.key)] = value
            frame.key = None

    def _anchor(self, anchor: str | None, value: Any) -> None:
        if anchor:
            self.anchors[anchor] = (value, _size(value))

    def _alias(self, anchor: str, line: int) -> None:
        frame = self.stack[-1] if self.stack else None
        path = frame.path if frame else ()
        if anchor not in self.anchors:
            raise _UnreadableError(Problem(path, f"alias *{anchor} stands before its anchor, or inside it", line))
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            raise _UnreadableError(Problem(path, "a key must be a plain word, not an alias", line))
        value, size = self.anchors[anchor]
        self._count(size, line)
        self._put(value, line)

    def _count(self, values: int, line: int) -> None:
        self.count += values
        if self.count > MAX_VALUES:
            raise _UnreadableError(Problem((), f"more than {MAX_VALUES} values once its aliases are expanded", line))


def resolve(text: str) -> Any:
    """Return what a plain scalar means in YAML 1.2's core schema (no octal, no sexagesimal, no ``yes``/``no``)."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _size(value: Any) -> int:
    """Count the values that an alias to ``value`` stands for; aliases inside it are already values."""
    total, todo = 0, [value]
    while todo and total <= MAX_VALUES:
        item = todo.pop()
        total += 1
        if isinstance(item, dict):
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
    return total
