"""The Pulumi provider `ringfence`: one file per resource type, over the drivers of `hardware`; the gate stands here."""
