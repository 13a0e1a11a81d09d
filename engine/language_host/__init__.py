"""The Python language host: it runs programs, providers and policy packs in Python for Pulumi's engine."""
