"""Who holds the private keys, as typed, immutable values of a program. What travels to the provider is a URL."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi

from whatsapp_flow_encryption.once_known import once_known
from whatsapp_flow_keys.custody.services import RING, complete_url, write_url


class Custody(Protocol):
    """Who makes and holds the private keys of phone numbers."""

    @property
    def url(self) -> pulumi.Input[str]:
        """Its URL, as the configuration and ``endpoint_env`` know it."""


@dataclass(frozen=True)
class RingCustody:
    """The private keys lie in the key ring, as PEMs. The default; a number that had another custody names it."""

    @property
    def url(self) -> str:
        """``ring``."""
        return RING


@dataclass(frozen=True)
class VaultTransit:
    """The transit engine of HashiCorp Vault or OpenBao: it makes the keys, decrypts with them, and never hands one out.

    The login is always the environment's, as that of a store there.

    Args:
        address: the server, as in ``https://vault.example.com:8200``; VAULT_ADDR by default.
        mount: the mount of the engine.
        namespace: the namespace; VAULT_NAMESPACE by default.
        key_prefix: what the name of each number's Transit key begins with, before its phone number ID.
    """

    address: pulumi.Input[str] | None = field(default=None, kw_only=True)
    mount: pulumi.Input[str] = field(default="transit", kw_only=True)
    namespace: pulumi.Input[str] | None = field(default=None, kw_only=True)
    key_prefix: pulumi.Input[str] = field(default="whatsapp-flows-", kw_only=True)

    @property
    def url(self) -> pulumi.Input[str]:
        """Its URL, complete; an Output where a field is one."""
        return once_known(lambda **given: complete_url(write_url("vaulttransit", **given)), **vars(self))


def custody_url(custody: Custody | pulumi.Input[str] | None) -> pulumi.Input[str] | None:
    """The URL of a custody, which may be given as a URL itself; None where there is none."""
    if custody is None:
        return None
    if isinstance(custody, type):
        raise pulumi.RunError(f"custody: {custody.__name__} is a class; give a custody, as in {custody.__name__}()")
    if isinstance(custody, str | pulumi.Output | Awaitable):
        return once_known(_completed, url=custody)
    return custody.url if hasattr(type(custody), "url") else type(custody).__name__  # a name is what the check refuses


def _completed(url: Any) -> str:
    return complete_url("" if url is None else str(url))
