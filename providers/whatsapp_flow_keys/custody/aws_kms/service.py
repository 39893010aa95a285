"""The keys of one phone number in AWS KMS: RSA-2048 keys, which can't be exported.

A rotation makes another KMS key; the ones before go on decrypting. Each has an alias that ends in its fingerprint, by
which it is found. A key that left the ring is disabled, and its deletion is scheduled when a later one leaves: with the
longest window, in which it can be cancelled. No other key is touched.

Answers are eventually consistent, so a key that was made a moment ago is asked for until it is there. What a call does
and which errors it has: the service model of AWS KMS.
"""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from whatsapp_flow_keys.aws.places import ACCOUNT, PARTITION, REGION
from whatsapp_flow_keys.client_library import seconds_per_call
from whatsapp_flow_keys.clock import Clock, SystemClock
from whatsapp_flow_keys.custody.aws_kms.address import parse
from whatsapp_flow_keys.custody.aws_kms.client import ask, ask_once
from whatsapp_flow_keys.custody.aws_kms.refusals import AliasTakenError
from whatsapp_flow_keys.errors import OutOfUseError, StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.extras import require_extra
from whatsapp_flow_keys.key_reference import KeyReference

if TYPE_CHECKING:
    from whatsapp_flow_keys.keys import PrivateKey

PHONE_NUMBER_ID = "whatsapp-flow-keys:phone-number-id"
"""The tag of each key."""

_RETIRED = "retired/"
"""Stands before the fingerprint in the second alias of a key that was taken out of use here."""

LONGEST_WINDOW = 30
"""Days in which a scheduled deletion can be cancelled: the most that AWS KMS takes."""

