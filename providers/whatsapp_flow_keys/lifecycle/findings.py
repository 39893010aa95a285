"""What an inspection finds, in the words that a state records."""

IN_PLACE = "current in every store"
"""Nothing is amiss with the ring; otherwise a sentence of what is."""
