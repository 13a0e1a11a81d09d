"""``ringfence schema``: the JSON schema of a country file, for editors."""

from __future__ import annotations

from pathlib import Path

import click

from ringfence.cli.show import deliver, say
from ringfence.errors import InputError


@click.command(
    "schema",
    short_help="Write the JSON schema that editors check a country file with.",
    epilog="""\b
Examples:
  ringfence schema             writes countries/country.schema.json
  ringfence schema --check     says whether that file is stale (for CI)
  ringfence schema -o FILE     writes FILE""",
)
@click.option("--check", "check", is_flag=True, help="Write nothing; exit 2 when the file is stale or missing.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Another file.")
def command(check: bool, output: Path | None) -> None:
    """Write the JSON schema of a country file, made from the models that load one.

    An editor that knows YAML schemas then completes keys and underlines mistakes: the first line of a country file
    names the schema.
    """
    target = output or _beside_the_countries()
    text = schema_text()
    try:
        current = target.read_text(encoding="utf-8") if target.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{target}: cannot be read ({type(error).__name__}); give --output another file") from None
    if current == text:
        say(f"{target}: up to date")
    elif check:
        raise InputError(f"{target}: is {'stale' if current else 'missing'}; run `ringfence schema` and commit it")
    else:
        deliver(text, target)
        say(f"{target}: written")


def schema_text() -> str:
    """Return the schema as the text of its file: the same bytes for the same models."""
    import json

    from ringfence.declaration import Declaration

    schema = Declaration.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A Ringfence country"
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _beside_the_countries() -> Path:
    import countries

    return Path(str(countries.__file__)).parent / "country.schema.json"
