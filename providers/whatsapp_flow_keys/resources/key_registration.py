"""The rules of KeyRegistration: the public key at Meta. It publishes, proves, and finds drift.

As in EncryptionKey's, what acts is imported by the functions that act.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from whatsapp_flow_keys import document
from whatsapp_flow_keys.audit import Operation
from whatsapp_flow_keys.custody.services import services_in
from whatsapp_flow_keys.errors import EndpointNotReadyError, InputError, UnsavedKeyError
from whatsapp_flow_keys.lifecycle.claim import Claim
from whatsapp_flow_keys.lifecycle.findings import IN_PLACE, NOTHING
from whatsapp_flow_keys.registrars.registrar import VALID
from whatsapp_flow_keys.resources.context import Context
from whatsapp_flow_keys.resources.document_removal import force, remove_document
from whatsapp_flow_keys.resources.importing import Place, custodies, live_key, passphrase
from whatsapp_flow_keys.resources.in_passing import digest_of
from whatsapp_flow_keys.resources.parsers import misplaced_stores
from whatsapp_flow_keys.resources.properties import RegistrationInputs, RegistrationState
from whatsapp_flow_keys.resources.reasons import why_registration_changes
from whatsapp_flow_keys.resources.rules import Checked, Created, Difference, Found, Refreshed, Rules, Updated
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.resources.schema import Props, is_known
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role
from whatsapp_flow_keys.stores.recorded import STACKS_RING, RecordedRing
from whatsapp_flow_keys.stores.store import Store
from whatsapp_flow_keys.stores.urls import STACK, parse_stores

if TYPE_CHECKING:
    from whatsapp_flow_keys.lifecycle.gate import Gate
    from whatsapp_flow_keys.lifecycle.wanted import Wanted

DEFAULT_WAIT = 60.0
"""Seconds in which the endpoint may come to hold the new key."""
_DESIRED: Props = {"signature_status": VALID, "key_ring": IN_PLACE}
"""What should be found at Meta and in the stores. As an input it is there once a refresh has found anything else, so
that it shows from what to what it changes."""
_SKIPS_CHECKPOINTS = "PULUMI_SKIP_CHECKPOINTS"


class KeyRegistrationRules(Rules[RegistrationInputs, RegistrationState]):
    """See the module."""

    inputs, state = RegistrationInputs, RegistrationState

    def check(
        self, olds: RegistrationInputs | None, news: RegistrationInputs, context: Context
    ) -> Checked[RegistrationInputs]:
        """Validates, also the account's settings, so that a preview finds what is missing."""
        news, failures = context.run.keys.with_kept(news).parsed()
        failures += misplaced_stores(news.store, news.backups)
        if news.endpoint_wait is not None and news.endpoint_url is None:
            failures.append("endpoint_wait: has no use without endpoint_url")
        failures += _missing_settings(news, context, failures)
        if news.in_stack and news.ring is None:
            failures.append("store: an Output can't ask for the stack as the store; give StackStore()")
        desired = {name: value for name, value in _DESIRED.items() if olds and getattr(olds, name) is not None}
        news = replace(news, **{**dict.fromkeys(_DESIRED), "ring": context.run.passing.hand_on(news.ring), **desired})
        return Checked(news, tuple(failures))

    def diff(self, olds: RegistrationState, news: RegistrationInputs, context: Context) -> Difference:
        """Compares with what was proven, never with what Meta serves alone."""
        found = super().diff(olds, news, context)
        unproven = ("fingerprint",) if news.fingerprint != olds.proven_fingerprint else ()
        ring = ("ring",) if news.ring != digest_of(olds.ring) else ()
        updates = (*found.updates, *unproven, *ring)
        is_new = is_known(news.fingerprint) and context.run.keys.is_new(news.fingerprint)
        return Difference(found.replaces, updates, why_registration_changes(olds, news, is_new=is_new))

    def is_outdated(self, olds: RegistrationState) -> bool:
        """Before a destroy asked first, nothing recorded what it has to know."""
        return olds.asks_first is None

    def create(self, news: RegistrationInputs, context: Context) -> Created[RegistrationState]:
        """Publishes over another's key only where ``take_over`` names it."""
        return Created(news.phone_number_id, _register(None, news, context))

    def update(
        self, id_: str, olds: RegistrationState, news: RegistrationInputs, context: Context
    ) -> Updated[RegistrationState]:
        """Publishes over another's key also where a refresh recorded that very key as drift."""
        del id_
        if self.diff(olds, news, context).updates == ("force_destroy",):  # Meta need not be there for that
            kept = {name: getattr(olds, name) for name in ("proven_fingerprint", "held_fingerprints", *_DESIRED)}
            return Updated(RegistrationState.recording(news, asks_first=True, **kept))
        if olds.proven_fingerprint not in (None, news.fingerprint) and _endpoint_is_unknown(news):
            context.run.say(
                f"phone number {news.phone_number_id}: nothing proves that the endpoint holds the new key before it is "
                f"published: there is neither a deployment that it waits for nor `endpoint_url`"
            )
        _refuse_unseen_service(olds, news)
        return Updated(_register(olds, news, context))

    def read(self, olds: RegistrationState, context: Context) -> Refreshed[RegistrationState]:
        """Looks at both sides. What is found instead of what should be becomes visible drift of the inputs."""
        from whatsapp_flow_keys.lifecycle.inspection import inspect

        session = context.session(_claim(olds, None), olds.asked_through, services_in(olds.custodies))
        found = inspect(_wanted(olds, None), _stores(olds, lambda: _recorded_ring(olds)), session)
        served = found.served.fingerprint
        state = replace(
            olds,
            signature_status=found.served.signature_status or "none",
            key_ring=found.key_ring,
            proven_fingerprint=olds.fingerprint if found.proves(olds.fingerprint) else None,
            # What a state records was proven once.
            foreign_fingerprint=NOTHING if served is None else found.foreign,
        )
        drift = {name: seen if (seen := getattr(state, name)) != good else None for name, good in _DESIRED.items()}
        return Refreshed(state, RegistrationInputs.recording(state, fingerprint=served or NOTHING, **drift))

    def find(self, place: Place, ring: KeyRing, context: Context) -> Found[RegistrationState]:
        """Of the key of the ring that Meta serves. What a look at both sides finds wrong is drift from then on."""
        kept = live_key(ring, context)
        inputs = RegistrationInputs(
            **place.inputs(ring),
            key_id=ring.owner,
            fingerprint=kept.fingerprint,
            store=place.store.url,
            locations=(place.store.location,),
            custodies=custodies(ring),
        )
        state = RegistrationState.recording(inputs, passphrase=passphrase(), asks_first=True)
        return Found(place.phone_number_id, inputs, self.read(state, context).state)

    def delete(self, id_: str, olds: RegistrationState, context: Context) -> None:
        """Forgets: Meta offers no way to take a public key back, only to overwrite it.

        It goes before what `deploy` returned and before the keys, so where these may not go, it refuses already.
        """
        del id_
        if not olds.asks_first or context.run.registrations.is_expected(olds.phone_number_id):
            return
        if olds.in_stack:
            _refuse_loss_of_ring(olds, context)
        else:
            generated = olds.passphrase_is_generated is True
            remove_document(olds, olds.key_id, context, passphrase_goes=generated, asks_only=True)

    def expect(self, phone_number_id: str, run: Run) -> None:
        """See :class:`Rules`."""
        run.registrations.expect(phone_number_id)


