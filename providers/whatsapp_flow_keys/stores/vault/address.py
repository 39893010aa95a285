"""Where a secret of Vault or OpenBao is: a server, a mount of KV version 2, a namespace, a path."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from whatsapp_flow_keys.address import Address, given, parse_address, text
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.loopback import is_loopback

_EXAMPLE = "hashivault://vault.example.com:8200/whatsapp/flows/support-line?mount=secret"
_SETTINGS = ("mount", "namespace", "tls")
_DEFAULT_MOUNT = "secret"
_SCHEMES = ("", "http", "https")
_HOST = re.compile(r"(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True)
class VaultPath:
    """One path. ``url`` is canonical: equal places have equal texts."""

    url: str
    host: str
    mount: str
    namespace: str | None
    path: str
    in_the_clear: bool
    """By http, on loopback only."""

    @property
    def data(self) -> str:
        """``MOUNT/data/PATH``: the path in the API, which policies name."""
        return f"{self.mount}/data/{self.path}"


def parse_path(url: str, field: str) -> VaultPath:
    """The place that a URL names. Raises :class:`InputError`, which names ``field``, for one that can't be a place."""
    address = _canonical(parse_address(url, field, settings=_SETTINGS, example=_EXAMPLE), field)
    return VaultPath(
        url=str(address),
        host=address.host,
        mount=address.settings.get("mount", _DEFAULT_MOUNT),
        namespace=address.settings.get("namespace"),
        path=address.path,
        in_the_clear="tls" in address.settings,
    )


def complete(url: str, environ: Mapping[str, str]) -> str:
    """``url`` with the server of VAULT_ADDR or BAO_ADDR, and the namespace of VAULT_NAMESPACE or BAO_NAMESPACE.

    Each only where the URL names none; ``namespace=`` with nothing behind it names the root namespace.
    """
    try:
        address = parse_address(url, "store", settings=_SETTINGS, example=_EXAMPLE)
    except InputError:
        return url
    host, settings = address.host, dict(address.settings)
    namespace = variable(environ, "NAMESPACE").strip("/")
    if namespace:
        settings.setdefault("namespace", namespace)
    if not host:
        scheme, host, tls = _server(variable(environ, "ADDR"))
        host, settings = (host, settings | tls) if scheme in _SCHEMES else ("", settings)
    return str(replace(address, host=host, settings=settings))


def write(path: object, address: object, mount: object, namespace: object) -> str:
    """``hashivault://…`` of what a program gives. ``address``: ``https://vault.example.com:8200``."""
    scheme, host, tls = _server(text(address))
    host = host if scheme in _SCHEMES else quote(f"{scheme}://", safe=":") + host  # which is refused
    named = given({"mount": None if mount == _DEFAULT_MOUNT else mount, "namespace": namespace})
    return str(Address("hashivault", host, text(path), named | tls))


def _server(url: str) -> tuple[str, str, dict[str, str]]:
    """The scheme, the host and the setting that goes with them; a path behind the host stays, to be refused."""
    scheme, _, host = url.rstrip("/").rpartition("://")
    return scheme.lower(), quote(host, safe=":[]@"), {"tls": "off"} if scheme.lower() == "http" else {}


def agent_address(url: str) -> str:
    """``https://HOST:PORT`` of VAULT_AGENT_ADDR; plain http on loopback only. Raises :class:`InputError`."""
    scheme, host, _ = _server(url)
    if scheme not in ("http", "https"):
        raise InputError("VAULT_AGENT_ADDR: must begin with https://, or with http:// for an agent on this machine")
    return f"{scheme}://{_canonical_host(host, 'VAULT_AGENT_ADDR', plain=scheme == 'http')}"


def variable(environ: Mapping[str, str], name: str) -> str:
    """A variable by its name for Vault, else by the one for OpenBao; empty where neither is set."""
    return (environ.get(f"VAULT_{name}") or environ.get(f"BAO_{name}") or "").strip()


def _canonical(address: Address, field: str) -> Address:
    """The address as equal ones are written. Raises :class:`InputError` for one that can't be a place."""
    tls = address.settings.get("tls")
    if tls not in (None, "off"):
        raise InputError(f"{field}: tls can only be off, on loopback; leave it out for https")
    host = _canonical_host(address.host, field, plain=tls == "off")
    mount = address.settings.get("mount", _DEFAULT_MOUNT)
    namespace = address.settings.get("namespace", "").strip("/")
    for name, value in {
        "path": address.path,
        "mount": mount,
        **({"namespace": namespace} if namespace else {}),
    }.items():
        if not _is_path(value):
            raise InputError(
                f"{field}: {value[:80]!r} can't be the {name}; write names with single slashes between them, without "
                f"* or +, as in {_EXAMPLE}"
            )
    settings = {"mount": mount if mount != _DEFAULT_MOUNT else None, "namespace": namespace or None, "tls": tls}
    return replace(address, host=host, settings={name: value for name, value in settings.items() if value is not None})


def _canonical_host(host: str, field: str, *, plain: bool) -> str:
    if not host:
        raise InputError(
            f"{field}: names no server; set address= or VAULT_ADDR, or write it into the URL, as in {_EXAMPLE}"
        )
    parts = _HOST.fullmatch(host)
    if parts is None or int(parts["port"] or 1) not in range(1, 65536):
        raise InputError(f"{field}: {host[:80]!r} is not HOST or HOST:PORT of a server, as in {_EXAMPLE}")
    name = parts["name"].lower()
    if plain and not is_loopback(name):
        raise InputError(
            f"{field}: {name} must be asked by https: the token and the private keys must not travel in the clear. "
            f"tls=off, or an http:// address, is for this machine only (127.0.0.1, localhost)"
        )
    default = 80 if plain else 443
    return name if int(parts["port"] or default) == default else f"{name}:{int(parts['port'])}"


def _is_path(name: str) -> bool:
    """``*`` and ``+`` would be wildcards in a policy, and a ``..`` would be another path on the way."""
    plain = name.isascii() and name.isprintable() and not set(name) & set("*+")
    return plain and all(segment.strip() not in ("", ".", "..") for segment in name.split("/"))
