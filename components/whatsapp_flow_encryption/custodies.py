"""Who holds the private keys, as typed, immutable values of a program. What travels to the provider is a URL."""

from dataclasses import dataclass, field
from typing import Protocol

import pulumi

from whatsapp_flow_encryption.written_urls import given_url, written_url
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
class AwsKms:
    """AWS KMS: it makes the keys, decrypts with them, and never hands one out. Each rotation makes another KMS key.

    The credentials are always the environment's, as boto3 finds them.

    Args:
        region: the region, as in ``eu-west-1``; by default that of AWS_REGION, or of the profile.
        account: the 12 digits of the account that the keys must lie in; by default that of the credentials.
        key_prefix: what the alias of each key begins with, before the phone number ID.
    """

    region: pulumi.Input[str] | None = field(default=None, kw_only=True)
    account: pulumi.Input[str] | None = field(default=None, kw_only=True)
    key_prefix: pulumi.Input[str] = field(default="whatsapp-flows-", kw_only=True)

    @property
    def url(self) -> pulumi.Input[str]:
        """Its URL, complete; an Output where a field is one."""
        return written_url(lambda **given: complete_url(write_url("awskms", **given)), **vars(self))


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
        return written_url(lambda **given: complete_url(write_url("vaulttransit", **given)), **vars(self))


def custody_url(custody: Custody | pulumi.Input[str] | None) -> pulumi.Input[str] | None:
    """The URL of a custody, which may be given as a URL itself; None where there is none."""
    return None if custody is None else given_url(custody, complete_url, "custody")
