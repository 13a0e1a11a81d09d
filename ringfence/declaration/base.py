"""What every part of a declaration shares: the frozen model and the types of its words and numbers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

NAME_PATTERN = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"

# Device, namespace and bucket names are made of these, and DNS labels end at 63 characters.
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=24)]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?$")]
Image = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._/:@-]{0,254}$")]
Index = Annotated[int, Field(ge=1, le=90)]
Port = Annotated[int, Field(ge=1, le=65535)]
Percent = Annotated[int, Field(ge=0, le=100)]


def _plain(text: str) -> str:
    """Refuse what could break a terminal, a template or a reader's eye: control, bidi and markup characters."""
    for char in text:
        if not char.isprintable() or char in "{}<>`\\" or "\u2000" <= char <= "\u206f":
            raise ValueError(f"character U+{ord(char):04X} is not allowed in a text")
    return text


Text = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_plain)]


# How far something may go. territory: the country itself and embassies whose treaty grants immunity.
Reach = Literal["territory", "coalition", "anywhere"]


class Model(BaseModel):
    """A frozen part of a declaration; unknown keys are errors and no type is guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=False)
