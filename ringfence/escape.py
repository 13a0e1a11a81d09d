"""Hostile text made harmless for the place where it is shown: a terminal, a spreadsheet, Markdown, XML, a script."""

from __future__ import annotations

import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~$@:&-])")


def terminal(text: str) -> str:
    """Show control, bidi and other invisible characters as ``\\u{..}``; newlines too, so a text stays one line."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\u{{{ord(char):x}}}" for char in text)


def terminal_lines(text: str) -> str:
    """The same for a text of several lines, which stay lines."""
    return "\n".join(terminal(line) for line in text.split("\n"))


def cell(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula: a leading apostrophe makes it plain text."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def markdown(text: str) -> str:
    """Escape what Markdown or the HTML inside it would interpret; links and mentions stay text."""
    return _MARKDOWN.sub(r"\\\1", terminal(text)).replace("\\&", "&amp;").replace("\\<", "&lt;").replace("\\>", "&gt;")


def xml(text: str) -> str:
    """Replace the characters that XML 1.0 cannot hold, even escaped."""
    return _NOT_XML.sub("\ufffd", text)


def script(json_text: str) -> str:
    """Make JSON safe inside ``<script>``: no sequence that ends the element, and no line end that JavaScript has."""
    return (
        json_text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
        .replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    )  # fmt: skip
