"""Asks Meta what it serves, and asks again if the answer is "nothing", which may be wrong.

Meta has no request that removes a public key, and documents one answer for a number without a key: a blank key with a
status. So an empty answer, or "nothing" beside a key that was registered, is asked again before anything rests on it.
"""

from whatsapp_flow_keys.lifecycle.session import Session
from whatsapp_flow_keys.registrars.registrar import ServedKey

_ASKS = 3
_SECONDS_BETWEEN_ASKS = 1.0


def ask(session: Session, *, known: bool) -> ServedKey:
    """What Meta serves. ``known``: a key of the number was registered, so "nothing" contradicts what is known.

    Raises :class:`RegistrarError` if Meta can't be asked.
    """
    served = session.registrar.served(session.number)
    for _ in range(_ASKS - 1):
        if served.fingerprint is not None or (served.signature_status is not None and not known):
            break
        session.clock.sleep(_SECONDS_BETWEEN_ASKS)
        served = session.registrar.served(session.number)
    return served
