"""The Pulumi program: what a part of a country consists of, as resources whose inputs derive from the Estate alone."""
