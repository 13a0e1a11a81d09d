from __future__ import annotations

import base64
import json

from engine.kubernetes.refusal import from_answer, redact


def test_the_servers_status_becomes_one_line_with_its_causes() -> None:
    status = {
        "kind": "Status",
        "message": "Apply failed:\n\tconflict",
        "reason": "Conflict",
        "details": {"kind": "resourcequotas", "causes": [{"field": ".spec.hard.pods", "message": "conflict with x"}]},
    }
    error = from_answer(409, json.dumps(status).encode())
    assert str(error) == "Apply failed: conflict"
    assert (error.code, error.reason, error.about) == (409, "Conflict", "resourcequotas")
    assert error.causes == (".spec.hard.pods: conflict with x",)


def test_an_answer_that_is_no_status_is_named_by_its_code_and_not_quoted() -> None:
    for body in (b"<html>proxy login hush</html>", b"[]", b"\xff"):
        assert str(from_answer(502, body)) == "the API server answered HTTP 502"


def test_secrets_are_taken_out_as_they_are_and_in_base64() -> None:
    encoded = base64.b64encode(b"hush-hush").decode()
    assert redact(f"bad value hush-hush or {encoded}", ["hush-hush"]) == "bad value [secret] or [secret]"


def test_a_secret_inside_a_longer_secret_leaves_no_rest() -> None:
    assert redact("hush-hush", ["hush", "hush-hush"]) == "[secret]"
