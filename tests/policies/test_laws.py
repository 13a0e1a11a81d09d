from __future__ import annotations

import pytest

from policies.laws import load_laws, load_texts, read_law
from ringfence.errors import InputError

LAW = """\
ringfence_law: 1
id: xa-test
citation: Test
source: here
kind: duty
status: verified
in_force_from: "2025-01-01"
summary: A law.
text: It binds.
obligations:
  - { sector: health, stay_in: territory }
"""


def changed(old: str, new: str) -> bytes:
    assert old in LAW
    return LAW.replace(old, new).encode()


def test_the_laws_load_in_the_order_of_their_ids() -> None:
    ids = [law.id for law in load_laws()]
    assert ids == sorted(ids)
    assert "xa-data-act-12" in ids


def test_only_the_labs_own_law_is_verified_and_it_ships_with_its_text() -> None:
    (verified,) = (text for text in load_texts() if text.status == "verified")
    assert verified.id == "xa-data-act-12"
    assert "Section 12." in verified.text


def test_every_law_says_where_it_comes_from() -> None:
    for text in load_texts():
        assert text.citation
        assert text.source
        assert text.summary


def test_a_law_becomes_facts() -> None:
    law = read_law(LAW.encode(), "law.yaml").facts()
    assert (law.id, law.verified, law.in_force_from) == ("xa-test", True, "2025-01-01")
    assert [(o.sector, o.stay_in, o.foreign_ownership, o.people) for o in law.obligations] == [
        ("health", "territory", 100, "any")
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("stay_in: territory", "stay_in: mars", "law.yaml:11: obligations[0].stay_in: Invalid enum value 'mars'"),
        ("kind: duty", "kind: wish", "law.yaml:5: kind: Invalid enum value 'wish'"),
        ("summary: A law.\n", "", "law.yaml:1: law: Object missing required field `summary`"),
        ("id: xa-test", "id: XA", "law.yaml:2: id: Expected `str` matching regex"),
        ("id: xa-test", "id: xa-test\nid: xa-other", "law.yaml:3: id: duplicate key (first on line 2); remove one"),
        ("2025-01-01", "soon", "law.yaml:7: in_force_from: 'soon' is not a date; write YYYY-MM-DD"),
        ("2025-01-01", "20250101", "is not a date"),
        ("text: It binds.\n", "", "law.yaml:6: status: a verified law carries its text and the date of its force"),
        (", stay_in: territory", "", "law.yaml:11: obligations[0]: it demands nothing; remove it or say what"),
        ("summary", "sumary", "unknown field `sumary`"),
        ("ringfence_law: 1", "ringfence_law: [", "law.yaml:"),
    ],
)
def test_what_is_wrong_with_a_law_is_said_with_its_line(old: str, new: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_law(changed(old, new), "law.yaml")
    assert said in str(caught.value)
