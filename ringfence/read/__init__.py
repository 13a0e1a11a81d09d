"""Readers: other texts than the country file that an Estate is read from. They run no code from what they read."""
