"""Drivers of real things: switches, HSMs, object stores; one file each, all with `hardware.contract`."""
