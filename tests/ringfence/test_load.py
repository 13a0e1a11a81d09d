"""A country file is read whole or refused with one line for each thing that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.errors import InputError
from ringfence.load import DeclarationError, load
from tests.ringfence.conftest import LAB, load_lab

Said = Callable[..., str]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_lab_is_a_valid_country(lab_text: str) -> None:
    loaded = load_lab(lab_text)
    assert loaded.declaration.country.name == "Atlantis"
    assert loaded.lines["sites.north.egress[0]"] == line_of(lab_text, "- { to: model-exchange")


def test_an_unknown_key_names_the_key_that_was_meant(errors: Said, lab_text: str) -> None:
    said = errors(("    place:", "    palce:"))
    at = line_of(lab_text, "    place:")
    assert f'lab.yaml:{at}: sites.north.palce: unknown key "palce" (did you mean "place"?)' in said


def test_a_dangling_reference_names_the_near_one(errors: Said) -> None:
    assert 'sites.north.egress[0].via: no gateway "gw-9" (did you mean "gw-1"?)' in errors(("via: gw-1", "via: gw-9"))


def test_all_errors_of_a_file_are_shown_at_once(errors: Said) -> None:
    said = errors(
        ("via: gw-1", "via: gw-9"), ("nodes: 2, tenancy: shared", "nodes: -2, tenancy: shared"), ("quorum: 2", "quorum: two"),
        ("class: weights", "class: wieghts"),
    ).splitlines()  # fmt: skip
    assert [line.split(": ")[1] for line in said] == [
        "sites.north.pools.serve.nodes", "sites.north.egress[0].via", "keys.quorum", "stores.models.class",
    ]  # fmt: skip


def test_a_duplicate_key_is_an_error_with_both_lines(errors: Said) -> None:
    assert "sites.north.index: duplicate key (first on line" in errors(("    index: 1 ", "    index: 1\n    index: 2 "))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("index: 1, racks: 2", "index: one, racks: 2", "sites.north.rows[0].index: must be a valid integer, not 'one'"),
        ("nodes: 2, tenancy: shared", "nodes: -2, tenancy: shared", "must be greater than or equal to 1, not '-2'"),
        ("nodes: 2, tenancy: shared", "nodes: true, tenancy: shared", "sites.north.pools.serve.nodes: must be a valid integer"),
        ("code: XA", "code: Xa", "country.code: 'Xa' does not match ^[A-Z]{2}$"),
        ("name: Atlantis,", 'name: "At\\e[31mlantis",', "country.name: character U+001B is not allowed in a text"),
        ("name: Atlantis,", 'name: "At\\u202Elantis",', "country.name: character U+202E is not allowed in a text"),
        ("name: Atlantis,", 'name: "{{ lookup }}",', "country.name: character U+007B is not allowed in a text"),
        ("lock: compliance", "lock: complaince", "(did you mean \"compliance\"?)"),
        ("laws: [xa-data-act-12]", "laws: [xa-data-act-13]", 'laws[0]: no law "xa-data-act-13" (did you mean "xa-data-act-12"?)'),  # noqa: E501
        ("server: lab-node, row: 1, first_rack: 1", "server: lab-noed, row: 1, first_rack: 1", '(did you mean "lab-node"?)'),
        ("first_rack: 2", "first_rack: 1", "sites.north.pools.train.first_rack: row 1 rack 1 is taken by serve"),
        ("ipv4: 10.77.0.0/20", "ipv4: 10.77.0.0/24", "it takes a /22 (or fewer racks of capacity)"),
        ("ipv4: 10.77.0.0/20", "ipv4: 10.77.0.1/20", "sites.north.prefixes.ipv4"),
        ("racks: 2, capacity: 4", "racks: 5, capacity: 4", "5 racks in a row with a capacity of 4"),
        ("share: 81", "share: 80", "sites.north.operator.owners: shares add up to 99 percent, not 100"),
        ("use: wrap, rotate_days: 1825", "use: wrap, wrapped_by: records-kek", "keys wrap each other in a circle: root -> records-kek"),  # noqa: E501
        ("su: 2,", "su: 40,", "the switches have too few ports for so many scalable units"),
        ("quorum: 2", "quorum: 4", "a quorum of 4 of 3 custodians cannot meet"),
        ("ringfence: 1", "ringfence: 2", "schema version 2 is not 1"),
        ("until: \"2027-06-30\"", "until: \"2027-02-30\"", "ecosystem.grants[0].until"),
        ("to: startup-coral", "to: clinic", '"clinic" is already a tenant'),
        ("dns: [{ host: dns.north.atlantis.example, country: XA }]",
         "dns: [{ host: dns.example, country: XB }, { host: dns.example, country: XA }]",
         'sites.north.services.dns[1]: "dns.example" is declared already; a host is declared once, in one country'),
        ("    access:\n", "    access:\n      - { who: atlantis-ops, country: XB, clearance: none, via: bastion }\n",
         'sites.north.access[1]: "atlantis-ops" is declared already'),
        ("key: weights-kek, lock: governance",
         "key: weights-kek, backups: [{ to: north, key: root }, { to: north, key: root }]",
         "stores.models: its bucket would be xa-models-north-backup, which is that of stores.models.backups[0]"),
        ("prefixes: [192.0.2.0/24,", "prefixes: [10.77.1.0/24,",
         "10.77.1.0/24 of destinations.model-exchange overlaps 10.77.0.0/20 of sites.north"),
        ("\nsites:\n", "  nearby:\n    country: XA\n    operator: { name: N, owners: [{ country: XA, share: 100 }] }\n"
         "    host: n.example\n    prefixes: [192.0.0.0/16]\n\nsites:\n",
         "destinations.model-exchange.prefixes[0]: 192.0.2.0/24 of destinations.model-exchange overlaps 192.0.0.0/16 of"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(errors: Said, old: str, new: str, message: str) -> None:
    said = errors((old, new))
    assert message in said
    assert all(line.startswith("lab.yaml:") for line in said.splitlines())


def test_sites_with_overlapping_prefixes_are_refused(errors: Said) -> None:
    south = """  south:
    index: 2
    place: { country: XA, region: south }
    operator: { name: Atlantis Compute, owners: [{ country: XA, share: 100 }] }
    prefixes: { ipv4: 10.77.8.0/24, ipv6: "fd77:77:2::/48" }
