"""The provider of KeyRegistration: the public key at Meta. It publishes, proves, and finds drift.

As in EncryptionKey's, what acts is imported by the methods that act.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from whatsapp_flow_keys import document
from whatsapp_flow_keys.audit import Operation
from whatsapp_flow_keys.dynamic.in_passing import digest_of
from whatsapp_flow_keys.dynamic.inputs import Inputs, parse_flag, parse_wait
from whatsapp_flow_keys.dynamic.provider import PROVIDER_KEY, FlowKeysProvider, Props
from whatsapp_flow_keys.dynamic.reasons import why_registration_changes
from whatsapp_flow_keys.endpoint_url import parse_endpoint_url
from whatsapp_flow_keys.errors import InputError, UnsavedKeyError
from whatsapp_flow_keys.graph.signature_status import VALID
from whatsapp_flow_keys.lifecycle.claim import Claim
from whatsapp_flow_keys.lifecycle.findings import IN_PLACE, NOTHING
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role
from whatsapp_flow_keys.stores.recorded import STACKS_RING, RecordedRing
from whatsapp_flow_keys.stores.store import Store
from whatsapp_flow_keys.stores.urls import STACK, parse_stores

if TYPE_CHECKING:
    from whatsapp_flow_keys.graph.answers import RegisteredKey
    from whatsapp_flow_keys.lifecycle.gate import Gate
    from whatsapp_flow_keys.lifecycle.wanted import Wanted

_RECORDED = ("key_id", "store", "backups", "locations", "passphrase", "former_passphrases", "managed_by")
_FOUND = ("proven_fingerprint", "foreign_fingerprint", "held_fingerprints")
DEFAULT_WAIT = 60.0
"""Seconds in which the endpoint may come to hold the new key."""
_SKIPS_CHECKPOINTS = "PULUMI_SKIP_CHECKPOINTS"


class KeyRegistrationProvider(FlowKeysProvider):
    """Inputs: ``phone_number_id, fingerprint, key_id, store, backups, locations, passphrase, former_passphrases, ring,
    take_over, managed_by, endpoint_url, endpoint_wait, deployed``, and ``signature_status`` and ``key_ring``, which
    check sets to what should be, so that drift shows as a change.

    Outputs: these, and ``proven_fingerprint`` (set only when the whole table was finished), ``foreign_fingerprint``
    (what a refresh found at Meta that is in no slot of the ring) and ``held_fingerprints``, the keys of the stack's
    ring. Of ``ring`` the state records a digest.
    """

    secrets = ("ring", "passphrase", "former_passphrases")

    required = ("phone_number_id", "managed_by", "store", "backups", "key_id", "fingerprint")

    def missing(self, news: Props) -> list[str]:
        """A KeyRing that failed gives neither. A program that asks for the stack by an Output has the locations."""
        no_ring = news.get("store") == STACK and news.get("ring") is None and news.get("locations") is None
        return super().missing(news) + (["ring"] if no_ring else [])

    def check(self, _olds: Props, news: Props) -> CheckResult:
        """Validates, also the settings of the Graph API, so that a preview finds what is missing."""
        inputs = Inputs(news)
        inputs.parse_number_and_stores()
        inputs.parse("endpoint_url", parse_endpoint_url)
        inputs.parse("endpoint_wait", parse_wait)
        inputs.parse("deployed", parse_flag)
        if inputs["endpoint_wait"] is not None and inputs["endpoint_url"] is None:
            inputs.failures.append("endpoint_wait: has no use without endpoint_url")
        try:
            self.settings()
        except InputError as error:
            inputs.failures.append(str(error))
        if inputs["store"] == STACK and inputs["ring"] is None:
            inputs.failures.append("store: an Output can't ask for the stack as the store; give StackStore()")
        inputs.values["ring"] = self.run.passing.hand_on(inputs["ring"])
        inputs.values.update(signature_status=VALID, key_ring=IN_PLACE)
        return self.checked(inputs.values, inputs.failures)

    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        """Compares with what was proven, never with what Meta serves alone."""
        moved = news["phone_number_id"] != olds.get("phone_number_id")
        unproven = news["fingerprint"] != olds.get("proven_fingerprint")
        recorded = any(news.get(name) != olds.get(name) for name in (*_RECORDED, PROVIDER_KEY))
        recorded |= news.get("ring") != digest_of(olds.get("ring"))
        self.run.say(why_registration_changes(olds, news))
        return DiffResult(changes=moved or unproven or recorded, replaces=["phone_number_id"] if moved else [])

    def create(self, props: Props) -> CreateResult:
        """Publishes over another's key only where ``take_over`` names it."""
        return CreateResult(props["phone_number_id"], self._register(props, {}))

    def update(self, _id: str, olds: Props, news: Props) -> UpdateResult:
        """Publishes over another's key also where a refresh recorded that very key as drift."""
        if olds.get("proven_fingerprint") not in (None, news["fingerprint"]) and _endpoint_is_unknown(news):
            self.run.say(
                f"phone number {news['phone_number_id']}: nothing proves that the endpoint holds the new key before it "
                f"is published; give `deploy=` or `endpoint_url=`"
            )
        return UpdateResult(self._register(news, olds))

    def read(self, id_: str, props: Props) -> ReadResult:
        """Looks at both sides. What is found instead of what should be becomes visible drift of the inputs."""
        from whatsapp_flow_keys.lifecycle.inspection import inspect

        found = inspect(_wanted(props, {}), _stores(props, _recorded_ring), self.session(_claim(props, {})))
        observed = {"signature_status": found.served.signature_status or "none", "key_ring": found.key_ring}
        proven = props["fingerprint"] if found.proves(props["fingerprint"]) else None
        foreign = NOTHING if found.served.fingerprint is None else found.foreign  # what a state records was proven once
        outs = {**props, **observed, "proven_fingerprint": proven, "foreign_fingerprint": foreign}
        inputs = {name: value for name, value in outs.items() if name not in _FOUND}
        return ReadResult(id_, outs, {**inputs, "fingerprint": found.served.fingerprint or NOTHING})

    def delete(self, _id: str, _props: Props) -> None:
        """Forgets: Meta offers no way to take a public key back, only to overwrite it."""

    def _register(self, props: Props, olds: Props) -> Props:
        from whatsapp_flow_keys.lifecycle.registration import register

        wanted, session = _wanted(props, olds), self.session(_claim(props, olds))
        with session.trail.step(Operation.VERIFIED, wanted.fingerprint):
            _refuse_unsaved(props)
        served = register(wanted, _stores(props, self._given_ring), session, gate=self._gate(props))
        return {**_outs(props, served), **self._held(props)}

    def _given_ring(self, props: Props) -> KeyRing:
        """The stack's ring, as the program has just given it."""
        return document.load(self.run.passing.take(props["ring"], "ring"), STACKS_RING)

    def _held(self, props: Props) -> Props:
        """What a later read, which is given no ring, has to know of the stack's."""
        if props["store"] != STACK:
            return {}
        return {"held_fingerprints": [key.fingerprint for key in self._given_ring(props).keys]}

    def _gate(self, props: Props) -> "Gate | None":
        url, wait = props.get("endpoint_url"), props.get("endpoint_wait")
        if url is None:
            return None
        from whatsapp_flow_keys.endpoint import LiveEndpoint
        from whatsapp_flow_keys.lifecycle.gate import Gate

        alone = props["store"] == STACK and not props["backups"]
        return Gate(LiveEndpoint(url, self.settings().app_secret), DEFAULT_WAIT if wait is None else wait, alone)


