"""What an inspection finds, in the words that a state records."""

IN_PLACE = "current in every store"
"""Nothing is wrong with the ring; otherwise a sentence that says what is."""

NOTHING = "none"
"""Recorded in place of a foreign key's fingerprint where Meta served no key, though one was registered there."""
