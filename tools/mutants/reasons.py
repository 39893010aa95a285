"""The survivors that are known, each with the reason why no test should kill it: `survivors.json`."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from tools.mutants.mutant import Identity
from tools.stop import Stop

FILE = Path(__file__).with_name("survivors.json")


def read_reasons(file: Path = FILE) -> dict[Identity, str]:
    """By mutant. Raises `Stop` for an entry that lacks a field or a reason."""
    reasons: dict[Identity, str] = {}
    for entry in json.loads(file.read_text(encoding="utf-8")):
        try:
            identity = (entry["module"], entry["where"], entry["was"], entry["becomes"], int(entry.get("nth", 0)))
            reason = str(entry["reason"]).strip()
        except (KeyError, ValueError):
            raise Stop(f"{file.name}: an entry lacks module, where, was, becomes or reason: {entry}") from None
        if not reason:
            raise Stop(f"{file.name}: {entry['module']}, {entry['where']}: a survivor without a reason")
        reasons[identity] = reason
    return reasons


def out_of_date(
    reasons: Mapping[Identity, str], modules: Collection[str], alive: Collection[Identity]
) -> list[Identity]:
    """The entries of ``modules`` whose mutant is dead now, or is not there any more."""
    return [identity for identity in reasons if identity[0] in modules and identity not in alive]


def as_entry(identity: Identity) -> str:
    """An entry to be completed with its reason."""
    module, where, was, becomes, nth = identity
    fields: dict[str, object] = {"module": module, "where": where, "was": was, "becomes": becomes}
    return json.dumps({**fields, **({"nth": nth} if nth else {}), "reason": ""}, ensure_ascii=False)
