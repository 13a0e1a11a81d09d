"""Pulumi's events as lines for people."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stacks.events import Events

URN = "urn:pulumi:lab.national::ringfence::ringfence:stacks:Keys$ringfence:keys:Key::root"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def events(said: list[str]) -> Events:
    return Events("lab.national", said.append)


def take(events: Events, **event: Any) -> None:
    events.take(json.dumps(event))


def test_what_was_done_is_said_with_the_resources_name(events: Events, said: list[str]) -> None:
    take(events, resOutputsEvent={"metadata": {"op": "create", "urn": URN, "type": "ringfence:keys:Key"}})
    assert said == ["lab.national: created Key root"]


def test_what_stayed_the_same_is_not_said(events: Events, said: list[str]) -> None:
    take(events, resOutputsEvent={"metadata": {"op": "same", "urn": URN, "type": "ringfence:keys:Key"}})
    assert said == []


def test_errors_are_kept_line_by_line(events: Events) -> None:
    take(events, diagnosticEvent={"severity": "error", "message": "shut:\nRF-1 fail\n", "urn": URN})
    take(events, diagnosticEvent={"severity": "error", "message": "update failed"})
    assert events.errors == ["shut:", "RF-1 fail"]


def test_the_summary_tells_changes_from_what_stayed(events: Events) -> None:
    take(events, summaryEvent={"resourceChanges": {"same": 9, "create": 2, "delete": 1}})
    assert (events.resources, events.changed) == (11, 3)


def test_a_line_that_is_no_event_is_said_as_it_is(events: Events, said: list[str]) -> None:
    events.take("warning: odd\n")
    assert said == ["lab.national: warning: odd"]
