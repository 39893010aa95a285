"""What a number's custody may be beside what is recorded, and beside its passphrase."""

from whatsapp_flow_keys.custody.services import RING
from whatsapp_flow_keys.resources.properties import KeyInputs
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.resources.schema import is_known


def refused_custody(olds: KeyInputs | None, news: KeyInputs, run: Run) -> list[str]:
    """What is wrong with it. The engine shows a check of a replacement no recorded inputs, so what this run has seen
    counts, too."""
    custody, number = news.custody, news.phone_number_id
    live = run.keys.live(number) if is_known(number) else None
    recorded = [each for each in (olds, live) if each]
    if custody is None:
        return left_out(custody, *(each.custody for each in recorded))
    has_one = news.passphrase_is_generated or (news.passphrase is not None and is_known(news.passphrase))
    if custody == RING or not is_known(custody) or not has_one:
        return []
    if any(each.passphrase is not None for each in recorded):
        return []
    return [
        "passphrase: adds nothing to a private key that its key service never hands out; leave it out. One that keys "
        "in the store were written with stays until they have left the ring"
    ]


def is_same_custody(olds: KeyInputs, news: KeyInputs) -> bool:
    """Whether both mean the same: that of the ring may be left out."""
    return (olds.custody or RING) == (news.custody or RING)


def left_out(custody: str | None, *recorded: str | None) -> list[str]:
    """What is wrong with no custody where one is recorded: an endpoint learns from the program which services it may
    ask, and a key of the last one may still be needed."""
    before = next(filter(None, recorded), None)
    if custody is not None or before is None:
        return []
    return [
        f'custody: is left out, but was {before}. Give custody="{RING}" to have the next key lie in the key ring '
        f"again, as a PEM"
    ]
