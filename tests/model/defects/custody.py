"""Keys that a key service holds."""

from tests.model.defects.defect import Defect

_ONE, _OUT = "around: a key service, one store, 1 faults", "around: keys are taken out of use, 1 faults"
_STACK = "around: a key service, the stack, 1 faults"

DEFECTS = (
    Defect(
        "keys that stay go out of use with those that leave the ring",
        "lifecycle/held_keys.py",
        "gone = [reference for reference in before.references if reference.fingerprint not in after]",
        "gone = list(before.references)",
        "around: a key service and a backup, 1 faults",
        "P2",
    ),
    Defect(
        "a key is published that its service has out of use",
        "lifecycle/registration.py",
        "            refuse_unusable(held, self.session)",
        "            pass",
        _OUT,
        "P1",
    ),
    Defect(
        "a document goes though its keys are out of use",
        "lifecycle/held_keys.py",
        "if key.reference and _is_usable(key.reference, services, number)",
        "if key.reference",
        _OUT,
        "P2",
    ),
    Defect(
        "the stack's ring goes though its keys are out of use",
        "lifecycle/held_keys.py",
        "frozenset(each for each in fingerprints if any(_has(url, number, each) for url in services.urls))",
        "frozenset(fingerprints)",
        _STACK,
        "P2",
    ),
    Defect(
        "a key of the service joins the ring though nobody named it",
        "lifecycle/held_keys.py",
        "if served not in named:",
        "if False:",
        _ONE,
        "P5",
    ),
    Defect(
        "a key that the service has is published over as if nobody had it",
        "lifecycle/registration.py",
        "if served.fingerprint in self.wanted.replaceable:",
        "if False:",
        _ONE,
        "P2",
    ),
    Defect(
        "a document that was lost is not written again",
        "lifecycle/registration.py",
        "self.rings = self.rings.write(joined)",
        "self.rings = replace(self.rings, ring=joined)",
        "around: a key service, and the store is emptied, 1 faults",
        "P4",
    ),
    Defect(
        "another custody makes no other key",
        "resources/encryption_key.py",
        'if "custody" in asked and is_same_custody(olds, news) else []',
        'if "custody" in asked else []',
        "around: to a key service and back, 1 faults",
        "P4",
    ),
)
