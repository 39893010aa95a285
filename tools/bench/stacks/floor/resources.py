"""The floor: a FlowEncryption's resources, with providers that do nothing.

They take the inputs that the real ones take and record properties of the same names, short, as the template has
them. It imports nothing of the project.
"""

import functools
import json
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from tools.bench.stacks import TEMPLATE

Props = dict[str, Any]

_CREATED, _ROTATED = "created", "rotated"
_OF_EACH = ("phone_number_id", "store", "locations", "rotation_trigger", "fingerprint", "key_id")
"""The properties whose values are a number's own; all others are the template's."""


class IdleProvider(ResourceProvider):
    """Answers at once. ``kind``: the resource's."""

    serialize_as_secret_always = False
    kind = ""
    changes_by = "fingerprint"

    def check(self, olds: Props, news: Props) -> CheckResult:
        if not olds:
            recorded = _template(self.kind, _CREATED)["inputs"]
        elif self._changes(olds, news):
            recorded = _template(self.kind, _ROTATED)["inputs"]
        else:
            recorded = {name: value for name, value in olds.items() if name != "__provider"}
        return CheckResult({**recorded, **_own(news)}, [])

    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        return DiffResult(changes=self._changes(olds, news))

    def create(self, props: Props) -> CreateResult:
        return CreateResult(uuid4().hex, {**_template(self.kind, _CREATED)["outputs"], **_own(props)})

    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        return UpdateResult({**_template(self.kind, _ROTATED)["outputs"], **_own(news)})

    def _changes(self, olds: Props, news: Props) -> bool:
        return bool(olds.get(self.changes_by) != news.get(self.changes_by))


class KeyProvider(IdleProvider):
    """Replaced by another rotation trigger."""

    kind = "EncryptionKey"
    changes_by = "rotation_trigger"

    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        rotates = self._changes(olds, news)
        return DiffResult(changes=rotates, replaces=[self.changes_by] if rotates else [])

    def create(self, props: Props) -> CreateResult:
        made = super().create(props)
        return CreateResult(made.id, {**(made.outs or {}), "fingerprint": (uuid4().hex * 2)})


class RingProvider(IdleProvider):
    """Updated by another key."""

    kind = "KeyRing"


class StoredRingProvider(IdleProvider):
    """Updated by another key."""

    kind = "StoredKeyRing"
    changes_by = "key_id"


class RegistrationProvider(IdleProvider):
    """Updated by another key."""

    kind = "KeyRegistration"


class EncryptionKey(Resource, module="whatsapp", name="EncryptionKey"):
    """Stands for a key pair."""

    fingerprint: pulumi.Output[str]
    private_key: pulumi.Output[str | None]
    locations: pulumi.Output[list[str]]
    former_passphrases: pulumi.Output[list[str]]
    issued_on: pulumi.Output[str]


class KeyRing(Resource, module="whatsapp", name="KeyRing"):
    """Stands for the stack's key ring."""

    ring: pulumi.Output[str]
    locations: pulumi.Output[list[str]]


class StoredKeyRing(Resource, module="whatsapp", name="StoredKeyRing"):
    """Stands for the document in a store."""


class KeyRegistration(Resource, module="whatsapp", name="KeyRegistration"):
    """Stands for the registration."""


class Number(pulumi.ComponentResource):
    """Stands for a FlowEncryption."""

    def __init__(self, name: str, phone_number_id: str, store: str, rotation_trigger: str) -> None:
        super().__init__("whatsapp:flows:FlowEncryption", name)
        number = {
            "phone_number_id": pulumi.Output.from_input(phone_number_id),
            "managed_by": f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}",
        }
        key = self._key(
            name,
            {
                **number,
                "store": store,
                "rotation_trigger": rotation_trigger,
                "stored_ring": store != "stack" or None,
            },
        )
        ring = self._ring(name, number, key) if store == "stack" else None
        stored = None if ring else self._stored_ring(name, {**number, "store": store}, key)
        registration = {
            **number,
            "fingerprint": key.fingerprint,
            "key_id": key.id,
            "former_passphrases": None if ring else key.former_passphrases,
            "store": store,
            "locations": ring.locations if ring else key.locations,
            "ring": ring.ring if ring else None,
        }
        properties, options = self._recorded("KeyRegistration", registration)
        options.depends_on = [stored] if stored else None
        KeyRegistration(RegistrationProvider(), name, properties, options)
        self.fingerprint = key.fingerprint
        self.register_outputs({"fingerprint": key.fingerprint, "issued_on": key.issued_on, "rotates_on": None})

    def _key(self, name: str, inputs: Props) -> EncryptionKey:
        return EncryptionKey(KeyProvider(), name, *self._recorded("EncryptionKey", inputs))

    def _ring(self, name: str, number: Props, key: EncryptionKey) -> KeyRing:
        inputs = {
            **number,
            "key_id": key.id,
            "fingerprint": key.fingerprint,
            "issued_on": key.issued_on,
            "private_key": key.private_key,
        }
        return KeyRing(RingProvider(), name, *self._recorded("KeyRing", inputs))

    def _stored_ring(self, name: str, number: Props, key: EncryptionKey) -> StoredKeyRing:
        inputs = {**number, "key_id": key.id, "locations": key.locations}
        return StoredKeyRing(StoredRingProvider(), name, *self._recorded("StoredKeyRing", inputs))

    def _recorded(self, kind: str, inputs: Props) -> tuple[Props, pulumi.ResourceOptions]:
        """Names every output beside the inputs, and what is secret of them."""
        template = _template(kind, _CREATED)
        options = pulumi.ResourceOptions(parent=self, additional_secret_outputs=template["secrets"])
        return {**dict.fromkeys(template["outputs"]), **inputs}, options


@functools.cache
def _templates() -> dict[str, dict[str, Props]]:
    found: dict[str, dict[str, Props]] = json.loads(Path(os.environ[TEMPLATE]).read_text(encoding="utf-8"))
    return found


def _template(kind: str, state: str) -> Props:
    return _templates()[state][kind]


def _own(props: Props) -> Props:
    return {name: props[name] for name in _OF_EACH if props.get(name) is not None}
