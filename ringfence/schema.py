"""The JSON schema of a country file, for editors: ``countries/country.schema.json``."""

from __future__ import annotations

import json

from ringfence.declaration import SCHEMA_VERSION, Declaration


def country_schema() -> str:
    """Return the schema's text (JSON Schema 2020-12), the same on each run."""
    schema = Declaration.model_json_schema(by_alias=True)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Ringfence country file, schema version {SCHEMA_VERSION}",
    }
    return json.dumps({**schema, **head}, indent=2, sort_keys=True) + "\n"
