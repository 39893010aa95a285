"""Which generated passphrase may go, and which former one is still needed."""

from tests.model.defects.defect import Defect
from tests.model.defects.searches import GENERATED
from tests.model.moments import UNSAVED

DEFECTS = (
    Defect(
        "what opens soft-deleted keys goes without a question",
        "lifecycle/removal.py",
        "asks = not force.recorded and (opening.passphrase_goes or _is_last(claim, store, held, force))",
        "asks = not force.recorded and _is_last(claim, store, held, force)",
        "around: a generated passphrase, soft-deleted, 1 faults",
        "P2",
    ),
    Defect(
        "copies count that the generated passphrase opens, though it goes",
        "resources/document_removal.py",
        "() if passphrase_goes or not olds.passphrase else (olds.passphrase,),",
        "(olds.passphrase,) if olds.passphrase else (),",
        "around: a generated passphrase and a backup, 1 faults",
        "P2",
    ),
    Defect(
        "a passphrase goes because another resource of the number is expected",
        "lifecycle/removal.py",
        "if document_stays and not opening.passphrase_goes:",
        "if document_stays:",
        "around: renamed, with a generated passphrase, 1 faults",
        "P2",
    ),
    Defect(
        "an old key's delete asks about a passphrase that lives on",
        "resources/encryption_key.py",
        "passphrase_goes=_passphrase_goes(olds) and not is_guarded",
        "passphrase_goes=_passphrase_goes(olds)",
        "around: to another account, 1 faults",
        "P4",
        also=(
            (
                "resources/encryption_key.py",
                "if olds.in_stack or olds.stored_ring:",
                "if olds.in_stack:",
            ),
        ),
    ),
    Defect(
        "a passphrase that was made again forgets the one before",
        "resources/encryption_key.py",
        "            _recorded(olds),\n            stores",
        "            type(_recorded(olds))(olds.fingerprint),\n            stores",
        "around: a generated passphrase is made again, 1 faults",
        "P4",
    ),
    Defect(
        "a key that is deleted first asks about what its replacement needs",
        "resources/encryption_key.py",
        "if olds.in_stack or olds.stored_ring:",
        "if olds.in_stack:",
        "around: deleted before it is replaced, 1 faults",
        "P4",
        also=(("resources/encryption_key.py", "_passphrase_goes(olds) and not is_guarded", "_passphrase_goes(olds)"),),
    ),
    Defect(
        "only the owner of a document asks about its passphrase",
        "lifecycle/removal.py",
        "asks = not force.recorded and (opening.passphrase_goes or _is_last(claim, store, held, force))",
        "asks = not force.recorded and _is_last(claim, store, held, force)",
        "around: going on and targets, 1 faults",
        "P2",
        missed_by="around: a generated passphrase is made again, 1 faults",
    ),
    Defect(
        "only the owner of a document asks about its passphrase, after a run that was cut short",
        "lifecycle/removal.py",
        "asks = not force.recorded and (opening.passphrase_goes or _is_last(claim, store, held, force))",
        "asks = not force.recorded and _is_last(claim, store, held, force)",
        GENERATED,
        "P2",
        needs=(UNSAVED, "write: answer lost after the effect", "a late write takes effect"),
    ),
    Defect(
        "a key of an older version can never go",
        "resources/encryption_key.py",
        "passphrase_goes=_passphrase_goes(olds) and not is_guarded",
        "passphrase_goes=_passphrase_goes(olds)",
        "around: a state of an older version, 1 faults",
        "P4",
        missed_by=GENERATED,
    ),
)
