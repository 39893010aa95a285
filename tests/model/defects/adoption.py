"""Keys that were made elsewhere and are adopted."""

from tests.model.defects.defect import Defect
from tests.model.defects.searches import ADOPTED_ONE, ADOPTED_STACK

_PROMOTES = "        self.rings.write(_with_one_passphrase(promoted, wanted))"

DEFECTS = (
    Defect(
        "a key that was adopted is adopted again at each run",
        "resources/given_key.py",
        "return given is not None and given.fingerprint != olds.fingerprint",
        "return given is not None",
        "a key is adopted, 3 moves: one store, 1 faults",
        "P7",
    ),
    Defect(
        "a key that is adopted counts as somebody else's",
        "lifecycle/staging.py",
        "if new.adopted:\n            refuse_other_key",
        "if False:\n            refuse_other_key",
        "a key is adopted, 3 moves: one store, 1 faults",
        "P4",
    ),
    Defect(
        "with the stack, a key that is adopted counts as somebody else's",
        "lifecycle/staging.py",
        "refuse_other_key(adopted, served, nothing_held, replaceable=new.replaceable)",
        "refuse_foreign_key(served, nothing_held, replaceable=new.replaceable)",
        ADOPTED_STACK,
        "P4",
        missed_by=ADOPTED_ONE,
    ),
    Defect(
        "with the stack, a promotion is written only after a publication",
        "lifecycle/registration.py",
        _PROMOTES,
        f"        if self.progress.publications or not _in_stack(self.rings):\n    {_PROMOTES}",
        "a key is adopted, 3 moves: the stack with a backup, 1 faults",
        "P4",
        missed_by=ADOPTED_STACK,
    ),
    Defect(
        "where nothing was published, the backups are left alone",
        "lifecycle/registration.py",
        _PROMOTES,
        "        first = replace(self.rings, found=self.rings.found[:1])\n"
        "        written = self.rings if self.progress.publications else first\n"
        "        written.write(_with_one_passphrase(promoted, wanted))",
        "a key is adopted, 3 moves: a store with a backup, 1 faults",
        "P4",
        missed_by=ADOPTED_ONE,
    ),
)
