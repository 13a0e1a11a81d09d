"""Drivers of real things (switches, HSMs, object stores), one file each, all with the contract in `hardware.contract`."""
