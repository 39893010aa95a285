"""A rotation under traffic, recorded as two terminals in an SVG that plays by itself: ``python -m tools.recording``."""
