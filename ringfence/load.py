"""A country file to a Declaration: shape, references and address space checked, every error with its line, all at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin

import msgspec
from pydantic import BaseModel, ValidationError

from ringfence import yamltext
from ringfence.catalogue import Catalogue
from ringfence.crosscheck import crosscheck
from ringfence.declaration import SCHEMA_VERSION, Declaration
from ringfence.errors import InputError
from ringfence.yamltext import Document, Problem, dotted

_MAX_SHOWN = 200


class DeclarationError(InputError):
    """A country file cannot be used. The message holds one line for each problem; ``problems`` holds them apart."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = sorted(problems, key=lambda problem: (problem.line, str(problem.path), problem.message))
        lines = [f"{file}:{problem.line}: {_where(problem)}{problem.message}" for problem in self.problems]
        if len(lines) > _MAX_SHOWN:
            lines[_MAX_SHOWN:] = [f"{file}: and {len(lines) - _MAX_SHOWN} more problems"]
        super().__init__("\n".join(lines))


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid declaration, the lines of its paths (``sites.north.egress[0]``), its file and its digest."""

    declaration: Declaration
    lines: Mapping[str, int]
    file: str
    digest: str


def load(path: Path, catalogue: Catalogue, laws: Collection[str]) -> Loaded:
    """Read and validate a country file against the models of ``catalogue`` and the ids of ``laws``.

    Raises:
        DeclarationError: with one line for each problem, as ``file:line: path: what is wrong (what was meant)``.
        InputError: the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            text = stream.read(yamltext.MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; give the path of a country file") from None
    return load_text(text, str(path), catalogue, laws)


def load_text(text: bytes, file: str, catalogue: Catalogue, laws: Collection[str]) -> Loaded:
    """Validate the text of a country file; ``file`` is the name that errors show."""
    documents = yamltext.parse_all(text)
    document = documents[0] if documents else Document()
    problems = list(document.problems)
    if len(documents) > 1:
        problems.append(Problem((), "a country file is one YAML document; remove the '---' that starts another", 1))
    declaration, shape = _shape(document) if not any(p.path == () for p in problems) else (None, [])
    problems += shape
    if declaration is not None:
        problems += crosscheck(declaration, catalogue, laws)
    if problems or declaration is None:
        raise DeclarationError(file, [_with_line(problem, document) for problem in problems])
    lines = {dotted(path): line for path, line in document.lines.items()}
    return Loaded(declaration, lines, file, "sha256:" + sha256(text).hexdigest())


def _shape(document: Document) -> tuple[Declaration | None, list[Problem]]:
    """Validate the shape; what is wrong is reported and left out, so that the rest is still cross-checked."""
    value = document.value
    if not isinstance(value, dict):
        return None, [Problem((), "a country file is a mapping; start from countries/lab.yaml", 1)]
    version = value.get("ringfence")
    if version is not None and version != SCHEMA_VERSION:
        hint = "run `ringfence migrate`" if isinstance(version, int) and version < SCHEMA_VERSION else "use a newer one"
        message = f"schema version {version!r} is not {SCHEMA_VERSION}, the one that this Ringfence reads; {hint}"
        return None, [Problem(("ringfence",), message)]
    problems: list[Problem] = []
    for _ in range(_MAX_SHOWN):
        try:
            return Declaration.model_validate_json(msgspec.json.encode(value)), problems
        except ValidationError as error:
            found = [(tuple(e["loc"]), e) for e in error.errors(include_url=False)]
        except (UnicodeEncodeError, OverflowError) as error:
            return None, [
                *problems,
                Problem((), f"holds a character or number that JSON cannot: {type(error).__name__}"),
            ]
        problems += _one_each([_explain(loc, e, value) for loc, e in found])
        value = _without(value, [loc for loc, _ in found])
        if value is None:
            break
    return None, problems


def _one_each(problems: list[Problem]) -> list[Problem]:
    """Keep one problem a value: each member of a union complains for itself, in the same words or worse."""
    first: dict[tuple[object, ...], Problem] = {}
    for problem in problems:
        first.setdefault((problem.path, "is missing" in problem.message and problem.message), problem)
    return list(first.values())


def _without(value: dict[str, Any], locs: list[tuple[str | int, ...]]) -> dict[str, Any] | None:
    """Return a copy without the offending values: the key itself if it is surplus or optional, else what holds it."""
    copy = cast(dict[str, Any], msgspec.json.decode(msgspec.json.encode(value)))
    pruned = False
    for loc in sorted({_existing(copy, loc) for loc in locs}, key=lambda loc: (len(loc), str(loc)), reverse=True):
        holder: Any = copy
        for part in loc[:-1]:
            holder = holder[part] if _has(holder, part) else None
        if loc and holder is not None and _has(holder, loc[-1]):
            del holder[loc[-1]]
            pruned = True
    return copy if pruned else None


def _existing(value: Any, loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return the longest part of ``loc`` that the document has (pydantic adds parts for unions and missing keys)."""
    for depth, part in enumerate(loc):
        if not _has(value, part):
            return loc[:depth]
        value = value[part]
    return loc


def _has(value: Any, part: str | int) -> bool:
    if isinstance(value, dict):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and 0 <= part < len(value)


def _explain(loc: tuple[str | int, ...], error: Any, value: Any) -> Problem:
    """Say what pydantic found in words that name the mend."""
    path = _existing(value, loc)
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        near = get_close_matches(str(loc[-1]), _fields_at(loc[:-1]), n=1)
        meant = f' (did you mean "{near[0]}"?)' if near else "; remove it"
        return Problem(path, f'unknown key "{_short(loc[-1])}"{meant}')
    if kind == "missing":
        return Problem(path, f'"{loc[-1]}" is missing; add it')
    if kind == "literal_error":
        near = get_close_matches(str(error["input"]), [w.strip("'") for w in str(context["expected"]).split(" ")], n=1)
        meant = f' (did you mean "{near[0]}"?)' if near else ""
        return Problem(path, f"must be {context['expected']}, not {_short(error['input'])!r}{meant}")
    if kind == "string_pattern_mismatch":
        return Problem(path, f"{_short(error['input'])!r} does not match {context['pattern']}")
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    scalar = isinstance(error["input"], str | int | float | bool)
    return Problem(path, message + (f", not {_short(error['input'])!r}" if scalar else ""))


def _fields_at(loc: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the model at ``loc`` knows, for "did you mean"."""
    annotation: Any = Declaration
    for part in loc:
        if _is_model(annotation):
            fields = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
            annotation = fields.get(str(part))
        else:  # dict[Name, Model] or tuple[Model, ...]
            annotation = next((arg for arg in reversed(get_args(annotation)) if arg is not ...), None)
        if get_origin(annotation) in (Union, UnionType):
            annotation = next((arg for arg in get_args(annotation) if _is_model(arg)), None)
    return [field.alias or name for name, field in annotation.model_fields.items()] if _is_model(annotation) else []


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _short(value: object) -> str:
    text = str(value).encode("ascii", "backslashreplace").decode()
    return text if len(text) <= 60 else text[:57] + "..."


def _with_line(problem: Problem, document: Document) -> Problem:
    return Problem(problem.path, problem.message, problem.line or document.line(problem.path))


def _where(problem: Problem) -> str:
    return f"{_short(dotted(problem.path))}: " if problem.path else ""