def _missing_settings(news: RegistrationInputs, context: Context, failures: Sequence[str]) -> list[str]:
    """What the account lacks for the number's registrar, where a preview knows a right one."""
    if not is_known(news.registrar) or any(failure.startswith("registrar:") for failure in failures):
        return []
    try:
        context.account.check(news.asked_through)
    except InputError as error:
        return [str(error)]
    return []


def _refuse_loss_of_ring(olds: RegistrationState, context: Context) -> None:
    """As the KeyRing would."""
    from whatsapp_flow_keys.lifecycle.held_keys import found_in
    from whatsapp_flow_keys.lifecycle.removal import Opening, openable_in, remove_recorded_ring

    ring, services = _recorded_ring(olds), services_in(olds.custodies)
    held = {key.fingerprint for key in ring.keys}
    backups = parse_stores(STACK, olds.locations or olds.backups)
    remove_recorded_ring(
        ring,
        context.session(_claim(olds, None), olds.asked_through),
        survivors=lambda: openable_in(backups, Opening()) | found_in(services, held, olds.phone_number_id),
        beside=frozenset(),
        force=force(olds.force_destroy),
        asks_only=True,
    )


def _register(olds: RegistrationState | None, news: RegistrationInputs, context: Context) -> RegistrationState:
    from whatsapp_flow_keys.lifecycle.registration import register

    wanted = _wanted(news, olds)
    session = context.session(_claim(news, olds), news.asked_through, services_in(news.custodies))
    with session.trail.step(Operation.VERIFIED, wanted.fingerprint):
        _refuse_unsaved(news)
    served = register(wanted, _stores(news, lambda: _given_ring(news, context)), session, gate=_gate(news, context))
    held = tuple(key.fingerprint for key in _given_ring(news, context).keys) if news.in_stack else None
    state = RegistrationState.recording(
        news, proven_fingerprint=served.fingerprint, held_fingerprints=held, asks_first=True
    )
    return replace(state, **_DESIRED)  # it is so now, or the registration had failed


