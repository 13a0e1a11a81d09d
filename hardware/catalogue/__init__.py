"""The catalogue of hardware models: YAML beside this file, read into ``ringfence.catalogue``'s types."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TypeVar

import msgspec

from ringfence import yamltext
from ringfence.catalogue import Catalogue, Server, Switch
from ringfence.errors import InputError

T = TypeVar("T")


@cache
def load_catalogue() -> Catalogue:
    """Read every model.

    Raises:
        InputError: naming the file and line of a model that is not written as the types demand.
    """
    return Catalogue(servers=_models("servers.yaml", Server), switches=_models("switches.yaml", Switch))


def _models(file: str, kind: type[T]) -> dict[str, T]:
    document = yamltext.parse(files(__package__).joinpath(file).read_bytes())
    if document.problems:
        problem = document.problems[0]
        raise InputError(f"hardware/catalogue/{file}:{problem.line}: {problem.message}")
    models = {}
    for name, fields in document.value.items():
        try:
            models[name] = msgspec.convert({"name": name, **fields}, kind)
        except msgspec.ValidationError as error:
            raise InputError(f"hardware/catalogue/{file}:{document.line((name,))}: {name}: {error}") from None
    return models
