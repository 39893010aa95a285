"""The keys of one phone number in the transit engine: the versions of one RSA-2048 key, which can't be exported.

A rotation makes the next version; the old ones go on decrypting. A version goes out of use by the key's
``min_decryption_version``, which can be lowered again. Nothing here deletes a key or trims its versions.
"""

import base64
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from whatsapp_flow_keys.client_library import seconds_per_call
from whatsapp_flow_keys.custody.vault_transit.address import parse
from whatsapp_flow_keys.custody.vault_transit.batches import Batches
from whatsapp_flow_keys.custody.vault_transit.engine import TRANSIT, is_another_key, is_out_of_use
from whatsapp_flow_keys.errors import OutOfUseError, StoreError, StoreUnavailableError
from whatsapp_flow_keys.extras import require_extra
from whatsapp_flow_keys.key_reference import KeyReference
from whatsapp_flow_keys.vault_server.client import VaultCalls
from whatsapp_flow_keys.vault_server.refusals import body_of

if TYPE_CHECKING:
    from requests import Response

    from whatsapp_flow_keys.keys import PrivateKey

_TYPE = "rsa-2048"
_VERSION = re.compile("[1-9][0-9]{0,8}")
_OPENS_TO_EXPORT = ("exportable", "allow_plaintext_backup")


