"""What surrounds the versions of a secret: labels, annotations, where its replicas are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.gcp_secret_manager.address import OURS, GcpSecret

AUTOMATIC = "automatic"
"""The location of replicas whose place Google chooses."""

_NUMBER, _MANAGED_BY, _GIVEN = f"{OURS}phone-number-id", f"{OURS}managed-by", f"{OURS}labels"


@dataclass(frozen=True)
class Settings:
    """``replicas``: by location, the key of Cloud KMS, "" for Google's own. ``etag``: changes with each change."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    replicas: Mapping[str, str]
    etag: str = ""

    @classmethod
    def of(cls, secret: GcpSecret, ring: KeyRing | None) -> "Settings":
        """Those of a secret that is about to be made."""
        empty = cls({}, {}, _replicas(secret.locations or (AUTOMATIC,), secret.kms_keys))
        return empty.settled(secret, ring)

    @classmethod
    def found(cls, answer: Any) -> "Settings":
        """Those of a secret as Google describes it."""
        managed = answer.replication.user_managed.replicas
        replicas = {each.location: each.customer_managed_encryption.kms_key_name for each in managed}
        alone = answer.replication.automatic.customer_managed_encryption.kms_key_name
        return cls(dict(answer.labels), dict(answer.annotations), replicas or {AUTOMATIC: alone}, answer.etag)

    def settled(self, secret: GcpSecret, ring: KeyRing | None) -> "Settings":
        """With the labels that the URL gives, and without those that it gave before; an annotation names them."""
        given_before = self.annotations.get(_GIVEN, "").split(",")
        others = {name: value for name, value in self.labels.items() if name not in given_before}
        labels, annotations = {**others, **secret.labels}, {**self.annotations, _GIVEN: ",".join(sorted(secret.labels))}
        if ring is not None:
            labels[_NUMBER] = ring.phone_number_id
            annotations[_MANAGED_BY] = ring.managed_by
        return replace(self, labels=labels, annotations=annotations)

    def check_replicas(self, secret: GcpSecret) -> None:
        """Raises :class:`StoreUnavailableError` where the URL names others: they stay as the secret was made."""
        locations = secret.locations or tuple(self.replicas)
        wanted = _replicas(locations, secret.kms_keys) if secret.kms_keys else dict.fromkeys(locations)
        there = self.replicas if secret.kms_keys else dict.fromkeys(self.replicas)
        if wanted != there:
            raise StoreUnavailableError(
                secret.url,
                f"its replicas are {_shown(self.replicas)}, and Google changes neither their locations nor how they "
                f"are encrypted; give locations= and kms_keys= as they are, or move to a secret of another name",
            )

    @property
    def replication(self) -> dict[str, Any]:
        """For Google."""
        encrypted = {
            location: {"customer_managed_encryption": {"kms_key_name": key}} if key else {}
            for location, key in self.replicas.items()
        }
        if AUTOMATIC in encrypted:
            return {"automatic": encrypted[AUTOMATIC]}
        replicas = [{"location": location, **encryption} for location, encryption in encrypted.items()]
        return {"user_managed": {"replicas": replicas}}


def _replicas(locations: Sequence[str], kms_keys: Sequence[str]) -> dict[str, str]:
    return dict(zip(locations, kms_keys or [""] * len(locations), strict=False))


def _shown(replicas: Mapping[str, str]) -> str:
    shown = {"" if location == AUTOMATIC else f" in {location}": key for location, key in replicas.items()}
    return ", ".join(f"encrypted{where} by {key or 'a key of Google'}" for where, key in shown.items())