def _given_ring(news: RegistrationInputs, context: Context) -> KeyRing:
    """The stack's ring, as the program has just given it."""
    return document.load(context.run.passing.take(str(news.ring), "ring"), STACKS_RING)


def _gate(news: RegistrationInputs, context: Context) -> "Gate | None":
    if news.endpoint_url is None:
        return None
    from whatsapp_flow_keys.lifecycle.gate import Gate

    wait = DEFAULT_WAIT if news.endpoint_wait is None else news.endpoint_wait
    alone = news.in_stack and not news.backups
    return Gate(context.account.endpoint(news.endpoint_url, news.asked_through), wait, alone)


def _refuse_unsaved(news: RegistrationInputs) -> None:
    if news.in_stack and os.environ.get(_SKIPS_CHECKPOINTS):
        raise UnsavedKeyError(
            f"{_SKIPS_CHECKPOINTS} is set: the private key may not be saved yet when its public key is published. Run "
            f"without it, or keep the keys in another store than the stack"
        )


def _refuse_unseen_service(olds: RegistrationState, news: RegistrationInputs) -> None:
    """The endpoint has to be told by its environment which key services it may ask, so one that was deployed before the
    first key of a service decrypts none of its forms."""
    new = [url for url in news.custodies or () if url not in (olds.custodies or ())]
    is_rotation = olds.proven_fingerprint not in (None, news.fingerprint)
    if new and is_rotation and not news.deployed and news.endpoint_url is None:
        raise EndpointNotReadyError(
            f"phone number {news.phone_number_id}: key {news.fingerprint} is staged, not published: {', '.join(new)} "
            f"holds it, and nothing proves that the endpoint may ask that service. Give `deploy`, which hands the new "
            f"`endpoint_env` over, or `endpoint_url`, and run `pulumi up` again. Forms go on with the key that Meta "
            f"serves"
        )


def _endpoint_is_unknown(news: RegistrationInputs) -> bool:
    """With a store of its own the endpoint reads the new key there; out of the stack somebody must bring it."""
    return news.in_stack and not news.deployed and news.endpoint_url is None


def _claim(news: RegistrationInputs, olds: RegistrationState | None) -> Claim:
    return Claim(news.phone_number_id, news.managed_by, news.key_id, olds.managed_by if olds else None)


def _wanted(news: RegistrationInputs, olds: RegistrationState | None) -> "Wanted":
    """``olds`` is what the state records; None before the first registration, and where it adds nothing."""
    from whatsapp_flow_keys.lifecycle.wanted import Wanted

    return Wanted(
        news.fingerprint,
        news.passphrase,
        [named for named in (news.take_over, olds and olds.foreign_fingerprint) if named],
        news.former_passphrases,
        olds.proven_fingerprint if olds else None,
        bool(news.deployed),
    )


def _stores(news: RegistrationInputs, ring: Callable[[], KeyRing]) -> tuple[Store, ...]:
    if not news.in_stack:
        first, *backups = news.locations or (news.store, *news.backups)
        return parse_stores(first, backups)
    return (RecordedRing(ring()), *parse_stores(STACK, news.locations or news.backups))


def _recorded_ring(olds: RegistrationState) -> KeyRing:
    """What the state records of it: which keys it holds, not the keys."""
    if olds.held_fingerprints is None:  # written by a version that recorded the ring itself
        return document.load(str(olds.ring), STACKS_RING)
    keys = tuple(RingKey(name, Role.RETAINED, "", None, "") for name in olds.held_fingerprints)
    return KeyRing(olds.phone_number_id, olds.managed_by, olds.key_id, keys=keys)
