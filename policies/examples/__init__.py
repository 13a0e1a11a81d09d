"""The minimal valid country that every rule's examples change."""