keys:
"""
    said = errors(("keys:\n", south), ("ringfence: 1", "ringfence: 1 "))
    assert "sites.south.prefixes.ipv4: 10.77.8.0/24 overlaps 10.77.0.0/20 of sites.north" in said


def test_an_index_is_used_once(errors: Said) -> None:
    said = errors(("index: 2, server", "index: 1, server"))
    assert "sites.north.pools.train.index: index 1 is already that of serve; give it one of its own" in said


def test_aliases_that_explode_are_refused() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for here, there in zip("bcdefghi", "abcdefgh", strict=True):
        bomb += f"{here}: &{here} [{','.join([f'*{there}'] * 9)}]\n"
    with pytest.raises(DeclarationError, match="more than 400000 values once its aliases are expanded"):
        load_lab(bomb)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 1000, "nested deeper than 24 levels"),
        ("a: " + "{b: " * 500, "nested deeper than 24 levels"),
        ("", "a country file is a mapping"),
        ("- 1", "a country file is a mapping"),
        ("a: [1", "not YAML"),
        ("a: *b", "alias *b stands before its anchor"),
        ("&a a: [*a]", ""),
        ("? [a]\n: b", "a key must be a plain word"),
        ("\x00", "not text"),
        (b"a: \xff\xfe", "not text"),
        ("ringfence: 1\n---\nringfence: 1\n", "a country file is one YAML document"),
        ("ringfence: 1e999", ""),
        ("ringfence: !!python/object/apply:os.system [id]", ""),
    ],
)
def test_hostile_texts_are_errors_with_a_line(text: str | bytes, message: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        load_lab(text)
    assert message in str(caught.value)


def test_a_file_that_is_not_there_is_said() -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        load(LAB.with_name("nowhere.yaml"), None, ())  # type: ignore[arg-type]


def test_a_huge_file_is_not_read_whole() -> None:
    with pytest.raises(DeclarationError, match="larger than 8 MiB"):
        load_lab(b"a" * (9 * 1024 * 1024))


@settings(max_examples=200)
@given(st.text(max_size=300) | st.binary(max_size=300))
def test_no_text_makes_the_loader_raise_anything_else(text: str | bytes) -> None:
    with pytest.raises(DeclarationError):
        load_lab(text)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_edit_of_a_valid_file_makes_the_loader_raise_anything_else(data: st.DataObject) -> None:
    text = LAB.read_text()
    start = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(0, 40))
    patch = data.draw(st.text(max_size=20) | st.sampled_from([": ", "- ", "[]", "{}", "null", "-1", "&a ", "*a", "!!binary x"]))
    with suppress(DeclarationError):
        load_lab(text[:start] + patch + text[start + length :])
