"""The public key that a running emulator serves, asked over its control surface."""

from __future__ import annotations

from dataclasses import dataclass

import requests

_TIMEOUT_SECONDS = 5.0


class KeyNotFetched(OSError):
    """The emulator did not give the key; the message says why and what to do."""


@dataclass(frozen=True)
class GraphKey:
    """Called, it gives the number's SPKI PEM, or None where no key is registered. Raises `KeyNotFetched`."""

    graph_url: str
    phone_number_id: str

    def __call__(self) -> str | None:
        url = f"{self.graph_url.rstrip('/')}/_emulator/numbers/{self.phone_number_id}"
        try:
            with requests.Session() as http:
                http.trust_env = False  # the emulator is on this machine
                answer = http.get(url, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
            number = answer.json()
        except requests.JSONDecodeError as error:
            raise self._not_an_emulator() from error
        except (OSError, ValueError) as error:
            raise KeyNotFetched(
                f"No Graph API emulator answers at {self.graph_url}: start it, or correct --graph."
            ) from error
        if answer.status_code == 404 and isinstance(number, dict) and "error" in number:
            raise KeyNotFetched(
                f"The emulator at {self.graph_url} has no phone number {self.phone_number_id}: "
                "start it with that --number, or correct it here."
            )
        if answer.status_code != 200 or not isinstance(number, dict) or "public_key" not in number:
            raise self._not_an_emulator()
        key = number["public_key"]
        return key if isinstance(key, str) else None

    def _not_an_emulator(self) -> KeyNotFetched:
        return KeyNotFetched(f"What answers at {self.graph_url} is not the Graph API emulator: correct --graph.")
