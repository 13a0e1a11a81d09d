"""Ringfence: one file about a country becomes a sovereign AI data centre, and a proof that it stays one."""

__version__ = "0.1.0"
