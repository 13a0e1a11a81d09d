"""A Pulumi plan to an Estate: what would stand after it. From ``pulumi preview --json``, or from CrossGuard's resources.

Our own resources carry in their inputs ``facts`` a slice of the Estate; the slices together are what the plan covers.
Pods come from whatever Kubernetes objects the plan holds. What Pulumi does not know yet, or keeps secret, is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin

import msgspec

from ringfence.errors import InputError
from ringfence.estate import FACTS, Coverage, Estate
from ringfence.facts import Country, Pod
from ringfence.inputs import InputsError, inputs_digest, plain
from ringfence.read.workload import ShapeError, objects, opaque_group, pods

OURS = "ringfence:"
KUBERNETES = "kubernetes:"

# Types of ours that stand for one fact each, which they must carry.
_STANDS_FOR = {"ringfence:keys:Key": "keys", "ringfence:stores:Bucket": "buckets", "ringfence:gpu:Pool": "pools"}

# Pulumi's own resources: the stack, providers, references to other stacks. They make nothing.
_PULUMI = "pulumi:"

# How ``pulumi preview --json`` prints a secret.
_SECRET = "[secret]"  # noqa: S105  # the mark, not a secret

_STAYS = frozenset({
    "same", "create", "update", "replace", "create-replacement", "read", "read-replacement", "import", "import-replacement",
    "refresh",
})  # fmt: skip
_GOES = frozenset({"delete", "discard"})
_OLD_COPY = frozenset({"delete-replaced", "discard-replaced", "remove-pending-replace"})

_ITEMS = {
    name: get_args(info.type)[0] if get_origin(info.type) is tuple else None
    for info in msgspec.structs.fields(Estate)
    if (name := info.name) in FACTS
}
_TYPES = {info.name: info.type for info in msgspec.structs.fields(Estate)}


@dataclass(frozen=True, slots=True)
class Planned:
    """A resource as a plan has it: its Pulumi type, its URN and its inputs (JSON values).

    ``custom`` tells what a provider makes from a component, which only groups others.
    """

    type: str
    urn: str
    inputs: Mapping[str, Any]
    custom: bool = True


class _State(msgspec.Struct):
    type: str
    inputs: dict[str, Any] = {}
    custom: bool = False


class _Step(msgspec.Struct):
    op: str
    urn: str
    newState: _State | None = None  # noqa: N815  # Pulumi's name


class _Diagnostic(msgspec.Struct):
    message: str = ""
    severity: str = ""


class _Preview(msgspec.Struct, forbid_unknown_fields=True):
    """What the CLI calls a PreviewDigest."""

    steps: tuple[_Step, ...]
    config: dict[str, Any] = {}
    diagnostics: tuple[_Diagnostic, ...] = ()
    duration: int = 0
    changeSummary: dict[str, int] = {}  # noqa: N815
    maybeCorrupt: Literal[False] = False  # noqa: N815


def read_plan(text: bytes, file: str) -> Estate:
    """Return the Estate that a saved ``pulumi preview --json`` plans; ``file`` is the name that errors show.

    Raises:
        InputError: it is no such plan, of a version that is not known, of a preview that failed, or its facts are none.
    """
    try:
        preview = msgspec.json.decode(text, type=_Preview)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"no plan that this Ringfence reads ({error}); save one with `pulumi preview --json` of Pulumi 3"
        raise InputError(f"{file}: {message}") from None
    for diagnostic in preview.diagnostics:
        if diagnostic.severity == "error":
            first = diagnostic.message.strip().partition("\n")[0]
            raise InputError(f"{file}: the preview failed, so the plan is not whole ({first}); mend that and save it again")
    left_out = preview.changeSummary.get("same", 0) - sum(step.op == "same" for step in preview.steps)
    return estate_of(_standing(preview.steps, file), file, left_out)


def _standing(steps: tuple[_Step, ...], file: str) -> Iterator[Planned]:
    """Yield what stands once all steps are done; of several steps on one resource the last one tells."""
    standing: dict[str, _State] = {}
    for step in steps:
        if step.op in _GOES or (step.op in _STAYS and step.newState is None):
            standing.pop(step.urn, None)
        elif step.op in _STAYS and step.newState is not None:
            standing[step.urn] = step.newState
        elif step.op not in _OLD_COPY:
            raise InputError(f"{file}: holds a step {step.op[:40]!r}, which this Ringfence does not know; use a newer one")
    for urn, state in standing.items():
        yield Planned(state.type, urn, state.inputs, state.custom)


def estate_of(resources: Iterable[Planned], provenance: str, left_out: int = 0) -> Estate:
    """Return the Estate that planned resources carry, with grade ``planned`` and the coverage of their slices.

    ``left_out`` is how many resources stand and are not among them: like those of a provider that is neither ours nor
    Kubernetes', they may be anything, so no fact is known whole.

    Raises:
        InputError: a slice is none, or two of them contradict each other.
    """
    read = _Reading()
    if left_out > 0:
        read.opaque.append(f"{left_out} unchanged resources (the plan was saved without --show-sames)")
    for resource in resources:
        if resource.type.startswith(OURS):
            read.slice(resource)
        elif resource.type.startswith(KUBERNETES):
            read.workload(resource)
        elif resource.custom and not resource.type.startswith(_PULUMI):
            read.opaque.append(_short(resource.urn))
    return read.estate(provenance)


@dataclass(slots=True)
class _Reading:
    """The slices merged so far. ``opaque`` are resources of ours that say nothing: any fact may be missing from them."""

    items: dict[str, dict[Any, None]] = field(default_factory=dict)
    alone: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, list[str]] = field(default_factory=dict)
    opaque: list[str] = field(default_factory=list)
    pods: list[Pod] = field(default_factory=list)

    def slice(self, resource: Planned) -> None:
        """Take in the facts that a resource of ours carries. A component has no inputs, and carries none."""
        if not resource.inputs:
            return
        facts = resource.inputs.get("facts")
        if not isinstance(facts, Mapping) or not all(isinstance(fact, str) for fact in facts):
            self.opaque.append(_short(resource.urn))
            return
        if (own := _STANDS_FOR.get(resource.type)) and not _tells_itself(resource.inputs, facts.get(own)):
            self.missing.setdefault(own, []).append(_short(resource.urn))
        for fact, value in facts.items():
            if fact not in FACTS:
                raise InputError(f"{_short(resource.urn)}: carries an unknown fact {fact[:40]!r}; plan with this version")
            if _ITEMS[fact] is None:
                self._take_alone(resource, fact, value)
            else:
                self._take_items(resource, fact, value)

    def _take_alone(self, resource: Planned, fact: str, value: Any) -> None:
        try:
            made = _convert(value, _TYPES[fact], resource, fact)
        except InputsError:
            self.missing.setdefault(fact, []).append(_short(resource.urn))
            return
        if self.alone.setdefault(fact, made) != made:
            raise InputError(f"{_short(resource.urn)}: contradicts another resource about {fact}; make the plan anew")

    def _take_items(self, resource: Planned, fact: str, value: Any) -> None:
        into = self.items.setdefault(fact, {})
        if not isinstance(value, list | tuple):
            self.missing.setdefault(fact, []).append(_short(resource.urn))
            return
        for item in value:
            try:
                into[_convert(item, _ITEMS[fact], resource, fact)] = None
            except InputsError:
                name = item.get("name") if isinstance(item, Mapping) else None
                self.missing.setdefault(fact, []).append(name if isinstance(name, str) else _short(resource.urn))

    def workload(self, resource: Planned) -> None:
        """Take in the pods that a Kubernetes object makes; what may make others, or is not known yet, is missing."""
        manifest = resource.inputs
        if not manifest:
            return
        try:
            there = [each for _, each in objects(manifest)]
            if not all(isinstance(each, Mapping) for each in there):
                raise InputsError("one of its items is no object")
            made = [pod for each in there for _, pod in pods(each, declared="")]
            if made:
                _known(manifest, resource.urn)
            if any("kind" not in each or opaque_group(each) is not None for each in there):
                raise InputsError("its controller may make pods")
        except (ShapeError, InputsError):
            self.missing.setdefault("pods", []).append(_short(resource.urn))
            return
        self.pods += (msgspec.structs.replace(pod, source=resource.urn) for pod in made)

    def estate(self, provenance: str) -> Estate:
        """Return what was merged."""
        covered = {*self.items, *self.alone, *self.missing, "pods"}
        coverage = tuple(
            Coverage(fact, "planned", provenance, tuple(sorted({*self.missing.get(fact, ()), *self.opaque})))
            for fact in FACTS
            if fact in covered
        )
        facts: dict[str, Any] = {"country": Country("", "", ()), **self.alone}
        facts |= {fact: tuple(values) for fact, values in self.items.items()}
        facts["pods"] = (*facts.get("pods", ()), *self.pods)
        return Estate(**facts, coverage=coverage)


def _tells_itself(inputs: Mapping[str, Any], items: Any) -> bool:
    """Return whether a slice is one item that says what the resource's own inputs say; an edited program may lie."""
    if not isinstance(items, list | tuple) or len(items) != 1 or not isinstance(items[0], Mapping):
        return False
    told = {_camel(str(field)): value for field, value in items[0].items()}
    shared = told.keys() & inputs.keys()
    try:
        return inputs_digest({name: inputs[name] for name in shared}) == inputs_digest({name: told[name] for name in shared})
    except InputsError:
        return True  # what is not known yet is counted as missing already


def _camel(field: str) -> str:
    first, *rest = field.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _known(value: Any, urn: str) -> Any:
    """Return a value with whole numbers as such.

    Raises:
        InputsError: part of it is a secret, or is known only once the plan has been carried out.
    """
    made = plain(value, _short(urn))
    todo = [made]
    while todo:
        item = todo.pop()
        if item == _SECRET:
            raise InputsError(f"{_short(urn)}: holds a secret")
        if isinstance(item, dict | list):
            todo.extend(item.values() if isinstance(item, dict) else item)
    return made


def _convert(value: Any, to: Any, resource: Planned, fact: str) -> Any:
    known = _known(value, resource.urn)
    try:
        return msgspec.convert(known, to)
    except msgspec.ValidationError as error:
        raise InputError(f"{_short(resource.urn)}: facts.{fact}: {error}; plan with this version") from None


def _short(urn: str) -> str:
    """Return a resource's type and name, the part of its URN that people know it by."""
    return "::".join(urn.split("::")[-2:])
