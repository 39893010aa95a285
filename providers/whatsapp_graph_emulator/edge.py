"""What a request to any edge is to the faults: whose it is, what it does, and how it is answered without them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from whatsapp_graph_emulator.access import Access
from whatsapp_graph_emulator.answers import Answer
from whatsapp_graph_emulator.number import Number
from whatsapp_graph_emulator.phone_numbers import Numbers
from whatsapp_graph_emulator.public_keys import PublicKey


def as_it_is(number: Number) -> Number:
    """The number itself."""
    return number


class Performed(Protocol):
    """One request."""

    @property
    def method(self) -> str:
        """GET reads the key, POST sets it."""

    @property
    def phone_number_id(self) -> str | None:
        """Meta's ID of the number; None where the request names none."""

    def perform(
        self,
        numbers: Numbers,
        access: Access,
        *,
        seen: Callable[[Number], Number] = as_it_is,
        publish: Callable[[str, PublicKey], None] | None = None,
    ) -> Answer:
        """Answers the request and has its effect.

        `seen` is what a GET sees of the number, `publish` has the effect of a POST in place of `Numbers.publish`.
        Raises `Refusal`.
        """
