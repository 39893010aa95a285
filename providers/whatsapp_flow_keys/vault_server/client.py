"""The calls of Vault or OpenBao: the token of the moment, which never travels in the clear or after a redirect."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from whatsapp_flow_keys.client_library import ATTEMPTS, seconds_per_call
from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.errors import RingTooLargeError, StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.vault_server.address import Mounted
from whatsapp_flow_keys.vault_server.connection import Route, client_of, route_to
from whatsapp_flow_keys.vault_server.engine import Engine
from whatsapp_flow_keys.vault_server.login import GivenToken, Lease, Login, token_of, way_in
from whatsapp_flow_keys.vault_server.refusals import (
    body_of,
    forbidden,
    is_unknown,
    quoted,
    refusal,
    unreachable,
)

if TYPE_CHECKING:
    from hvac import Client
    from requests import Response

_FIRST_PAUSE = 0.1


class VaultCalls:
    """Calls about one path. Thread-safe: what calls the same server in a thread shares its connections."""

    def __init__(self, path: Mounted, engine: Engine) -> None:
        """Talks to nobody."""
        self._path, self._engine, self.url = path, engine, path.url

    def ask(self, capability: str | None, call: "Callable[[Client], Response]", *, part: str = "data") -> "Response":
        """The server's answer, if it is one to the call itself.

        ``capability`` is what the call needs on ``MOUNT/part/PATH``, or on a path below that, as in
        ``update on keys/NAME/rotate``; None: a refusal is an answer, too. After a token that the server doesn't know
        comes another one, if the environment has it or a login gives it: once.
        """
        route, way = route_to(self._path, os.environ), way_in(os.environ, self.url)
        ends = SystemClock().monotonic() + seconds_per_call()
        token = self._token(route, way, ends)
        answer = self._answer(route, token, call, ends)
        if capability is not None and token and is_unknown(answer):
            other = self._token(route, way_in(os.environ, self.url), ends, refused=token)
            answer = answer if other == token else self._answer(route, other, call, ends)
        self._check(answer)
        if capability is not None and (answer.status_code == 403 or is_unknown(answer)):
            where = f"{self._path.mount}/{part}/{self._path.path}"
            wanted = f"{capability} on {where}" if " on " not in capability else capability
            raise forbidden(self._path, answer, wanted, self._engine.rights(self._path), way)
        return answer

    def _token(self, route: Route, way: GivenToken | Login, ends: float, refused: str | None = None) -> str:
        if isinstance(way, GivenToken):
            return way.token

        def log_in() -> Lease:
            answer = self._answer(route, "", lambda client: way.ask(client, self.url), ends)
            self._check(answer)
            granted = body_of(answer, "auth")
            token, seconds = granted.get("client_token"), granted.get("lease_duration")
            if answer.ok and isinstance(token, str) and isinstance(seconds, int):
                return Lease.of(token, seconds)
            said = f"HTTP {answer.status_code}{quoted(answer)}"
            raise StorePermissionError(
                self.url, f"{way.source} was refused with {said}; nothing was read or written. {way.advice}"
            )

        return token_of(way, (route.address, route.namespace), log_in, refused)

    def _answer(self, route: Route, token: str, call: "Callable[[Client], Response]", ends: float) -> "Response":
        """The server's answer; faults are met by trying again, as long as it isn't the time when the call ``ends``."""
        client, clock = client_of(route), SystemClock()
        for attempt in range(ATTEMPTS):
            if attempt:
                clock.sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
            client.token = token
            try:
                answer = call(client)
            except OSError as error:  # requests' errors are such; their texts may quote a header
                fault, passes = unreachable(self.url, error)
            else:
                if not self._is_fault(answer):
                    return answer
                fault, passes = self.refusal(answer), True
            if not passes or clock.monotonic() >= ends:
                break
        raise fault

    def _check(self, answer: "Response") -> None:
        if answer.is_redirect:
            raise StoreUnavailableError(
                self.url,
                "the server redirects to another address, which is not followed, since the token would "
                "go along. Give the address of the server itself, in a cluster that of the active node",
            )
        if answer.status_code == 413:
            raise RingTooLargeError(
                self.url, "the key ring is larger than the server takes (max_request_size); nothing was written"
            )

    def refusal(self, answer: "Response", said: str | None = None) -> StoreUnavailableError:
        """What an answer means that is neither what was asked for nor a lack of rights. ``said``: the server's words
        about one of several things in it."""
        return refusal(self._path, answer, self._engine, said)

    def another_engine(self) -> StoreUnavailableError:
        """For a mount that shows itself as that of another engine."""
        return StoreUnavailableError(self.url, self._engine.another.format(mount=self._path.mount))

    def _is_fault(self, answer: "Response") -> bool:
        """Whether the server fails for the moment."""
        said = self._engine.is_fault(answer)
        if said is not None:
            return said
        return answer.status_code in (412, 429) or (answer.status_code >= 500 and answer.status_code != 501)
