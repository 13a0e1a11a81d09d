"""Ansible: the inventory from a country file, the roles, and the run that shows its progress."""
