"""What the API server answers when it does not do what it was asked, as one clear line."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

from ringfence.errors import OperationError


class UnreachableError(OperationError):
    """The API server did not answer at all."""


class RefusalError(OperationError):
    """The API server answered with an error.

    `code` is its HTTP status, `reason` its machine-readable reason (`Forbidden`, `Conflict`, `Invalid`), `causes` the
    fields that it names, `about` the plural of the kind of thing that it is about (`namespaces`).
    """

    def __init__(self, code: int, reason: str, message: str, about: str = "", causes: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.about = about
        self.causes = tuple(causes)


def from_answer(code: int, body: bytes) -> RefusalError:
    """Read the server's `Status` object; a body that is none (a proxy's page, say) is only named by its code."""
    try:
        status = json.loads(body)
    except ValueError:
        status = None
    if not isinstance(status, dict) or status.get("kind") != "Status":
        return RefusalError(code, "", f"the API server answered HTTP {code}")
    details: dict[str, Any] = status.get("details") or {}
    causes = [
        ": ".join(part for part in (cause.get("field", ""), cause.get("message", "")) if part)
        for cause in details.get("causes") or []
    ]
    message = " ".join(str(status.get("message") or f"the API server answered HTTP {code}").split())
    return RefusalError(code, str(status.get("reason") or ""), message, str(details.get("kind") or ""), causes)


def redact(message: str, secrets: Iterable[str]) -> str:
    """Return a message without any of `secrets`, neither as they are nor in base64."""
    for secret in sorted((text for text in secrets if len(text) >= _SHORTEST_SECRET), key=len, reverse=True):
        for form in (secret, base64.b64encode(secret.encode()).decode()):
            message = message.replace(form, "[secret]")
    return message


# Replacing shorter strings would make a message unreadable and hide nothing.
_SHORTEST_SECRET = 4