def _refuse_unsaved(props: Props) -> None:
    if props["store"] == STACK and os.environ.get(_SKIPS_CHECKPOINTS):
        raise UnsavedKeyError(
            f"{_SKIPS_CHECKPOINTS} is set: the private key may not be saved yet when its public key is published. Run "
            f"without it, or keep the keys in another store than the stack"
        )


def _endpoint_is_unknown(props: Props) -> bool:
    """With a store of its own the endpoint reads the new key there; out of the stack somebody must bring it."""
    return props["store"] == STACK and not props.get("deployed") and props.get("endpoint_url") is None


def _outs(props: Props, served: "RegisteredKey") -> Props:
    """What check has set to what should be is so now, or the registration had failed."""
    return {**props, "proven_fingerprint": served.fingerprint, "foreign_fingerprint": None}


def _claim(props: Props, olds: Props) -> Claim:
    return Claim(props["phone_number_id"], props["managed_by"], props["key_id"], olds.get("managed_by"))


def _wanted(props: Props, olds: Props) -> "Wanted":
    """``olds`` is what the state records; empty before the first registration."""
    from whatsapp_flow_keys.lifecycle.wanted import Wanted

    return Wanted(
        props["fingerprint"],
        props.get("passphrase"),
        [named for named in (props.get("take_over"), olds.get("foreign_fingerprint")) if named],
        props.get("former_passphrases") or [],
        olds.get("proven_fingerprint"),
        bool(props.get("deployed")),
    )


def _stores(props: Props, ring: Callable[[Props], KeyRing]) -> tuple[Store, ...]:
    if props["store"] != STACK:
        first, *backups = props.get("locations") or [props["store"], *props["backups"]]
        return parse_stores(first, backups)
    others = parse_stores(STACK, props.get("locations") or props["backups"])
    return (RecordedRing(ring(props)), *others)


def _recorded_ring(props: Props) -> KeyRing:
    """What the state records of it: which keys it holds, not the keys."""
    if "held_fingerprints" not in props:  # written by a version that recorded the ring itself
        return document.load(props["ring"], STACKS_RING)
    keys = tuple(RingKey(name, Role.RETAINED, "", None, "") for name in props["held_fingerprints"])
    return KeyRing(props["phone_number_id"], props["managed_by"], props["key_id"], keys=keys)
