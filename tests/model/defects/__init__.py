"""Defects of one line each, put into the product on purpose: the search must find every one of them."""

from tests.model.defects import (
    adoption,
    custody,
    foreign,
    passphrase,
    publication,
    reading,
    refresh,
    removal,
    retention,
    writing,
)
from tests.model.world import GOES_DOWN

DEFECTS = (
    *publication.DEFECTS,
    *retention.DEFECTS,
    *refresh.DEFECTS,
    *foreign.DEFECTS,
    *adoption.DEFECTS,
    *writing.DEFECTS,
    *reading.DEFECTS,
    *removal.DEFECTS,
    *passphrase.DEFECTS,
    *custody.DEFECTS,
)

NO_DEFECT = {
    "4 moves: the stack, forced, 0 faults": (
        "without a fault, force shows in a destroy only, which may lose everything; what follows is what follows a "
        "foreign key in 4 moves of the stack. With a fault, the search of 3 moves has a defect"
    ),
}
"""Searches that no defect names, each with the reason."""

_AS_IF_NOT_MADE = "nothing refers to what may have been made, as if the run had failed before"
_ONLY_A_WARNING = "the key has left the ring; whether it is out of use changes nothing for anybody"
NOT_NEEDED = {
    "make: fails": _AS_IF_NOT_MADE,
    "make: answer lost after the effect": _AS_IF_NOT_MADE,
    "trouble: fails": "a publication stops, as at a store that fails; a removal asks twice",
    "find: fails": "staging stops, as at a store that fails; a removal asks twice",
    "retire: fails": _ONLY_A_WARNING,
    "retire: answer lost after the effect": _ONLY_A_WARNING,
    GOES_DOWN: "what a run leaves that ends before a call is what it leaves where that call fails",
    "get: stale": "how a publication that is not seen for a while shows, and that one is needed",
    "restore: fails": "the document stays soft-deleted; no ring holds what Meta serves then, so staging refuses (P5)",
    "delete: fails": "nothing is deleted, and the resource stays in the state, as before the destroy",
    "delete: conflict": "nothing is deleted, and the resource stays in the state, as before the destroy",
    "delete: deletes what somebody else wrote, and the process goes down": (
        "it leaves a document that is soft-deleted, as a destroy that ends well does, and that has to be restored alike"
    ),
    "a late write is refused: the store holds another version": "nothing changes, as if the write had failed",
}
"""Outcomes that no defect needs, each with the reason."""
