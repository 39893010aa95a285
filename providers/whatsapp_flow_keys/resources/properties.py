"""The properties of the four resources. The names stand in people's states: they are never changed.

The inputs of a resource are what its program gives, the state is what is recorded: the inputs, unless they are said not
to be, and the outputs.
"""

from dataclasses import dataclass

from whatsapp_flow_keys.custody.services import parse_custody
from whatsapp_flow_keys.fingerprint import parse_fingerprint
from whatsapp_flow_keys.flow_protocol.endpoint_url import parse_endpoint_url
from whatsapp_flow_keys.phone_number import parse_phone_number_id
from whatsapp_flow_keys.registrars.kinds import META, parse_registrar
from whatsapp_flow_keys.resources.parsers import (
    parse_date,
    parse_days,
    parse_flag,
    parse_passphrase,
    parse_trigger,
    parse_wait,
)
from whatsapp_flow_keys.resources.schema import Properties, prop
from whatsapp_flow_keys.stores.urls import STACK


@dataclass(frozen=True, kw_only=True)
class OfNumber(Properties):
    """What every resource has."""

    phone_number_id: str = prop(
        "Meta's ID of the number: digits", required=True, replaces=True, parse=parse_phone_number_id
    )
    managed_by: str = prop("The stack, as organization/project/stack", required=True, in_place=True)
    registrar: str | None = prop(
        "URL of who takes the public key to Meta: `meta`, the default, which is its Graph API, or `awssocial://…`",
        in_place=True,
        parse=parse_registrar,
    )
    has_registrar: bool | None = prop("True where its URL comes from another resource, which may have failed")
    backups: tuple[str, ...] = prop("URLs of further stores that hold every key", (), in_place=True)
    has_backups: bool | None = prop("True where their URLs come from other resources, which may have failed")

    def missing(self) -> tuple[str, ...]:
        """What a failed resource should have given must not be taken for what was left out."""
        backups = ("backups",) if self.has_backups and not self.backups else ()
        registrar = ("registrar",) if self.has_registrar and self.registrar is None else ()
        return (*super().missing(), *backups, *registrar)

    @property
    def asked_through(self) -> str:
        """The URL of who takes the public key to Meta."""
        return META if self.registrar is None else self.registrar

    @property
    def in_stack(self) -> bool:
        """Whether the stack is the store; so it is for a resource that has no other."""
        return bool(getattr(self, "store", STACK) == STACK)


@dataclass(frozen=True, kw_only=True)
class KeyInputs(OfNumber):
    """Of an EncryptionKey."""

    store: str = prop("The store's URL, or `stack`", required=True, in_place=True)
    custody: str | None = prop(
        "The URL of the key service that makes and holds the private key, or `ring`, the default; a new one rotates",
        replaces=True,
        parse=parse_custody,
    )
    rotation_trigger: str | None = prop("Any string; a new one rotates", replaces=True, parse=parse_trigger)
    rotate_after_days: int | None = prop("After how many days a rotation is due", in_place=True, parse=parse_days)
    issued_on: str | None = prop(
        "The key's UTC date; the check sets it", replaces=True, parse=parse_date, found=True, always=True
    )
    passphrase: str | None = prop("Encrypts the keys in the store", secret=True, in_place=True, parse=parse_passphrase)
    passphrase_is_generated: bool | None = prop("Whether it goes with the stack", in_place=True)
    take_over: str | None = prop("The fingerprint of a key that may be published over", parse=parse_fingerprint)
    force_destroy: bool = prop("Whether a key that Meta serves may be deleted", False, in_place=True, parse=parse_flag)
    stored_ring: bool | None = prop("True where a StoredKeyRing is made before anything is published")
    existing_private_key: str | None = prop("A PEM to be adopted", secret=True, recorded=False)
    existing_passphrase: str | None = prop("Opens the PEM to be adopted", secret=True, recorded=False)

    def missing(self) -> tuple[str, ...]:
        """A generated passphrase is required, too: without it the key would lie in the store in the clear."""
        generated = ("passphrase",) if self.passphrase_is_generated and self.passphrase is None else ()
        return (*super().missing(), *generated)


@dataclass(frozen=True, kw_only=True)
class KeyState(KeyInputs):
    """Of an EncryptionKey."""

    fingerprint: str = prop("SHA-256 of the public key's SPKI DER, lower-case hex", hidden=True)
    public_key_pem: str = prop("The public key", hidden=True)
    private_key: str | None = prop(
        "The private key, a PEM, or where its key service has it; with the stack as the store", secret=True, hidden=True
    )
    former_passphrases: tuple[str, ...] | None = prop(
        "The passphrase before the last change, while a key in the store still needs it", secret=True, hidden=True
    )
    locations: tuple[str, ...] | None = prop(
        "URLs of the store and the backups, with all that was learnt of where they are; later calls go by them. Empty "
        "with the stack as the store; None in a state of an older version",
        hidden=True,
        always=True,
    )
    secret_id: str | None = prop("The document's name in the words of its service", hidden=True)
    custodies: tuple[str, ...] | None = prop(
        "URLs of the key services that hold keys of the ring; with `custody` only", hidden=True
    )


