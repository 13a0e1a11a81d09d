"""What the paths on the command line are: country files, saved plans, Kubernetes manifests; each read to an Estate."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import msgspec

from ringfence.errors import InputError
from ringfence.estate import Estate
from ringfence.verdict import Stage

_HEAD_BYTES = 64 * 1024
_MAX_PLAN = 256 * 1024 * 1024
_MANIFEST = re.compile(rb"^(apiVersion|kind)\s*:", re.MULTILINE)
_COUNTRY = re.compile(rb"^['\"]?(ringfence|country|sites)['\"]?\s*:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to judge.

    ``lines`` and ``file`` give findings their source; ``only_pods`` says that nothing but pods was read, so that only
    the rules about pods can be asked; ``waivers`` is the folder where this country's waivers lie by custom; ``notices`` is
    what the reader has to say about itself.
    """

    name: str
    estate: Estate
    stage: Stage
    declaration: str = ""
    lines: Mapping[str, int] | None = None
    file: str = ""
    only_pods: bool = False
    waivers: Path | None = None
    notices: tuple[str, ...] = ()


def subjects(paths: Sequence[Path]) -> list[Subject]:
    """Read all paths. Manifests beside a country file or a plan are judged as part of it, with its laws and places.

    Raises:
        InputError: a path that cannot be read as any of the three, or country files and plans together.
    """
    kinds = {path: _kind(path) for path in paths}
    if {"country", "plan"} <= set(kinds.values()):
        raise InputError("a country file and a plan bind at different stages; check them in two calls")
    found = [_country(path) if kind == "country" else _plan(path) for path, kind in kinds.items() if kind != "manifests"]
    manifests = [path for path, kind in kinds.items() if kind == "manifests"]
    if not manifests:
        return found
    from ringfence.read.manifests import read_manifests

    reads = {path: read_manifests(path) for path in manifests}
    if not found:
        return [Subject(str(path), read, "file", only_pods=True) for path, read in reads.items()]
    for path, read in reads.items():
        found = [_with_pods(subject, read, path) for subject in found]
    return found


def _kind(path: Path) -> str:
    if path.is_dir():
        return "manifests"
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; give a country file, a plan or manifests") from None
    if head.lstrip().startswith((b"{", b"[")) and b'"ringfence":' not in head:
        return "manifests" if b'"apiVersion"' in head and b'"steps"' not in head else "plan"
    return "manifests" if _MANIFEST.search(head) and not _COUNTRY.search(head) else "country"


def _country(path: Path) -> Subject:
    from ringfence.cli.country import open_country

    opened = open_country(path)
    loaded = opened.loaded
    return Subject(
        loaded.file, opened.estate, "file", loaded.digest, loaded.lines, loaded.file,
        waivers=path.parent / "waivers" / path.stem,
    )  # fmt: skip


def _plan(path: Path) -> Subject:
    from ringfence.read.plan import read_plan

    with path.open("rb") as stream:
        text = stream.read(_MAX_PLAN + 1)
    if len(text) > _MAX_PLAN:
        raise InputError(f"{path}: larger than {_MAX_PLAN // 1024 // 1024} MiB, so no plan of a country")
    estate = read_plan(text, str(path))
    # Pulumi leaves unchanged resources out of a preview unless it is asked for them, and with them what they say.
    whole = any(item.fact == "laws" for item in estate.coverage)
    hint = () if whole else (f"{path}: holds changes only; save it with `pulumi preview --json --show-sames`",)
    return Subject(str(path), estate, "plan", "sha256:" + sha256(text).hexdigest(), file=str(path), notices=hint)


def _with_pods(subject: Subject, read: Estate, path: Path) -> Subject:
    estate = msgspec.structs.replace(
        subject.estate,
        pods=(*subject.estate.pods, *read.pods),
        coverage=(*subject.estate.coverage, *read.coverage),
    )
    return replace(subject, name=f"{subject.name} with {path}", estate=estate)
