"""Escapes, on any text at all."""

from __future__ import annotations

import json
from xml.etree import ElementTree
from xml.sax.saxutils import escape as markup

from hypothesis import given
from hypothesis import strategies as st

from ringfence.escape import cell, script, terminal, xml

ANY = st.text(st.characters())


@given(ANY)
def test_a_terminal_gets_one_line_of_printable_characters(text: str) -> None:
    assert terminal(text).isprintable()


@given(ANY)
def test_printable_text_reaches_a_terminal_unchanged(text: str) -> None:
    assert not text.isprintable() or terminal(text) == text


@given(ANY)
def test_json_in_a_script_means_the_same_and_ends_no_element(text: str) -> None:
    safe = script(json.dumps(text, ensure_ascii=False))
    assert json.loads(safe) == text
    assert "<" not in safe
    assert "\u2028" not in safe


@given(ANY)
def test_xml_holds_any_text(text: str) -> None:
    ElementTree.fromstring(f"<a>{markup(xml(text))}</a>")


@given(ANY)
def test_a_cell_never_begins_as_a_formula_does(text: str) -> None:
    assert not cell(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