@dataclass(frozen=True, kw_only=True)
class RingInputs(OfNumber):
    """Of a KeyRing."""

    key_id: str = prop("The id of the live EncryptionKey", required=True, in_place=True)
    fingerprint: str = prop("Of the live key", required=True, in_place=True)
    private_key: str = prop(
        "The live key, the EncryptionKey's; the state records a digest", required=True, secret=True, recorded=False
    )
    issued_on: str = prop("The live key's UTC date", required=True)
    custody: str | None = prop("The EncryptionKey's", in_place=True)
    take_over: str | None = prop("The fingerprint of a key that may be published over", parse=parse_fingerprint)
    force_destroy: bool = prop("Whether a key that Meta serves may be deleted", False, in_place=True)


@dataclass(frozen=True, kw_only=True)
class RingState(RingInputs):
    """Of a KeyRing."""

    ring: str = prop("The key ring document, JSON", secret=True, hidden=True)
    locations: tuple[str, ...] | None = prop("URLs of the backups; see the EncryptionKey's", hidden=True, always=True)
    custodies: tuple[str, ...] | None = prop("See the EncryptionKey's", hidden=True)


@dataclass(frozen=True, kw_only=True)
class StoredRing(OfNumber):
    """Inputs and state of a StoredKeyRing."""

    key_id: str = prop("The id of the live EncryptionKey", required=True, in_place=True)
    store: str = prop("The store's URL", required=True, in_place=True)
    locations: tuple[str, ...] = prop("The EncryptionKey's", required=True, in_place=True)
    custodies: tuple[str, ...] | None = prop("The EncryptionKey's", in_place=True)
    passphrase: str | None = prop("Encrypts the keys in the store", secret=True, in_place=True)
    passphrase_is_generated: bool | None = prop("Whether it goes with the stack", in_place=True)
    force_destroy: bool = prop("Whether a key that Meta serves may be deleted", False, in_place=True)


@dataclass(frozen=True, kw_only=True)
class RegistrationInputs(OfNumber):
    """Of a KeyRegistration."""

    key_id: str = prop("The id of the live EncryptionKey", required=True, in_place=True)
    fingerprint: str = prop("Of the key to be published", required=True)
    store: str = prop("The store's URL, or `stack`", required=True, in_place=True)
    locations: tuple[str, ...] | None = prop("The EncryptionKey's, or the KeyRing's", in_place=True)
    custodies: tuple[str, ...] | None = prop("The EncryptionKey's, or the KeyRing's", in_place=True)
    passphrase: str | None = prop("Opens the keys in the store", secret=True, in_place=True)
    former_passphrases: tuple[str, ...] = prop("The EncryptionKey's", (), secret=True, in_place=True)
    ring: str | None = prop("The stack's key ring document; the state records a digest", secret=True)
    take_over: str | None = prop("The fingerprint of a key that may be published over", parse=parse_fingerprint)
    endpoint_url: str | None = prop("The live endpoint, asked before a publication", parse=parse_endpoint_url)
    endpoint_wait: float | None = prop("How many seconds it may take", parse=parse_wait)
    force_destroy: bool = prop("Whether a key that Meta serves may be deleted", False, in_place=True)
    passphrase_is_generated: bool | None = prop("Whether it goes with the stack", in_place=True)
    deployed: bool | None = prop("Whether `deploy` has brought the key to the endpoint", parse=parse_flag)
    signature_status: str | None = prop("Meta's word; as an input only where a refresh has found drift", found=True)
    key_ring: str | None = prop("The stores' state; an input like Meta's word", found=True)

    def missing(self) -> tuple[str, ...]:
        """A KeyRing that failed gives neither. A program that asks for the stack by an Output has the locations."""
        no_ring = self.in_stack and self.ring is None and self.locations is None
        return (*super().missing(), *(("ring",) if no_ring else ()))


@dataclass(frozen=True, kw_only=True)
class RegistrationState(RegistrationInputs):
    """Of a KeyRegistration. What a refresh finds wrong must show, so little is hidden."""

    proven_fingerprint: str | None = prop("The key whose registration was finished")
    foreign_fingerprint: str | None = prop("What a refresh found at Meta that is in no slot of the ring")
    held_fingerprints: tuple[str, ...] | None = prop("The keys of the stack's ring", hidden=True)
    asks_first: bool | None = prop("Whether all that says if the keys may go is recorded here, too")
