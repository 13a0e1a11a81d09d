"""Kubernetes manifests, a file or a folder, to an Estate that covers pods: each with its file and line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ringfence import yamltext
from ringfence.errors import InputError
from ringfence.estate import Coverage, Estate
from ringfence.facts import Country, Pod
from ringfence.read.workload import ShapeError, objects, opaque_group, pods
from ringfence.yamltext import Document, dotted

SUFFIXES = (".yaml", ".yml", ".json")
MAX_DEPTH = 100  # schemas of custom resources nest deep
MAX_TOTAL = 64 * 1024 * 1024
MAX_SHOWN = 200


def read_manifests(path: Path) -> Estate:
    """Return an Estate whose only facts are the pods that the manifests under ``path`` make, of any workload kind.

    Its coverage says so; what may make pods in a way that only its controller knows is named there as missing, so that no
    rule passes over it. Judge it by the rules that read nothing but pods.

    Raises:
        InputError: one line for each problem: unreadable, no YAML, too large, no manifest, or refused by Kubernetes.
    """
    found: list[Pod] = []
    opaque: list[str] = []
    problems: list[str] = []
    for file, text in _texts(path, problems):
        may_merge = b"<<" in text
        for document in yamltext.parse_all(text, MAX_DEPTH):
            if document.problems:
                problems += [f"{file}:{p.line or document.line(p.path)}: {_at(p.path)}{p.message}" for p in document.problems]
            elif merges := [p for p in document.lines if "<<" in p] if may_merge else []:
                message = "merge keys (<<) are not read here, and Kubernetes follows them; write them out"
                problems.append(f"{file}:{document.line(merges[0])}: {message}")
            elif document.value is not None:
                _read(document, file, found, opaque, problems)
    if problems:
        more = [f"{path}: and {len(problems) - MAX_SHOWN} more problems"] if len(problems) > MAX_SHOWN else []
        raise InputError("\n".join(problems[:MAX_SHOWN] + more))
    covered = Coverage("pods", "declared", str(path), tuple(sorted(set(opaque))))
    return Estate(country=Country("", "", ()), pods=tuple(found), coverage=(covered,))


def _texts(path: Path, problems: list[str]) -> Iterator[tuple[Path, bytes]]:
    """Yield the text of each manifest, in the order of their names, and stop where there are too many of them."""
    if not path.exists():
        raise InputError(f"{path}: there is no such file or folder")
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES and file.is_file())
        if not files:
            raise InputError(f"{path}: holds no manifests (*.yaml, *.yml, *.json)")
    left = MAX_TOTAL
    for file in files:
        if not file.is_file():
            raise InputError(f"{file}: is neither a file nor a folder")
        try:
            with file.open("rb") as stream:
                text = stream.read(yamltext.MAX_BYTES + 1)
        except OSError as error:
            problems.append(f"{file}: cannot be read: {error.strerror}")
            continue
        left -= len(text)
        if left < 0:
            raise InputError(f"{path}: holds more than {MAX_TOTAL // 1024 // 1024} MiB of manifests; check it in parts")
        yield file, text


def _read(document: Document, file: Path, found: list[Pod], opaque: list[str], problems: list[str]) -> None:
    for path, manifest in objects(document.value):
        try:
            if not isinstance(manifest, dict) or not isinstance(manifest.get("kind"), str):
                raise ShapeError((), "no Kubernetes manifest: it has no kind; render templates and values first")
            if not isinstance(manifest.get("apiVersion"), str):
                raise ShapeError((), f"{manifest['kind']} has no apiVersion, so nothing says whose kind it is")
            made = list(pods(manifest))
        except ShapeError as error:
            where = (*path, *error.path)
            problems.append(f"{file}:{document.line(where)}: {_at(where)}{error}")
            continue
        for inner, pod in made:
            found.append(msgspec.structs.replace(pod, source=str(file), line=document.line((*path, *inner))))
        if (group := opaque_group(manifest)) is not None:
            name = (manifest.get("metadata") or {}).get("name", "unnamed")
            opaque.append(f"{manifest['kind']} {name} ({group})")


def _at(path: yamltext.Path) -> str:
    return f"{dotted(path)}: " if path else ""
