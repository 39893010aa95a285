"""The calls that an engine makes of the providers for one number, with the state in memory: fast, and one at a time.

It knows no order of deletions, no failures and no second process; the model and the real engine have those.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi.dynamic.config import Config
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret

from tests.contract.conftest import STACK, TestClock
from tests.passphrases import strong
from tests.stack.project import TOKEN
from whatsapp_flow_keys import document
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.dynamic.provider import FlowKeysProvider
from whatsapp_flow_keys.dynamic.stored_key_ring import StoredKeyRingProvider
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.resources.schema import Props
from whatsapp_flow_keys.ring import KeyRing, Role
from whatsapp_graph_emulator import Emulator

Kind = type[FlowKeysProvider]
WORDS, OTHER_WORDS = strong("correct horse battery staple"), strong("another seven words that nobody knows at all")
A_DAY = 24 * 3600


class CheckRefusedError(Exception):
    """What a check found wrong."""


@dataclass
class Recorded:
    """What a state holds of one resource; ``secret`` names what it holds encrypted."""

    id: str
    inputs: Props
    outs: Props
    secret: set[str] = field(default_factory=set)


@dataclass
class MiniatureEngine:
    """One number's resources: ``up`` brings them in line with what is given, ``destroy`` deletes them."""

    number: str
    emulator: Emulator
    folder: Path
    clock: TestClock = field(default_factory=TestClock)
    said: list[str] = field(default_factory=list)
    token: str = TOKEN
    more_settings: Mapping[str, str] = field(default_factory=dict)
    state: dict[Kind, Recorded] = field(default_factory=dict)
    replaced: list[tuple[Kind, Recorded]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ids = itertools.count(1)
        self.new_run()

    def new_run(self) -> None:
        """Another run of the engine: nothing is remembered but the state."""
        self.run = Run(self.clock, lambda: f"id-{next(self._ids)}", self.said.append)

    def provider(self, kind: Kind) -> Any:
        """As a process configures it."""
        provider = kind()
        settings = {
            "whatsapp:accessToken": self.token,
            "whatsapp:graphUrl": self.emulator.url,
            "whatsapp:auditLog": str(self.folder / "audit.log"),
            **self.more_settings,
        }
        provider._config = Config(settings, "flows")
        provider._run = self.run
        return provider

    def store(self, name: str = "ring") -> str:
        """The URL of a file."""
        return (self.folder / f"{name}.json").as_uri()

    def up(self, **given: Any) -> list[str]:
        """What was done to the resources: ``create``, ``update``, ``replace``, or ``same``, in their order."""
        self.new_run()
        common = {"phone_number_id": self.number, "managed_by": STACK, "store": "stack", "backups": [], **given}
        done = [self.apply(EncryptionKeyProvider, _of(common, _KEY))]
        key = self.state[EncryptionKeyProvider]
        from_key = {"key_id": key.id, **{name: key.outs.get(name) for name in ("fingerprint", "issued_on")}}
        if common["store"] == "stack":
            done.append(self.apply(KeyRingProvider, {**_of(common, _RING), **from_key, **_of(key.outs, _PRIVATE)}))
            kept = self.state[KeyRingProvider].outs
        else:
            kept = key.outs
            self.apply(StoredKeyRingProvider, {**_of(common, _STORED), "key_id": key.id, **_of(key.outs, _WHERE)})
        registration = {**_of(common, _REGISTRATION), **from_key, **_of(kept, ("ring", *_WHERE))}
        registration["former_passphrases"] = key.outs.get("former_passphrases")
        done.append(self.apply(KeyRegistrationProvider, registration))
        while self.replaced:
            kind, old = self.replaced.pop()
            self.provider(kind).delete(old.id, old.outs)
        return done

    def apply(self, kind: Kind, given: Props) -> str:
        """Check, diff, and what follows from them, of one resource."""
        old = self.state.get(kind)
        news = {name: value for name, value in given.items() if value is not None}
        checked = self.provider(kind).check(old.inputs if old else {}, news)
        if checked.failures:
            raise CheckRefusedError("; ".join(failure.reason for failure in checked.failures))
        inputs, _ = _plain(checked.inputs)
        if old is None:
            return self._created(kind, inputs, "create")
        differs = self.provider(kind).diff(old.id, old.outs, inputs)
        if differs.replaces:
            self.replaced.append((kind, old))
            return self._created(kind, inputs, "replace")
        if not differs.changes:
            return "same"
        outs, secret = _plain(self.provider(kind).update(old.id, old.outs, inputs).outs)
        self.state[kind] = Recorded(old.id, inputs, outs, secret)
        return "update"

    def refresh(self) -> Props:
        """Reads the registration; what it found in place of what should be."""
        recorded = self.state[KeyRegistrationProvider]
        read = self.provider(KeyRegistrationProvider).read(recorded.id, recorded.outs)
        (outs, secret), (inputs, _) = _plain(read.outs), _plain(read.inputs)
        self.state[KeyRegistrationProvider] = Recorded(read.id, inputs, outs, secret)
        return inputs

    def destroy(self) -> None:
        """Deletes every resource, the last one first."""
        self.new_run()
        for kind in (KeyRegistrationProvider, StoredKeyRingProvider, KeyRingProvider, EncryptionKeyProvider):
            if kind in self.state:
                self.provider(kind).delete(self.state[kind].id, self.state[kind].outs)
                del self.state[kind]

    def _created(self, kind: Kind, inputs: Props, done: str) -> str:
        created = self.provider(kind).create(inputs)
        outs, secret = _plain(created.outs)
        self.state[kind] = Recorded(created.id, inputs, outs, secret)
        return done

    def ring(self, name: str = "ring") -> KeyRing:
        """What a file holds."""
        return document.load((self.folder / f"{name}.json").read_text(), name)

    def recorded_ring(self) -> KeyRing:
        """What the state holds."""
        return document.load(self.state[KeyRingProvider].outs["ring"], "the state")

    def fingerprint(self) -> str:
        """Of the live key."""
        return str(self.state[EncryptionKeyProvider].outs["fingerprint"])

    def served(self) -> str | None:
        """What Meta serves."""
        return self.emulator.served(self.number)[1]

    def audited(self) -> str:
        """The audit log."""
        return (self.folder / "audit.log").read_text()


def trigger(name: str) -> dict[str, str]:
    """Asks for a rotation where the last `up` was given another."""
    return {"rotation_trigger": name}


def roles(ring: KeyRing) -> dict[str, Role]:
    """By fingerprint."""
    return {key.fingerprint: key.role for key in ring.keys}


_WHERE = ("locations", "custodies")
_PRIVATE = ("private_key",)
_COMMON = ("phone_number_id", "managed_by", "registrar", "backups", "take_over")
_PASSPHRASE = ("passphrase", "passphrase_is_generated")
_KEY = (
    *_COMMON,
    *_PASSPHRASE,
    *("store", "rotate_after_days", "rotation_trigger", "force_destroy", "existing_private_key", "existing_passphrase"),
    *("stored_ring", "issued_on", "custody"),
)
_RING = (*_COMMON, "force_destroy", "custody")
_STORED = (*_COMMON, *_PASSPHRASE, "store", "force_destroy")
_REGISTRATION = (*_COMMON, *_PASSPHRASE, "store", "endpoint_url", "endpoint_wait", "deployed", "force_destroy")


def _of(props: Mapping[str, Any], names: tuple[str, ...]) -> Props:
    return {name: props[name] for name in names if name in props}


def _plain(props: Any) -> tuple[Props, set[str]]:
    """The values as a later call gets them, and which of them are marked as secret."""
    secret = {name for name, value in props.items() if is_rpc_secret(value)}
    return {name: unwrap_rpc_secret(value) for name, value in props.items()}, secret
