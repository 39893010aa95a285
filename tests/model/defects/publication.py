"""What a registration does: marks, publishes, proves, and holds back at the gate."""

from tests.model.defects.defect import Defect
from tests.model.defects.searches import LONG_LIFE_ONE, ODD_PUBLICATIONS, ROTATE_ONE, TWO_HOURS
from tests.model.world import FAILS_AFTER, NO_EFFECT

_MARKS = "        with self.session.trail.changing([(Operation.OFFERED, key)]):\n"
_PUBLISHES = "        unconfirmed = self._send(key)"
_RAISES = "                    raise error\n"
_RETURNS_AS_IF_SERVED = (
    "                    if ' was published ' in str(error):\n"
    "                        return ServedKey(None, self.wanted.fingerprint, VALID)\n"
    f"{_RAISES}"
)

DEFECTS = (
    Defect(
        "published without a mark",
        "lifecycle/registration.py",
        "self.rings = self.rings.write(offer(self.rings.ring, key, now=self.session.clock.now()))",
        "pass",
        ROTATE_ONE,
        "P1",
    ),
    Defect(
        "promoted before the proof",
        "lifecycle/registration.py",
        "self.rings.write(offer(self.rings.ring, key, now=self.session.clock.now()))",
        "self.rings.write(promote(self.rings.ring, key, desired=key, now=self.session.clock.now()))",
        ROTATE_ONE,
        "P3",
    ),
    Defect(
        "a number that was registered again is left unsigned",
        "lifecycle/next_step.py",
        "if served == key and (found.served.is_valid or progress.was_read_enough):",
        "if served == key:",
        LONG_LIFE_ONE,
        "P4",
    ),
    Defect(
        "a refusal takes back the mark of an offer",
        "lifecycle/registration.py",
        _PUBLISHES,
        f"        try:\n    {_PUBLISHES}\n        except RegistrarError:\n"
        "            self.rings.write(ring)\n            raise",
        ODD_PUBLICATIONS,
        "P",
        also=(("lifecycle/registration.py", _MARKS, f"        ring = self.rings.ring\n{_MARKS}"),),
        needs=("publish: refused", f"publish: {FAILS_AFTER}"),
    ),
    Defect(
        "a publication that is not seen counts as done",
        "lifecycle/registration.py",
        _RAISES,
        _RETURNS_AS_IF_SERVED,
        TWO_HOURS,
        "P4",
        also=(("lifecycle/next_step.py", "\nPUBLICATIONS = 3", "\nPUBLICATIONS = 1"),),
        needs=("publish: not seen for a while",),
    ),
    Defect(
        "a publication without effect counts as done",
        "lifecycle/registration.py",
        _RAISES,
        _RETURNS_AS_IF_SERVED,
        ODD_PUBLICATIONS,
        "P4",
        also=(("lifecycle/next_step.py", "\nPUBLICATIONS = 3", "\nPUBLICATIONS = 1"),),
        needs=("publish: not seen for a while", f"publish: {NO_EFFECT}"),
    ),
    Defect(
        "a doubt about the endpoint counts as its answer",
        "lifecycle/next_step.py",
        "progress.gate in (GateState.SHUT, GateState.WARNED):",
        "progress.gate is GateState.SHUT:",
        "around: a gate, 2 faults",
        "P1",
        needs=("ping: does not hold it",),
    ),
    Defect(
        "the gate is passed by while another key is served",
        "lifecycle/registration.py",
        "self.gate.hold(new, self.wanted.fingerprint, self.session, served=served)",
        "pass",
        "around: a gate, the stack, 2 faults",
        "P1",
    ),
    Defect(
        "an endpoint that lost the key that Meta serves passes the gate",
        "lifecycle/registration.py",
        "self.session, served=served)",
        "self.session)",
        "around: a gate, 2 faults",
        "P1",
    ),
)