_SPEC, _USAGE, _ALGORITHM = "RSA_2048", "ENCRYPT_DECRYPT", "RSAES_OAEP_SHA_256"
_CIPHERTEXT = 256
"""Bytes of what was encrypted with an RSA key of 2048 bits."""
_ARN = re.compile(rf"arn:{PARTITION}:kms:(?P<region>{REGION}):(?P<account>{ACCOUNT}):key/[A-Za-z0-9-]{{1,64}}")
_PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Seconds between the looks for a key that was made a moment ago."""
_STATES = {
    "Disabled": "it is disabled",
    "PendingDeletion": "its deletion is scheduled",
    "PendingImport": "it has no key material",
}

T = TypeVar("T")


class AwsKms:
    """A :class:`KeyService`. Thread-safe."""

    def __init__(self, url: str, phone_number_id: str, field: str = "custody", *, clock: Clock | None = None) -> None:
        """``awskms://REGION/PREFIX?account=ACCOUNT``. The alias of a key is the prefix and the phone number ID, a slash
        and the fingerprint.

        Talks to nobody. Raises :class:`InputError`, which names ``field``, and :class:`MissingExtraError`."""
        self._place, self._number = parse(url, field), phone_number_id
        self._beginning = f"alias/{self._place.prefix}{phone_number_id}/"
        require_extra("aws", "boto3", field=field, what="key service")
        self._clock = clock or SystemClock()

    @property
    def url(self) -> str:
        """See :class:`KeyService`: without the number."""
        return self._place.url

    def make(self) -> KeyReference:
        """See :class:`KeyService`."""
        return self._create(lambda arn: self._waited_for(lambda: self._public_key(arn)))

    def adopt(self, key: "PrivateKey") -> KeyReference:
        """See :class:`KeyService`. What an earlier run began goes on: the alias is made before the import."""
        known = self._named(key.fingerprint)
        if known is None:
            self._import(self._create(lambda _: key.public_key_pem, Origin="EXTERNAL").key, key)
        elif self._described(known)["KeyState"] == "PendingImport":
            self._import(known, key)
        return self._waited_for(lambda: self._imported(key.fingerprint))

    def find(self, fingerprint: str) -> KeyReference | None:
        """See :class:`KeyService`: by its alias, where the key that this names is enabled."""
        named = self._named(fingerprint)
        return self._enabled(named, fingerprint) if named else None

    def trouble(self, reference: KeyReference) -> str | None:
        """See :class:`KeyService`."""
        arn = _ARN.fullmatch(reference.key)
        if arn is None or arn["region"] != self._place.region:
            return f"{reference.key[:120]!r} is not the ARN of a KMS key in {self._place.region}"
        if self._place.account not in ("", arn["account"]):
            return f"{reference.key} is in another account than {self._place.account}"
        try:
            found = self._waited_for(lambda: self._described(reference.key))
        except OutOfUseError:
            return f"there is no KMS key {reference.key}"
        state = str(found["KeyState"])
        if state != "Enabled":
            return f"the KMS key {reference.key} is out of use: {_STATES.get(state, f'its state is {state}')}"
        if found.get("KeyUsage") != _USAGE:
            return f"the KMS key {reference.key} is for {found.get('KeyUsage')}, not for {_USAGE}"
        there = KeyReference(self.url, reference.key, self._public_key(reference.key))
        return None if there.fingerprint == reference.fingerprint else f"the KMS key {reference.key} is another key"

    def retire(self, gone: Collection[str], kept: Collection[str]) -> None:
        """See :class:`KeyService`: disables the keys, and marks them as retired by another alias. It schedules the
        deletion of those that were marked before, unless somebody enabled them again. Without a kept one here none
        goes."""
        aliases = dict(self._aliases())
        staying = {aliases[fingerprint] for fingerprint in kept if fingerprint in aliases}
        if not staying:
            return
        for fingerprint in sorted({*gone} - {*kept}):
            if fingerprint in aliases and (left := self._enabled(aliases[fingerprint], fingerprint)):
                self._ask("DisableKey", KeyId=left.key)
                self._name(f"{_RETIRED}{fingerprint}", left.key)
        for fingerprint, key in aliases.items():
            if fingerprint in gone or fingerprint in kept or key in staying:
                continue
            was_retired = aliases.get(f"{_RETIRED}{fingerprint}") == key
            if was_retired and self._described(key)["KeyState"] == "Disabled":
                self._ask("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=LONGEST_WINDOW)

    def unwrap(self, reference: KeyReference, wrapped: bytes) -> bytes:
        """See :class:`KeyService`."""
        if len(wrapped) != _CIPHERTEXT:
            raise ValueError("encrypted with another key")
        try:
            return self._decrypted(reference.key, wrapped)
        except StoreUnavailableError as error:
            if type(error) is not StoreUnavailableError:
                raise
            self._clock.sleep(_PAUSES[0])
            return self._decrypted(reference.key, wrapped)

    def _decrypted(self, key: str, wrapped: bytes) -> bytes:
        """By one attempt. Two of them, each of a connection and an answer, and the pause between them fit into the time
        of a call; with boto3's own pauses, and those that AWS asks for, they would not."""
        given = {"KeyId": key, "CiphertextBlob": wrapped, "EncryptionAlgorithm": _ALGORITHM}
        return bytes(ask_once(self._place, "Decrypt", seconds_per_call() / 5, **given)["Plaintext"])

    def _create(self, public_key: Callable[[str], str], **given: str) -> KeyReference:
        """A new key with its alias; ``public_key`` tells its SPKI PEM by its ARN."""
        self._check_account()
        made = self._ask(
            "CreateKey",
            KeySpec=_SPEC,
            KeyUsage=_USAGE,
            Description=f"WhatsApp Flows, phone number {self._number}",
            Tags=[{"TagKey": PHONE_NUMBER_ID, "TagValue": self._number}],
            **given,
        )["KeyMetadata"]
        reference = KeyReference(self.url, str(made["Arn"]), public_key(str(made["Arn"])))
        self._waited_for(lambda: self._name(reference.fingerprint, reference.key))
        return reference

    def _name(self, name: str, key: str) -> None:
        with suppress(AliasTakenError):  # an answer was lost, and boto3 asked again; or it was retired before
            self._ask("CreateAlias", AliasName=f"{self._beginning}{name}", TargetKeyId=key)

    def _import(self, arn: str, key: "PrivateKey") -> None:
        """Source: the developer guide of AWS KMS, "Importing key material"."""
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.hazmat.primitives.serialization import load_der_public_key

        from whatsapp_flow_keys.custody.wrapping import wrapped_for

        wrapping = {"WrappingAlgorithm": "RSA_AES_KEY_WRAP_SHA_256", "WrappingKeySpec": "RSA_4096"}
        answer = self._waited_for(lambda: self._ask("GetParametersForImport", KeyId=arn, **wrapping))
        wrapping_key = load_der_public_key(answer["PublicKey"])
        if not isinstance(wrapping_key, rsa.RSAPublicKey):
            raise StoreUnavailableError(self.url, "gave a key to import with that is not RSA; check AWS_ENDPOINT_URL")
        self._ask(
            "ImportKeyMaterial",
            KeyId=arn,
            ImportToken=answer["ImportToken"],
            EncryptedKeyMaterial=wrapped_for(wrapping_key, key),
            ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
        )

    def _imported(self, fingerprint: str) -> KeyReference:
        found = self.find(fingerprint)
        if found is None:
            raise OutOfUseError(
                self.url,
                f"the KMS key with the alias {self._beginning}{fingerprint} is not in use; put it back into use, or "
                f"run again in a minute",
            )
        return found

    def _waited_for(self, look: Callable[[], T]) -> T:
        """What ``look`` returns, once the key that was made a moment ago is there."""
        for pause in _PAUSES:
            try:
                return look()
            except OutOfUseError:
                self._clock.sleep(pause)
        return look()

    def _public_key(self, key: str) -> str:
        """As SPKI PEM."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

        der = self._ask("GetPublicKey", KeyId=key)["PublicKey"]
        try:
            public_key = load_der_public_key(der)
        except ValueError:
            raise StoreUnavailableError(
                self.url, "what answered kms:GetPublicKey is not AWS; check AWS_ENDPOINT_URL and the proxy"
            ) from None
        return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def _described(self, key: str) -> dict[str, Any]:
        """A key in any state. Raises :class:`OutOfUseError` where there is none."""
        found: dict[str, Any] = self._ask("DescribeKey", KeyId=key)["KeyMetadata"]
        return found

    def _enabled(self, key: str, fingerprint: str) -> KeyReference | None:
        """A key that may be used and has this public half; None for any other. An alias can be moved to another key."""
        found = self._described(key)
        if found["KeyState"] != "Enabled":
            return None
        reference = KeyReference(self.url, str(found["Arn"]), self._public_key(str(found["Arn"])))
        return reference if reference.fingerprint == fingerprint else None

    def _named(self, name: str) -> str | None:
        return next((key for each, key in self._aliases() if each == name), None)

    def _aliases(self) -> Iterator[tuple[str, str]]:
        """What follows the number in the aliases of its keys, and the keys' IDs. They are looked for among all of the
        account: to ask for one that isn't there may be answered as one that nobody may see."""
        more: dict[str, str] = {}
        while True:
            page = self._ask("ListAliases", Limit=100, **more)
            for alias in page["Aliases"]:
                if alias["AliasName"].startswith(self._beginning) and "TargetKeyId" in alias:
                    yield alias["AliasName"].removeprefix(self._beginning), alias["TargetKeyId"]
            if not page.get("Truncated"):
                return
            more = {"Marker": page["NextMarker"]}

    def _check_account(self) -> None:
        """A private key in another account would be out of the endpoint's reach."""
        if not self._place.account:
            return
        account = self._ask("GetCallerIdentity", service="sts")["Account"]
        if account != self._place.account:
            raise StorePermissionError(
                self.url,
                f"these credentials are of account {account}, and the keys are to lie in {self._place.account}; "
                f"nothing was made. Use credentials of {self._place.account} (AWS_PROFILE)",
            )

    def _ask(self, action: str, **given: Any) -> dict[str, Any]:
        return ask(self._place, action, **given)
