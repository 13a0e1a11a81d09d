"""Oversight: nobody destroys alone, and the log is one that others can check."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.estate import Estate
from ringfence.rule import rule
from ringfence.verdict import Finding


@rule(
    "RF-GOV-001", "Nobody destroys alone", severity="high", mandatory="file plan", reads=["oversight"],
    controls=["nist-800-53:AC-3(2)"], remedy="Declare oversight.approvals.destroy with two bodies and a threshold of two.",
    bad=[{"oversight.approvals": {}}, {"oversight.approvals.destroy.threshold": 1}],
)  # fmt: skip
def nobody_destroys_alone(estate: Estate) -> Iterator[Finding]:
    """What destroys data or keys needs the consent of at least two oversight bodies."""
    needed = {operation: threshold for operation, threshold, _ in estate.oversight.approvals}
    if needed.get("destroy", 0) < 2:
        message = f"{needed.get('destroy', 0)} bodies must consent before data is destroyed"
        yield Finding("oversight.approvals.destroy", message, "oversight.approvals")


@rule(
    "RF-GOV-002", "Others witness the log", severity="high", mandatory="file plan", reads=["oversight", "keys"],
    controls=["nist-800-53:AU-10"], remedy="Declare oversight.log with a signing key in an HSM and two witnesses.",
    bad=[{"oversight.log": None}, {"oversight.log.witnesses": ["dpa"]}, {"oversight.log.key": "root"}],
)  # fmt: skip
def others_witness_the_log(estate: Estate) -> Iterator[Finding]:
    """The transparency log is signed by a key that only signs, and cosigned by at least two bodies."""
    log_key, witnesses = estate.oversight.log_key, set(estate.oversight.witnesses)
    if not log_key:
        yield Finding("oversight.log", "there is no transparency log", "oversight")
        return
    if not any(key.name == log_key and key.use == "sign" for key in estate.keys):
        yield Finding("oversight.log", f"its key {log_key} is not one made to sign", "oversight.log.key")
    if len(witnesses) < 2:
        yield Finding("oversight.log", f"{len(witnesses)} bodies witness it", "oversight.log.witnesses")
