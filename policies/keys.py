"""Keys: where they live, what they are made of, who holds their shares and how often they change."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.estate import Estate
from ringfence.rule import rule
from ringfence.verdict import Finding

# What NIST SP 800-57 part 1 gives at least 128 bits, as far as a declaration can say it.
WEAK = frozenset({"rsa-2048", "aes-128"})

# Days that a key may be used, by what it does; a root that nothing wraps changes only in a ceremony.
PERIODS = {"wrap": 730, "encrypt": 730, "sign": 1095}
ROOT_PERIOD = 1825


@rule(
    "RF-KEY-001", "Keys never leave their HSM", severity="critical", mandatory="file plan audit", reads=["keys"],
    controls=["nist-800-53:SC-12"], remedy="Set extractable: false and make the key anew; an exported key stays exported.",
    bad=[{"keys.purposes.records-kek.extractable": True}], waivable=False,
)  # fmt: skip
def keys_are_not_extractable(estate: Estate) -> Iterator[Finding]:
    """A key that can be read out of its HSM can be copied abroad without anyone noticing."""
    for key in estate.keys:
        if key.extractable:
            yield Finding(f"key:{key.name}", f"{key.name} can be extracted from {key.hsm}", key.declared)
