"""A country file to a Declaration: shape, references and address space checked, every error with its line, all at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import msgspec
from pydantic import ValidationError

from ringfence import yamltext
from ringfence.catalogue import Catalogue
from ringfence.crosscheck import crosscheck
from ringfence.declaration import SCHEMA_VERSION, Declaration
from ringfence.errors import InputError
from ringfence.explain import existing, explain, short
from ringfence.prune import Pruned
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
    pruned = Pruned()
    declaration, shape = _shape(document.value, pruned) if not any(p.path == () for p in problems) else (None, [])
    problems += shape
    if declaration is not None:
        dangling = crosscheck(declaration, catalogue, laws)
        problems += [replace(p, path=pruned.original(p.path)) for p in dangling if p.absent not in pruned.names]
    if problems or declaration is None:
        raise DeclarationError(file, [_with_line(problem, document) for problem in problems])
    lines = {dotted(path): line for path, line in document.lines.items()}
    return Loaded(declaration, lines, file, "sha256:" + sha256(text).hexdigest())


def _shape(value: object, pruned: Pruned) -> tuple[Declaration | None, list[Problem]]:
    """Validate the shape; what is wrong is reported and pruned, so that the rest can still be cross-checked."""
    if not isinstance(value, dict):
        return None, [Problem((), "a country file is a mapping; start from countries/lab.yaml", 1)]
    version = value.get("ringfence")
    if version is not None and version != SCHEMA_VERSION:
        message = f"schema version {short(version)} is not {SCHEMA_VERSION}, the one that this Ringfence reads"
        return None, [Problem(("ringfence",), message)]
    problems: dict[tuple[object, ...], Problem] = {}
    for _ in range(_MAX_SHOWN):
        try:
            return Declaration.model_validate_json(msgspec.json.encode(value)), list(problems.values())
        except ValidationError as error:
            found = error.errors(include_url=False)
        except (UnicodeEncodeError, OverflowError, msgspec.ValidationError) as error:
            what = f"holds a character or a number that JSON cannot hold ({type(error).__name__})"
            return None, [*problems.values(), Problem((), what)]
        for item in found:
            problem = explain(item, value)
            if item["type"] == "missing" and (*pruned.original(problem.path), item["loc"][-1]) in pruned.paths:
                continue
            # One problem a value: each member of a union complains for itself, in the same words or worse.
            told = Problem(pruned.original(problem.path), problem.message)
            problems.setdefault((told.path, item["type"] == "missing" and told.message), told)
        value = pruned.without(value, [existing(value, item["loc"]) for item in found])
        if value is None:
            break
    return None, list(problems.values())


def _with_line(problem: Problem, document: Document) -> Problem:
    return replace(problem, line=problem.line or document.line(problem.path))


def _where(problem: Problem) -> str:
    return f"{short(dotted(problem.path))}: " if problem.path else ""
