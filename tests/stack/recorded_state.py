"""States that an earlier version left, kept under `states/`, in which placeholders stand for keys, secrets and places.

A file holds the program's numbers, the stack's state with its secrets in the clear, the stores' documents, and which
key Meta serves. `python -m tests.stack.record_state` writes them; no private key is ever in one.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.stack.project import TOKEN, Project
from tools.openbao import OpenBao
from whatsapp_flow_keys.keys import PrivateKey

STATES = Path(__file__).with_name("states")
PASSPHRASE = "the words of the recorded state's passphrase"
PATH = "whatsapp/flows/recorded"

_DEPTH = 4  # a PEM in a document in a secret of the state is JSON in JSON in JSON
_LINE = re.compile(r"wfk1\.[A-Za-z0-9._-]*")
_PLACE_OF_A_LINE = "<<ring in one line>>"
_PRIVATE = re.compile(r"<<key (?P<key>\d) private (?P<depth>\d)(?P<encrypted> encrypted)?>>")


@dataclass
class Places:
    """What is another one in each run: the number, the folder, the servers."""

    project: Project
    openbao: OpenBao | None = None

    def named(self) -> dict[str, str]:
        """Each by its placeholder, the longest first: a shorter one may be part of it."""
        named = {
            "<<folder>>": str(self.project.folder.parent),
            "<<number>>": self.project.number,
            "<<graph>>": self.project.emulator.url,
            "<<token>>": TOKEN,
            "<<passphrase>>": PASSPHRASE,
        }
        if self.openbao is not None:
            named["<<vault>>"] = f"127.0.0.1:{self.openbao.port}"
        return dict(sorted(named.items(), key=lambda item: -len(item[1])))


@dataclass
class Keys:
    """The keys of a state, the oldest first: found in what is recorded, or made for a test."""

    keys: list[PrivateKey] = field(default_factory=list)
    encrypted: dict[int, str] = field(default_factory=dict)
    """PEMs that the passphrase opens, by the place of their key."""

    def values(self) -> dict[str, str]:
        """What each placeholder of a public half stands for, at each depth of JSON in JSON."""
        found = {}
        for place, key in enumerate(self.keys, 1):
            found[f"<<key {place} fingerprint>>"] = key.fingerprint
            for depth in range(_DEPTH):
                found[f"<<key {place} public {depth}>>"] = in_json(key.public_key_pem, depth)
        return found

    def private(self, place: int, *, encrypted: bool) -> str:
        """A private key's PEM; an encrypted one stays the same, since it lies in several places."""
        key = self.keys[place - 1]
        if not encrypted:
            return key.to_pem()
        return self.encrypted.setdefault(place, key.to_pem(PASSPHRASE))


def in_json(text: str, depth: int) -> str:
    """How a text stands in a string of JSON, which stands in a string of JSON, …"""
    for _ in range(depth):
        text = json.dumps(text)[1:-1]
    return text


def without_lines(text: str) -> str:
    """A recorded text without the rings that endpoints were given: an output, which the next `up` makes again."""
    return _LINE.sub(_PLACE_OF_A_LINE, text)


def with_placeholders(text: str, keys: Keys, places: Places) -> str:
    """A recorded text without keys, secrets and places."""
    text = without_lines(text)
    for place in range(1, len(keys.keys) + 1):
        for encrypted in (False, True):
            mark = " encrypted" if encrypted else ""
            for depth in range(_DEPTH):
                pem = in_json(keys.private(place, encrypted=encrypted), depth)
                text = text.replace(pem, f"<<key {place} private {depth}{mark}>>")
    for placeholder, value in {**keys.values(), **places.named()}.items():
        text = text.replace(value, placeholder)
    return text


def filled(text: str, places: Places) -> tuple[str, Keys]:
    """The text with this run's places, and with keys that are made now."""
    count = max((int(found) for found in re.findall(r"<<key (\d) ", text)), default=0)
    keys = Keys([PrivateKey.generate() for _ in range(count)])
    text = _PRIVATE.sub(
        lambda at: in_json(keys.private(int(at["key"]), encrypted=bool(at["encrypted"])), int(at["depth"])), text
    )
    for placeholder, value in {**keys.values(), **places.named(), _PLACE_OF_A_LINE: "as it was given"}.items():
        text = text.replace(placeholder, value)
    assert "<<" not in text, f"a placeholder without a value: {text[text.index('<<') :][:40]}"
    return text, keys


@dataclass(frozen=True)
class Earlier:
    """An earlier version's stack, brought back. ``keys``: the oldest first. ``served`` is the one that Meta serves."""

    project: Project
    keys: list[PrivateKey]
    served: PrivateKey
    numbers: list[dict[str, Any]]
    more: dict[str, Any]

    @property
    def unfinished(self) -> bool:
        """Whether a rotation was under way."""
        return self.served is not self.keys[-1]

    def declare(self, **more: Any) -> None:
        """The program as it was, or with other arguments of its number."""
        (number,) = self.numbers
        self.project.declare({**number, **more}, **self.more)


def bring_back(path: Path, places: Places) -> Earlier:
    """Sets the stack, the stores and Meta to what a recorded file says."""
    text, keys = filled(path.read_text(), places)
    recorded, project = json.loads(text), places.project
    for name, document in recorded["files"].items():
        project.path(name).write_text(json.dumps(document, indent=1) + "\n")
    for document in recorded["vault"]:
        assert places.openbao is not None
        places.openbao.client().secrets.kv.v2.create_or_update_secret(PATH, document)
    served = keys.keys[recorded["served"] - 1]
    project.emulator.set_key(project.number, served.public_key_pem)
    state = recorded["state"]
    state["deployment"]["secrets_providers"] = project.export()["deployment"]["secrets_providers"]
    earlier = Earlier(project, keys.keys, served, recorded["numbers"], recorded["more"])
    earlier.declare()
    project.import_state(state)
    return earlier
