"""Meta's word about a registered key."""

VALID = "VALID"
"""The signature status of a key that Meta has signed for the number's present registration."""
