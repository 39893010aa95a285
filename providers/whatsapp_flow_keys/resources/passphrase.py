"""How short a passphrase may be that a person chooses for the keys in a store."""

import os

from whatsapp_flow_keys.resources.properties import KeyInputs
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.resources.schema import is_known

SHORTEST = 15
"""Characters. Source: NIST SP 800-63B-4, 3.1.1.2, for a password that is the only factor; so it is for whoever has the
store."""

SHORT_ONE = "WHATSAPP_SHORT_PASSPHRASE"
"""The variable that holds the phone number ID for which a run takes a shorter one."""


def short_passphrase(olds: KeyInputs | None, news: KeyInputs, run: Run) -> list[str]:
    """What is wrong with a new passphrase. One that the state records is taken, however short: keys need it.

    The engine shows a check of a replacement no recorded inputs, so what this run has seen counts, too.
    """
    given, number = news.passphrase, news.phone_number_id
    if given is None or news.in_stack or not is_known(given) or len(given) >= SHORTEST:
        return []
    live = run.keys.live(number) if is_known(number) else None
    if given in [recorded.passphrase for recorded in (olds, live) if recorded] or os.environ.get(SHORT_ONE) == number:
        return []
    return [
        f"passphrase: must have at least {SHORTEST} characters, as five random words do; GeneratedPassphrase() makes "
        f"one that nobody has to know. If keys in the store were written with a shorter one, as where the state was "
        f"lost, give it once with {SHORT_ONE}={number} in the environment, then change it"
    ]
