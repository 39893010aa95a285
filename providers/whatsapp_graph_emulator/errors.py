"""What the emulator refuses on its own account (never what Meta answers: that is `answers.GraphError`).

Each message is one sentence for the person who meets it. None may hold an access token or an app secret.
"""

from __future__ import annotations


class EmulatorError(Exception):
    """The emulator cannot start or go on; the message says why and what to do."""


class SettingsError(EmulatorError):
    """A setting (argument, configuration file, environment variable) is missing or wrong."""


class StateFileError(EmulatorError):
    """The state file cannot be read, is not one of ours, or cannot be written."""


class PortTaken(EmulatorError):
    """Another program listens on the port."""


class NotRunning(EmulatorError):
    """An `Emulator` was used before `start` or after `stop`."""


class BadField(EmulatorError, ValueError):
    """A field handed to the emulator has a wrong value.

    `field` is its name as the caller wrote it; the message starts with it.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


class UnknownNumber(EmulatorError, LookupError):
    """The control surface was asked about a phone number that the emulator does not have."""

    def __init__(self, phone_number_id: str) -> None:
        super().__init__(f"The emulator has no phone number {phone_number_id}: add it first.")
