"""What key services say of the keys that they hold: the evidence that a form can be decrypted with one, and its end."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from whatsapp_flow_keys.custody.services import KeyServices, open_service
from whatsapp_flow_keys.errors import ForeignKeyError, KeyUnusableError, StoreError
from whatsapp_flow_keys.fingerprint import short
from whatsapp_flow_keys.key_reference import KeyReference
from whatsapp_flow_keys.lifecycle.session import Session
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role


def refuse_unusable(key: RingKey, session: Session) -> None:
    """Asks the service that holds the key; nothing for a PEM. Raises :class:`KeyUnusableError`, and
    :class:`StoreError` where it can't be asked."""
    if key.reference is None:
        return
    trouble = session.services.of(key.reference, session.number).trouble(key.reference)
    if trouble:
        raise KeyUnusableError(
            f"phone number {session.number}: key {key.fingerprint} can't decrypt forms: {key.reference.service}: "
            f"{trouble}. Nothing was published. Put it back into use there and run `pulumi up` again; or give a new "
            f"rotation_trigger, which makes another key"
        )


def usable(keys: Iterable[RingKey], services: KeyServices, number: str) -> frozenset[str]:
    """The fingerprints of the keys of which a service says, now, that forms can be decrypted with them."""
    return frozenset(key.fingerprint for key in keys if key.reference and _is_usable(key.reference, services, number))


def found_in(services: KeyServices, fingerprints: Collection[str], number: str) -> frozenset[str]:
    """Those of ``fingerprints`` whose keys a service has in use, now. By fingerprint, since that is all that the state
    of a KeyRegistration records of the stack's ring."""
    return frozenset(each for each in fingerprints if any(_has(url, number, each) for url in services.urls))


def regained(ring: KeyRing, served: str | None, named: Collection[str], session: Session) -> KeyRing:
    """``ring`` with the key that Meta serves, where no store holds it, a service does, and a person or a refresh
    ``named`` it: after a destroy, or the loss of every store, no form fails.

    Raises :class:`ForeignKeyError` where nobody named it: another stack may manage the number, with the same service.
    """
    if served is None or served in ring:
        return ring
    found = held_elsewhere(served, session)
    if found is None:
        return ring
    if served not in named:
        raise ForeignKeyError(
            f"phone number {ring.phone_number_id}: Meta serves a public key already that is not in this key ring "
            f"(fingerprint {served}), and {found.service} has its private key. Nothing was changed. If this stack "
            f'made it, as before a destroy, set take_over="{served}": it joins the ring, and no form fails. If another '
            f"stack manages the number, leave it to that one"
        )
    now = session.clock.now()
    entry = RingKey(served, Role.RETAINED, now.date().isoformat(), now, "", found)
    return replace(ring, keys=(*ring.keys, entry))


def held_elsewhere(fingerprint: str, session: Session) -> KeyReference | None:
    """The key at one of the services, in use. Raises :class:`StoreError` where one can't be asked."""
    asked = (open_service(url, session.number).find(fingerprint) for url in session.services.urls)
    return next(filter(None, asked), None)


def retire_what_left(before: KeyRing, after: KeyRing, session: Session) -> None:
    """Has the services take those keys out of use that left the ring. They are not needed, so where that fails a
    warning is enough."""
    gone = [reference for reference in before.references if reference.fingerprint not in after]
    kept = [key.fingerprint for key in after.keys]
    for url in dict.fromkeys(reference.service for reference in gone):
        of_service = [reference for reference in gone if reference.service == url]
        fingerprints = [reference.fingerprint for reference in of_service]
        try:
            session.services.of(of_service[0], session.number).retire(fingerprints, kept)
        except StoreError as error:
            keys = ", ".join(map(short, fingerprints))
            session.say(
                f"warning: phone number {session.number}: key {keys} left the ring and is no longer needed, but it, or "
                f"one before it, could not be retired: {error}"
            )


def _is_usable(reference: KeyReference, services: KeyServices, number: str) -> bool:
    try:
        return services.of(reference, number).trouble(reference) is None
    except StoreError:
        return False


def _has(url: str, number: str, fingerprint: str) -> bool:
    try:
        return open_service(url, number).find(fingerprint) is not None
    except StoreError:
        return False
