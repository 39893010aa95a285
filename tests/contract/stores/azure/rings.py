"""Key rings in Azure Key Vault as the tests write and find them, and somebody who acts in the middle of a write."""

from collections.abc import Callable
from datetime import UTC, datetime

from tests.contract.conftest import TestClock
from tests.contract.stores.azure_place import Known
from tests.pairs import pair
from tests.servers.key_vault import KeyVault, Request
from whatsapp_flow_keys import document
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore

NUMBER = "106540352242922"
NAME = "support-line"
HOST = "my-vault.vault.azure.net"
OFFERED = datetime(2026, 11, 24, 12, tzinfo=UTC)
AFTER, MANAGED_BY = "whatsapp-flow-keys-after", "whatsapp-flow-keys-managed-by"


def key(index: int, role: Role, offered_at: datetime | None = None) -> RingKey:
    return RingKey(pair(index).fingerprint, role, "2026-11-24", offered_at, pair(index).to_pem())


def ring(*indexes: int, revision: int = 1, owner: str = "key-1") -> KeyRing:
    """The current key, one that is staged and was never offered, and a retained one, as far as they are asked for."""
    others = (key(index, role) for index, role in zip(indexes, (Role.PENDING, Role.RETAINED), strict=False))
    return KeyRing(NUMBER, "org/flows/prod", owner, revision, (key(0, Role.CURRENT, OFFERED), *others))


def fingerprints(*indexes: int) -> set[str]:
    return {pair(index).fingerprint for index in indexes}


def keys_of(held: KeyRing | None) -> set[str]:
    return {each.fingerprint for each in held.keys} if held else set()


def newest_keys(vault: KeyVault, name: str = NAME) -> set[str]:
    """Those in the newest version alone, as somebody reads it who doesn't know of versions."""
    return keys_of(document.load(vault.text(name) or "", "the newest version"))


def every_key(vault: KeyVault, name: str = NAME) -> set[str]:
    """Those that any version ever held."""
    return {each for version in vault.versions(name) for each in keys_of(document.load(version["value"], "a version"))}


def store_at(vault: KeyVault, name: str = NAME, **settings: str) -> AzureKeyVaultStore:
    """A store of its own, whose clock moves when it waits."""
    return AzureKeyVaultStore(vault.url(name, **settings), clock=TestClock())


def other_store(vault: KeyVault, name: str = NAME, identity: str = "us") -> AzureKeyVaultStore:
    """The store of somebody else."""
    return AzureKeyVaultStore(vault.url(name), credential=Known(identity), clock=TestClock())


def just_before_the_write(vault: KeyVault, call: Callable[[], object]) -> None:
    """``call`` happens once, after the next writer looked and before its version is there."""

    def before(request: Request) -> None:
        if request.method == "PUT":
            vault.before = lambda _: None
            call()

    vault.before = before


def just_after_the_write(vault: KeyVault, call: Callable[[], object]) -> None:
    """``call`` happens once, after the next version is there and before its writer looks again."""

    def put(request: Request) -> None:
        if request.method == "PUT":
            at_the_next_look(vault, call)

    vault.before = put


def at_the_next_look(vault: KeyVault, call: Callable[[], object]) -> None:
    """``call`` happens once, before the next answer to a reader."""

    def look(_: Request) -> None:
        vault.before = lambda _: None
        call()

    vault.before = look
