"""HTML: one offline file that answers first, and that no text of an estate can turn against its reader."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import msgspec
import pytest

from ringfence.report import Report, render
from tests.ringfence.report.conftest import HOSTILE, report, verdict


class Page(HTMLParser):
    """Collects the elements, attributes and texts that a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside != "style":
            self.words.append(data)


@pytest.mark.parametrize(
    ("statuses", "answer"),
    [(("pass",), "Yes"), (("fail", "unknown"), "No"), (("unknown",), "Not known"), (("waived",), "Yes")],
)
def test_the_page_opens_with_whether_the_deployment_may_go_ahead(statuses: tuple[str, ...], answer: str) -> None:
    page = Page(render(report(*(verdict(status) for status in statuses)), "html"))
    words = [word.strip() for word in page.words if word.strip()]
    assert words[words.index("May the deployment go ahead?") + 1] == answer


def test_the_page_asks_nothing_of_the_network(each_status: Report) -> None:
    page = Page(render(each_status, "html"))
    for tag, attributes in page.elements:
        assert tag not in {"link", "iframe", "object", "embed", "base", "img"}
        for name in ("src", "href", "action", "data", "srcset"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, name)
    assert "url(" not in render(each_status, "html")
    assert "@import" not in render(each_status, "html")


def test_hostile_texts_become_no_elements(each_status: Report, hostile: Report) -> None:
    text = render(hostile, "html")
    page = Page(text)
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(page.scripts) == len(Page(render(each_status, "html")).scripts) == 2


def test_the_data_of_the_page_is_the_verdicts(hostile: Report) -> None:
    (row,) = json.loads(Page(render(hostile, "html")).scripts[0])["verdicts"]
    assert row["r"] == "RF-RES-001"
    assert row["m"].startswith(HOSTILE[:20])


def test_the_security_policy_allows_the_one_script_and_nothing_else(each_status: Report) -> None:
    page = Page(render(each_status, "html"))
    policy = next(a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    digest = b64encode(sha256(page.scripts[1].encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def test_landmarks_headings_and_labels_are_there(each_status: Report) -> None:
    elements = Page(render(each_status, "html")).elements
    tags = [tag for tag, _ in elements]
    assert {"header", "main", "footer", "h1"} <= set(tags)
    assert tags.count("h1") == tags.count("main") == 1
    assert elements[[tag for tag, _ in elements].index("html")][1]["lang"] == "en"
    labelled = {attributes["aria-labelledby"] for tag, attributes in elements if tag == "section"}
    assert labelled <= {attributes.get("id") for _, attributes in elements}


def test_a_pretended_day_is_said_at_the_top(each_status: Report) -> None:
    text = render(msgspec.structs.replace(each_status, pretended=True), "html")
    assert text.index("not evidence") < text.index("May the deployment go ahead?")


def test_fifty_thousand_findings_stay_data_until_they_are_seen() -> None:
    many = report(*(verdict(subject=f"pool:{number}") for number in range(50_000)))
    page = Page(render(many, "html"))
    assert len(page.elements) < 500
    assert len(json.loads(page.scripts[0])["verdicts"]) == 50_000
