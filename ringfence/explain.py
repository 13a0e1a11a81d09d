"""What pydantic found wrong, in words that name the mend and the name that was meant."""

from __future__ import annotations

import re
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from ringfence.declaration import Declaration
from ringfence.yamltext import Path, Problem


def existing(value: Any, loc: Path) -> Path:
    """Return the longest part of ``loc`` that the document has (pydantic adds parts for unions and missing keys)."""
    for depth, part in enumerate(loc):
        if not has(value, part):
            return loc[:depth]
        value = value[part]
    return loc


def has(value: Any, part: str | int) -> bool:
    """Return whether a mapping or list has a part of that name or number."""
    if isinstance(value, dict):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and 0 <= part < len(value)


def explain(error: ErrorDetails, value: Any) -> Problem:
    """Say what pydantic found in words that name the mend."""
    loc, kind, context = error["loc"], error["type"], error.get("ctx", {})
    path = existing(value, loc)
    if kind == "extra_forbidden":
        near = get_close_matches(str(loc[-1]), _fields_at(loc[:-1]), n=1)
        meant = f' (did you mean "{near[0]}"?)' if near else "; remove it"
        return Problem(path, f'unknown key "{short(loc[-1])}"{meant}')
    if kind == "missing":
        return Problem(path, f'"{loc[-1]}" is missing; add it')
    if kind == "literal_error":
        near = get_close_matches(str(error["input"]), re.findall("'([^']*)'", context["expected"]), n=1)
        meant = f' (did you mean "{near[0]}"?)' if near else ""
        return Problem(path, f"must be {context['expected']}, not {short(error['input'])!r}{meant}")
    if kind == "string_pattern_mismatch":
        return Problem(path, f"{short(error['input'])!r} does not match {context['pattern']}")
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    scalar = isinstance(error["input"], str | int | float | bool)
    return Problem(path, message + (f", not {short(error['input'])!r}" if scalar else ""))


def _fields_at(loc: Path) -> list[str]:
    """Return the keys that the model at ``loc`` knows, for "did you mean"."""
    annotation: Any = Declaration
    for part in loc:
        if _is_model(annotation):
            fields = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
            annotation = fields.get(str(part))
        else:  # dict[Name, Model] or tuple[Model, ...]
            annotation = next((arg for arg in reversed(get_args(annotation)) if arg is not ...), None)
        if get_origin(annotation) in (Union, UnionType):
            annotation = next((arg for arg in get_args(annotation) if _is_model(arg)), None)
    return [field.alias or name for name, field in annotation.model_fields.items()] if _is_model(annotation) else []


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def short(value: object) -> str:
    """Write a hostile value in at most 60 printable ASCII characters."""
    text = str(value).encode("ascii", "backslashreplace").decode()
    return text if len(text) <= 60 else text[:57] + "..."
