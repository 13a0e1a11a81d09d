"""Keys: where they live, what they are made of, who holds their shares and how often they change."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.demands import demands, within
from ringfence.estate import Estate
from ringfence.rule import rule
from ringfence.verdict import Finding

# Below 128 bits of security (NIST SP 800-57 part 1), or too few where the data must outlive quantum computers.
WEAK = frozenset({"rsa-2048", "aes-128"})

# The longest periods in days, after NIST SP 800-57 part 1; a root that nothing wraps changes in a ceremony only.
PERIODS = {"wrap": 730, "encrypt": 730, "sign": 1095}
ROOT_PERIOD = 1825


@rule(
    "RF-KEY-001", "Keys never leave their HSM", severity="critical", mandatory="file plan audit", reads=["keys"],
    controls=["nist-800-53:SC-12"], waivable=False,
    remedy="Set extractable: false and make the key anew; what was exported once stays exported.",
    bad=[{"keys.purposes.records-kek.extractable": True}],
)  # fmt: skip
def keys_are_not_extractable(estate: Estate) -> Iterator[Finding]:
    """A key that can be read out of its HSM can be copied abroad without anyone noticing."""
    for key in estate.keys:
        if key.extractable:
            yield Finding(f"key:{key.name}", f"can be read out of {key.hsm}", key.declared)


@rule(
    "RF-KEY-002", "Keys are strong", severity="high", mandatory="file plan audit", reads=["keys"],
    controls=["nist-800-53:SC-13", "iso-27001:8.24"], remedy="Use aes-256, ec-p384 or rsa-4096.",
    good=[{"keys.purposes.log-signing.algorithm": "rsa-4096"}],
    bad=[{"keys.purposes.log-signing.algorithm": "rsa-2048"}, {"keys.purposes.records-kek.algorithm": "aes-128"}],
    overrides=["RF-KEY-007"],
)  # fmt: skip
def keys_are_strong(estate: Estate) -> Iterator[Finding]:
    """No key is of an algorithm or a length that will not protect for as long as the data matters."""
    for key in estate.keys:
        if key.algorithm in WEAK:
            yield Finding(f"key:{key.name}", f"{key.algorithm} is too weak", key.declared)


@rule(
    "RF-KEY-003", "HSMs stand within bounds", severity="critical", mandatory="file plan", waivable=False,
    reads=["hsms", "data_classes", "places", "laws", "country", "coalition"], controls=["nist-800-53:SC-12"],
    remedy="Move the HSM, or name one within bounds as the class's keys.",
    bad=[{"estate:hsms[0].site": "overseas"}], overrides=["RF-RES-001", "RF-OWN-002"],
)  # fmt: skip
def hsms_stand_within_bounds(estate: Estate) -> Iterator[Finding]:
    """The HSM that a data class names for its keys stands where the class itself may be."""
    places = {place.name: place for place in estate.places}
    hsms = {hsm.name: hsm for hsm in estate.hsms}
    bounds = demands(estate)
    for data_class in estate.data_classes:
        if not data_class.keys:
            continue
        hsm, stay_in = hsms.get(data_class.keys), bounds[data_class.name].stay_in
        if hsm is None or hsm.site not in places:
            message = f"{data_class.name} keeps its keys there, and nothing says where that is"
            yield Finding(f"hsm:{data_class.keys}", message, unknown=True)
        elif not within(places[hsm.site], stay_in, estate):
            where = f"{hsm.site} in {places[hsm.site].country}"
            message = f"stands at {where}; {bounds[data_class.name].by()} must stay in {stay_in}"
            yield Finding(f"hsm:{hsm.name}", message, hsm.declared)


@rule(
    "RF-KEY-004", "Nobody opens the keys alone", severity="high", mandatory="file plan",
    reads=["custodians", "quorum"], controls=["nist-800-53:AC-3(2)"],
    remedy="Name custodians of more institutions than the quorum, and a quorum of at least two.",
    bad=[
        {"keys.quorum": 1},
        {"keys.quorum": 3},
        {"keys.custodians[1].institution": "Ministry of Health", "keys.custodians[2].institution": "Ministry of Health"},
    ],
)  # fmt: skip
def nobody_opens_the_keys_alone(estate: Estate) -> Iterator[Finding]:
    """At least two institutions must agree, and the loss of one custodian leaves a quorum."""
    custodians, quorum = estate.custodians, estate.quorum
    if not custodians:
        return
    institutions = {custodian.institution for custodian in custodians}
    if quorum < 2:
        yield Finding("keys.quorum", f"a quorum of {quorum} lets one custodian open everything", "keys.quorum")
    if len(custodians) <= quorum:
        message = f"{quorum} of {len(custodians)} custodians: the loss of one loses every key"
        yield Finding("keys.quorum", message, "keys.quorum")
    if len(institutions) < quorum:
        message = f"a quorum of {quorum} can come from {len(institutions)} institutions"
        yield Finding("keys.custodians", message, "keys.custodians")


@rule(
    "RF-KEY-005", "Keys change in time", severity="medium", mandatory="file plan", reads=["keys"],
    controls=["nist-800-53:SC-12"], remedy="Shorten rotate_days.",
    good=[{"keys.purposes.root.rotate_days": 1825}],
    bad=[{"keys.purposes.records-kek.rotate_days": 731}, {"keys.purposes.log-signing.rotate_days": 1825}],
)  # fmt: skip
def keys_change_in_time(estate: Estate) -> Iterator[Finding]:
    """A key is used no longer than its kind allows, so that its loss opens only what it sealed since."""
    for key in estate.keys:
        root = key.use == "wrap" and not key.wrapped_by
        longest = ROOT_PERIOD if root else PERIODS.get(key.use, 0)
        if key.rotate_days > longest:
            message = f"changes every {key.rotate_days} days; a key that may {key.use} changes within {longest}"
            yield Finding(f"key:{key.name}", message, key.declared)


@rule(
    "RF-KEY-006", "Stores use keys of their class's HSM", severity="high", mandatory="file plan",
    reads=["buckets", "keys", "data_classes"], controls=["nist-800-53:SC-12"],
    remedy="Seal the store with a key that lives in the HSM that its class names.",
    bad=[{"keys.hsms.other": {"site": "north", "kind": "network-hsm"}, "keys.purposes.records-kek.hsm": "other"}],
    overrides=["RF-KEY-007"],
)  # fmt: skip
def stores_use_their_hsm(estate: Estate) -> Iterator[Finding]:
    """The key that seals a copy lives in the HSM that the data class names, and is made to wrap or encrypt."""
    keys = {key.name: key for key in estate.keys}
    wanted = {data_class.name: data_class.keys for data_class in estate.data_classes}
    for bucket in estate.buckets:
        hsm, key = wanted.get(bucket.data_class, ""), keys.get(bucket.key)
        if not bucket.key or not hsm:
            continue
        if key is None:
            yield Finding(f"bucket:{bucket.name}", f"its key {bucket.key!r} is not known", bucket.declared, unknown=True)
        elif key.hsm != hsm:
            message = f"its key {key.name} lives in {key.hsm}; {bucket.data_class} keeps its keys in {hsm}"
            yield Finding(f"bucket:{bucket.name}", message, bucket.declared)
        elif key.use == "sign":
            yield Finding(f"bucket:{bucket.name}", f"its key {key.name} is made to sign", bucket.declared)


@rule(
    "RF-KEY-007", "Only strong wrapping keys wrap", severity="high", mandatory="file plan", reads=["keys"],
    controls=["nist-800-53:SC-12"], remedy="Wrap it with an aes-256 key for wrapping in the same HSM.",
    bad=[{"keys.purposes.records-kek.wrapped_by": "log-signing"}],
    overrides=["RF-RES-001"],
)  # fmt: skip
def only_wrapping_keys_wrap(estate: Estate) -> Iterator[Finding]:
    """What wraps a key is made to wrap, is as strong as any and lives in the same HSM, so that no wrapped key travels."""
    keys = {key.name: key for key in estate.keys}
    for key in estate.keys:
        if not key.wrapped_by:
            continue
        wrapper, subject = keys.get(key.wrapped_by), f"key:{key.name}"
        if wrapper is None:
            yield Finding(subject, f"{key.wrapped_by!r}, which wraps it, is not known", key.declared, unknown=True)
        elif wrapper.use != "wrap":
            yield Finding(subject, f"{wrapper.name}, which wraps it, is made to {wrapper.use}", key.declared)
        elif wrapper.algorithm in WEAK:
            yield Finding(subject, f"{wrapper.name}, which wraps it, is {wrapper.algorithm}", key.declared)
        elif wrapper.hsm != key.hsm:
            yield Finding(subject, f"{wrapper.name}, which wraps it, lives in {wrapper.hsm}", key.declared)
