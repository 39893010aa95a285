"""The one way in which a verb gives up: a sentence for the person at the keyboard."""

from __future__ import annotations


class Stop(Exception):
    """Ends the verb. Its text says what happened and what to do now, and holds no secret."""


class PartFailed(Stop):
    """A command that a verb ran for itself failed, or took longer than it may; its output is in the text."""
