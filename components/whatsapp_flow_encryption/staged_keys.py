"""What an endpoint needs of a number's keys once they are durable, and what it returns that was deployed with them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from whatsapp_flow_encryption.resources import EncryptionKey, KeyRing
from whatsapp_flow_keys import document
from whatsapp_flow_keys.keys_variable import CUSTODY, FORMER_PASSPHRASE, KEYS, PASSPHRASE
from whatsapp_flow_keys.stores.recorded import STACKS_RING
from whatsapp_flow_keys.stores.urls import open_store


@dataclass(frozen=True)
class StagedKeys:
    """What an endpoint needs, known once the new key is durable and before it is published."""

    phone_number_id: pulumi.Output[str]
    """Whose keys these are."""
    endpoint_env: pulumi.Output[dict[str, str]]
    """Secret: the environment variables of the endpoint."""
    private_keys: pulumi.Output[str] | None
    """Secret: the PEM bundle of every key of the ring that is a PEM; with the stack as the store only."""
    fingerprint: pulumi.Output[str]
    """Of the new key: lower-case hex SHA-256 of the public key's SPKI DER."""
    public_key_pem: pulumi.Output[str]
    """The new public key."""


def staged_keys(
    number: pulumi.Output[str],
    key: EncryptionKey,
    ring: KeyRing | None,
    passphrase: pulumi.Output[str] | None,
    custodies: pulumi.Output[list[str]] | None,
) -> StagedKeys:
    """Those of a number whose key was made.

    Outputs that are None are those of mocks which hand inputs back, in a unit test of somebody's program.
    """
    services = {} if custodies is None else {CUSTODY: custodies.apply(lambda urls: " ".join(urls or []))}
    if ring is not None:
        line = ring.ring.apply(lambda text: text and document.in_one_line(text, STACKS_RING))
        env = _secret_environment({KEYS: line, **services})
        private_keys = ring.ring.apply(lambda text: text and document.load(text, STACKS_RING).private_keys)
        return StagedKeys(number, env, pulumi.Output.secret(private_keys), key.fingerprint, key.public_key_pem)
    variables: dict[str, pulumi.Output[Any]] = {
        **services,
        KEYS: key.locations.apply(lambda locations: " ".join(open_store(url).url for url in locations or [])),
        FORMER_PASSPHRASE: key.former_passphrases.apply(lambda formers: formers[0] if formers else None),
    }
    if passphrase is not None:
        variables[PASSPHRASE] = passphrase
    return StagedKeys(number, _secret_environment(variables), None, key.fingerprint, key.public_key_pem)


def _secret_environment(variables: Mapping[str, pulumi.Output[Any]]) -> pulumi.Output[dict[str, str]]:
    """The variables that have a value."""
    together: pulumi.Output[dict[str, Any]] = pulumi.Output.all(**variables)
    return pulumi.Output.secret(together.apply(lambda found: {name: text for name, text in found.items() if text}))


def listed_resources(where: str, returned: Any) -> list[pulumi.Resource]:
    """What a ``deploy`` returned: some resources, or one. Raises :class:`pulumi.RunError` for anything else."""
    found = [returned] if isinstance(returned, pulumi.Resource) else returned
    if isinstance(found, Iterable) and not isinstance(found, str):
        resources = list(found)
        if all(isinstance(each, pulumi.Resource) for each in resources):
            return resources
    what = "nothing" if returned is None else f"an object of type {type(returned).__name__}"
    raise pulumi.RunError(
        f"{where}: returned {what}; return a list of the resources that hold the new key, so that it is published "
        f"after them"
    )