class VaultTransit:
    """A :class:`KeyService`. Thread-safe."""

    def __init__(self, url: str, phone_number_id: str, field: str = "custody") -> None:
        """``vaulttransit://HOST[:PORT]/PREFIX?mount=MOUNT&namespace=NAMESPACE``; on loopback also ``tls=off``. The key
        is named PREFIX and the phone number ID.

        Talks to nobody. Raises :class:`InputError`, which names ``field``, and :class:`MissingExtraError`."""
        place = parse(url, field)
        require_extra("vault", "hvac", field=field, what="key service")
        self._place = replace(place, path=f"{place.path}{phone_number_id}")
        self._url, self._name, self._mount = place.url, self._place.path, place.mount
        self._calls = VaultCalls(self._place, TRANSIT)

    @property
    def url(self) -> str:
        """See :class:`KeyService`: without the number."""
        return self._url

    def make(self) -> KeyReference:
        """See :class:`KeyService`: the next version. Of two who make one at a moment each may get that of the other:
        it is a new key to both, and only one of them can write it to the ring."""
        answer = self._written("rotate") if self._looked_up() else self._create()
        found = self._found(answer) or self._known()
        return found.reference(found.latest, self._url)

    def adopt(self, key: "PrivateKey") -> KeyReference:
        """See :class:`KeyService`: as the first version of a key that is not there yet."""
        held = self._looked_up()
        if held and (known := held.of(key.fingerprint, self._url)):
            return known
        if held:
            raise StoreError(
                self._url,
                f"has a Transit key {self._name}, and a key that was made elsewhere can only be its first version. "
                f"Give another key_prefix, or leave existing_private_key out",
            )
        self._import(key)
        found = self._known().of(key.fingerprint, self._url)
        if found is None:
            raise StoreError(self._url, f"imported a key as {self._name}, but shows another one there. Run again")
        return found

    def find(self, fingerprint: str) -> KeyReference | None:
        """See :class:`KeyService`: among the versions that are in use."""
        held = self._looked_up()
        return held.of(fingerprint, self._url) if held and not held.soft_deleted else None

    def trouble(self, reference: KeyReference) -> str | None:
        """See :class:`KeyService`."""
        held = self._looked_up()
        if held is None:
            return f"there is no Transit key {self._name}"
        if held.soft_deleted:
            return f"the Transit key {self._name} is soft-deleted"
        if reference.key in held.versions:
            same = held.reference(int(reference.key), self._url).fingerprint == reference.fingerprint
            return None if same else f"version {reference.key} of the Transit key {self._name} is another key"
        if _VERSION.fullmatch(reference.key) and int(reference.key) < held.lowest:
            return (
                f"version {reference.key} of the Transit key {self._name} is out of use, since its "
                f"min_decryption_version is {held.lowest}"
            )
        return f"the Transit key {self._name} has no version {reference.key}"

    def retire(self, gone: Collection[str], kept: Collection[str]) -> None:
        """See :class:`KeyService`: raises ``min_decryption_version`` over those versions that are older than every kept
        one. The others have to wait until they are. Without a kept one here none goes."""
        held = self._looked_up()
        oldest = min(held.numbers(kept), default=0) if held else 0
        older = [number for number in held.numbers(gone) if number < oldest] if held else []
        if older:
            self._written("config", min_decryption_version=max(older) + 1)

    def unwrap(self, reference: KeyReference, wrapped: bytes) -> bytes:
        """See :class:`KeyService`. Requests that arrive while others are under way share a call."""
        ciphertext = f"vault:v{reference.key}:{base64.b64encode(wrapped).decode()}"
        try:
            plaintext = _BATCHES.of(self._url, self._name).decrypt(ciphertext, self._decrypted)
        except TimeoutError:
            plaintext = StoreUnavailableError(self._url, "the calls before this one took too long")
        if isinstance(plaintext, str):
            return base64.b64decode(plaintext)
        raise plaintext

    def _decrypted(self, ciphertexts: list[str]) -> "list[str | Exception]":
        """The base64 of each plaintext, or why there is none."""
        several = len(ciphertexts) > 1
        batch = [{"ciphertext": text} for text in ciphertexts] if several else None
        answer = self._calls.ask(
            f"update on {self._mount}/decrypt/{self._name}",
            lambda client: client.secrets.transit.decrypt_data(
                self._name, None if several else ciphertexts[0], batch_input=batch, mount_point=self._mount
            ),
        )
        results = body_of(answer, "data").get("batch_results") if several else [_alone(answer)]
        if not isinstance(results, list) or len(results) != len(ciphertexts):
            raise self._calls.refusal(answer)
        return [self._plaintext(result, answer) for result in results]

    def _plaintext(self, result: Any, answer: "Response") -> "str | Exception":
        said = str(result.get("error") or "") if isinstance(result, Mapping) else ""
        if is_another_key(said):
            return ValueError("encrypted with another key")
        if not said and isinstance(result, Mapping) and isinstance(result.get("plaintext"), str):
            return str(result["plaintext"])
        refusal = self._calls.refusal(answer, said)
        return OutOfUseError(self._url, refusal.said) if is_out_of_use(said) else refusal

    def _create(self) -> "Response":
        return self._posted("create", f"{self._mount}/keys/{self._name}", {"type": _TYPE})

    def _written(self, what: str, **fields: object) -> "Response":
        return self._posted("update", f"{self._mount}/keys/{self._name}/{what}", fields)

    def _posted(self, capability: str, path: str, fields: Mapping[str, object]) -> "Response":
        wanted = f"{capability} on {path}"
        answer = self._calls.ask(wanted, lambda client: client.adapter.post(f"/v1/{path}", json=fields))
        if not answer.ok:
            raise self._calls.refusal(answer)
        return answer

    def _import(self, key: "PrivateKey") -> None:
        """By the server's wrapping key. Source: OpenBao, "Transit: import key". The first who asks for that waits while
        the server makes it, of 4096 bits: it gets the time of all attempts for one."""
        from whatsapp_flow_keys.custody.wrapping import wrapped_for
        from whatsapp_flow_keys.keys import load_public_key

        path = f"{self._mount}/wrapping_key"
        answer = self._calls.ask(
            f"read on {path}", lambda client: client.adapter.get(f"/v1/{path}", timeout=seconds_per_call())
        )
        public_key = body_of(answer, "data").get("public_key")
        if not isinstance(public_key, str):
            raise self._calls.refusal(answer)
        wrapped = wrapped_for(load_public_key(public_key, field="wrapping_key"), key)
        ciphertext = base64.b64encode(wrapped).decode()
        self._written("import", ciphertext=ciphertext, type=_TYPE, hash_function="SHA256", allow_rotation=True)

    def _known(self) -> "_Held":
        held = self._looked_up()
        if held is None:
            raise StoreUnavailableError(self._url, f"the Transit key {self._name} was made, and is gone again")
        return held

    def _looked_up(self) -> "_Held | None":
        """The key as it is; None where there is none."""
        path = f"{self._mount}/keys/{self._name}"
        answer = self._calls.ask(f"read on {path}", lambda client: client.adapter.get(f"/v1/{path}"))
        if answer.status_code == 404 and body_of(answer).get("errors") == []:
            return None
        found = self._found(answer)
        if found is None:
            raise self._calls.refusal(answer)
        return found

    def _found(self, answer: "Response") -> "_Held | None":
        """The key in an answer; None where it has none. Raises :class:`StoreError` for one that must not be used."""
        data = body_of(answer, "data")
        versions, latest = data.get("keys"), data.get("latest_version")
        if not answer.ok or not isinstance(versions, dict) or not isinstance(latest, int):
            return None
        if data.get("type") != _TYPE:
            raise StoreError(
                self._url,
                f"its Transit key {self._name} is of type {data.get('type')}, not {_TYPE}; give another key_prefix",
            )
        if opened := [name for name in _OPENS_TO_EXPORT if data.get(name)]:
            raise StoreError(
                self._url,
                f"the private key of {self._name} can be exported ({opened[0]} is set, which can't be undone); give "
                f"another key_prefix",
            )
        pems = {version: key["public_key"] for version, key in versions.items()}
        return _Held(pems, latest, data.get("min_decryption_version", 1), bool(data.get("soft_deleted")))


_BATCHES = Batches()


@dataclass(frozen=True)
class _Held:
    """A Transit key: the public keys of the versions that are in use, by their numbers."""

    versions: Mapping[str, str]
    latest: int
    lowest: int
    soft_deleted: bool

    def reference(self, version: int, service: str) -> KeyReference:
        pem = self.versions[str(version)]
        return KeyReference(service, str(version), pem if pem.endswith("\n") else f"{pem}\n")

    def numbers(self, fingerprints: Collection[str]) -> list[int]:
        """The versions whose public keys these are."""
        found = {int(version): self.reference(int(version), "") for version in self.versions}
        return [number for number, reference in found.items() if reference.fingerprint in fingerprints]

    def of(self, fingerprint: str, service: str) -> KeyReference | None:
        found = (self.reference(int(version), service) for version in self.versions)
        return next((reference for reference in found if reference.fingerprint == fingerprint), None)


def _alone(answer: "Response") -> dict[str, Any]:
    """The result of a call for one, as a batch has it."""
    errors = body_of(answer).get("errors")
    return {"error": " ".join(map(str, errors))} if errors else body_of(answer, "data")
