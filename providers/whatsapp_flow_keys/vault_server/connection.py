"""The way to a server of Vault or OpenBao, by the variables that its own command line knows, and the clients for it.

A token never travels in the clear or after a redirect: plain HTTP is for this machine only.
"""

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from whatsapp_flow_keys.client_library import seconds_per_attempt
from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.vault_server.address import Mounted, agent_address, variable

if TYPE_CHECKING:
    from hvac import Client
    from requests import PreparedRequest

_LONGEST_IDLE = 10.0  # seconds

_of_this_thread = threading.local()


@dataclass(frozen=True)
class Route:
    """Where requests are sent, and how. Equal routes may share a connection."""

    address: str
    """``https://HOST:PORT``: the server's, or that of an agent before it."""
    namespace: str | None
    trusted: str | bool
    """The file or folder of CAs; else True, with which requests asks REQUESTS_CA_BUNDLE."""
    certificate: str | tuple[str, str] | None
    """The client's: a file, or one beside that of its key."""
    server_name: str
    """What the server's certificate must name, if that isn't the host."""
    proxy: str = field(repr=False)
    """May hold a password."""
    seconds: float

    @property
    def in_the_clear(self) -> bool:
        """By http, on loopback only."""
        return self.address.startswith("http:")


def route_to(path: Mounted, environ: Mapping[str, str]) -> Route:
    """The way to a path's server. Raises :class:`InputError` for a variable that can't be what it is for."""
    agent = variable(environ, "AGENT_ADDR")
    certificate, key = variable(environ, "CLIENT_CERT"), variable(environ, "CLIENT_KEY")
    return Route(
        address=agent_address(agent) if agent else f"{'http' if path.in_the_clear else 'https'}://{path.host}",
        namespace=path.namespace,
        trusted=_trusted(environ),
        certificate=(certificate, key) if certificate and key else certificate or None,
        server_name=variable(environ, "TLS_SERVER_NAME"),
        proxy=variable(environ, "PROXY_ADDR") or variable(environ, "HTTP_PROXY"),
        seconds=seconds_per_attempt(),
    )


def client_of(route: Route) -> "Client":
    """This thread's client: another in a forked process, whose sockets are its parent's, and another after a pause,
    since what lies between may have dropped an idle connection without a word."""
    clients: dict[object, tuple[float, Client]] = _of_this_thread.__dict__.setdefault("clients", {})
    wanted, now = (route, os.getpid()), SystemClock().monotonic()
    used_at, client = clients.get(wanted, (-_LONGEST_IDLE, None))
    if client is None or now - used_at >= _LONGEST_IDLE:
        client = _connect(route)
    clients[wanted] = now, client
    return client


def _connect(route: Route) -> "Client":
    from hvac import Client
    from hvac.adapters import RawAdapter
    from requests import Session

    from whatsapp_flow_keys.vault_server.tls import adapter

    session = Session()
    session.trust_env = not route.in_the_clear  # a proxy of the environment must not see the token
    session.auth = _as_it_is
    session.verify = route.trusted  # hvac prefers a session's own to its arguments
    session.cert = route.certificate
    if route.proxy and not route.in_the_clear:
        session.proxies = {"https": route.proxy}
    if not route.in_the_clear:
        session.mount("https://", adapter(route.trusted, route.server_name))
    return Client(
        url=route.address,
        token="",  # each call sets its own
        timeout=route.seconds,  # type: ignore[arg-type]  # requests takes fractions
        allow_redirects=False,
        session=session,
        namespace=route.namespace,
        adapter=RawAdapter,
        ignore_exceptions=True,  # hvac's hold the answer's text
    )


def _trusted(environ: Mapping[str, str]) -> str | bool:
    """hvac reads VAULT_CACERT only once, when it is imported; requests doesn't know SSL_CERT_FILE, which Vault does."""
    given = variable(environ, "CACERT") or variable(environ, "CAPATH")
    if given or environ.get("REQUESTS_CA_BUNDLE") or environ.get("CURL_CA_BUNDLE"):
        return given or True
    return environ.get("SSL_CERT_FILE") or True


def _as_it_is(request: "PreparedRequest") -> "PreparedRequest":
    """An ``auth`` of our own keeps requests from adding what a user's ``.netrc`` has for the host."""
    return request
