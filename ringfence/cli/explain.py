"""``ringfence explain``: what a rule demands, why, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from textwrap import fill, indent
from typing import TYPE_CHECKING, Any

import click

from ringfence.errors import InputError

if TYPE_CHECKING:
    from ringfence.rule import Change, Rule


@click.command(
    "explain",
    short_help="Explain a rule: what it demands, why, examples, how to mend it.",
    epilog="""\b
Examples:
  ringfence explain                 a table of all rules
  ringfence explain RF-RES-001      one rule
  ringfence explain xa-data-act-12  one law, and the rules that read laws""",
)
@click.argument("name", required=False, metavar="[RULE|LAW]")
def command(name: str | None) -> None:
    """Explain RULE (or a LAW by its id); without one, show the table of all rules."""
    from policies import load_rules
    from policies.laws import load_laws

    rules = load_rules()
    laws = {law.id: law for law in load_laws()}
    if name is None:
        lines = _table(rules)
    elif name.upper() in rules:
        lines = _rule(rules[name.upper()])
    elif name in laws:
        lines = _law(laws[name], rules)
    else:
        near = get_close_matches(name.upper(), rules, n=1) or get_close_matches(name.lower(), laws, n=1)
        meant = f' (did you mean "{near[0]}"?)' if near else "; `ringfence explain` lists all rules"
        raise InputError(f'no rule or law "{name[:60]}"{meant}')
    click.echo("\n".join(lines))


def _table(rules: Mapping[str, Rule]) -> Iterator[str]:
    width = max((len(rule.title) for rule in rules.values()), default=0)
    yield f"{'rule':<12} {'title':<{width}}  {'severity':<9} mandatory at"
    for rule in rules.values():
        yield f"{rule.id:<12} {rule.title:<{width}}  {rule.severity:<9} {' '.join(rule.mandatory) or '(advisory)'}"
    yield ""
    yield f"{len(rules)} rules; `ringfence explain {next(iter(rules), 'RULE')}` explains one."


def _rule(rule: Rule) -> Iterator[str]:
    yield f"{rule.id}  {rule.title}"
    yield ""
    yield fill(rule.doc, 100)
    yield ""
    binding = ", ".join(rule.mandatory) or "never (advisory)"
    yield f"severity      {rule.severity}"
    yield f"mandatory at  {binding}"
    yield f"reads         {', '.join(rule.reads)}{' (the laws of the country decide)' if 'laws' in rule.reads else ''}"
    yield f"controls      {', '.join(rule.controls) or 'none named'}"
    yield f"waiver        {'possible' if rule.waivable else 'not possible'}"
    yield f"written in    {rule.where}"
    yield ""
    yield fill(rule.remedy, 100, initial_indent="To mend it: ", subsequent_indent="            ")
    for title, changes in (("Refused, for instance:", rule.bad), ("Accepted, for instance:", rule.good)):
        if changes:
            yield ""
            yield title
            for change in changes:
                yield from _example(change)


def _example(change: Change) -> Iterator[str]:
    import yaml

    for number, (path, value) in enumerate(change.items()):
        mark = "  - " if number == 0 else "    "
        if value is None:
            yield f"{mark}without {path}"
        elif isinstance(value, str | int | float):
            yield f"{mark}{path}: {value}"
        else:
            yield f"{mark}{path}:"
            plain: Any = _plain(value)
            yield indent(yaml.safe_dump(plain, sort_keys=False, default_flow_style=None, width=100).rstrip(), "        ")


def _plain(value: Any) -> Any:
    """Turn facts and tuples of an example into what YAML shows."""
    import msgspec

    return msgspec.to_builtins(value, enc_hook=str)


def _law(law: Any, rules: Mapping[str, Rule]) -> Iterator[str]:
    yield f"{law.id}  {law.citation}"
    yield ""
    yield f"kind      {law.kind}"
    yield f"in force  from {law.in_force_from or 'no date'}{f', grace until {law.grace_until}' if law.grace_until else ''}"
    checked = "its text was read" if law.verified else "unverified: judged in its strictest reading, never a pass"
    yield f"checked   {checked}"
    for duty in law.obligations:
        demands = {
            "stay in": duty.stay_in,
            "foreign ownership at most": "" if duty.foreign_ownership == 100 else f"{duty.foreign_ownership} %",
            "people": "" if duty.people == "any" else duty.people,
        }
        about = duty.data_class or (f"sector {duty.sector}" if duty.sector else "all data")
        yield f"demands   {about}: {'; '.join(f'{what} {value}' for what, value in demands.items() if value) or 'nothing'}"
    readers = [rule.id for rule in rules.values() if "laws" in rule.reads]
    yield f"judged by {', '.join(readers) or 'no rule'}"
