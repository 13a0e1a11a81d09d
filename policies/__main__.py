"""The policy pack: Ringfence's rules in ``pulumi preview --policy-pack policies``.

It says early, and in the tool's own way, what the gate in the provider says later; it is not the gate.
"""

from __future__ import annotations

from pulumi_policy import EnforcementLevel, PolicyPack, StackValidationPolicy

from policies.pack import advisory, binding

PolicyPack(
    name="ringfence",
    policies=[
        StackValidationPolicy("binding", "What keeps the gate shut.", binding, EnforcementLevel.MANDATORY),
        StackValidationPolicy("advisory", "What a plan need not hold to.", advisory, EnforcementLevel.ADVISORY),
    ],
)
