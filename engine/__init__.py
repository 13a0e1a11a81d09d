"""How a machine that has only package registries gets Pulumi and the servers of the lab."""
