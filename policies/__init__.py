"""The rules: one file per subject, each rule with its metadata, check and examples together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable

from ringfence.rule import REGISTRY, Rule

SUBJECTS: tuple[str, ...] = (
    "assistants",
    "keys",
    "network",
    "oversight",
    "ownership",
    "personnel",
    "pods",
    "residency",
    "stores",
    "wiring",
)

# What turns facts into verdicts. The command line and the reports only show them.
_SHOWS_ONLY = ("cli", "report", "graph.py", "graph")


def load_rules() -> Mapping[str, Rule]:
    """Return all rules by id, in the order of their ids.

    Raises:
        RuleError: a rule is not written as rules must be (no bad example, an unknown fact, a taken id).
    """
    for subject in SUBJECTS:
        import_module(f"policies.{subject}")
    return {rule_id: REGISTRY[rule_id] for rule_id in sorted(REGISTRY)}


def policies_digest() -> str:
    """Return ``sha256:<hex>`` over all that decides a verdict: rules, laws, the pack, and the core's own modules."""
    digest = sha256()
    for room in ("policies", "ringfence"):
        for name, text in sorted(_sources(files(room), room)):
            digest.update(f"{name}\0{len(text)}\0".encode())
            digest.update(text)
    return "sha256:" + digest.hexdigest()


def _sources(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        inner = f"{name}/{entry.name}"
        if entry.name in _SHOWS_ONLY:
            continue
        if entry.is_dir():
            yield from _sources(entry, inner)
        elif entry.name.endswith((".py", ".yaml")):
            yield inner, entry.read_bytes()
