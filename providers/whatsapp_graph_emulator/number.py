"""A business phone number as the emulator holds it, and its forms in JSON.

Access tokens stand only in `tokens`, which is shown as a count and never written to the state file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from whatsapp_graph_emulator import fields
from whatsapp_graph_emulator.errors import BadField
from whatsapp_graph_emulator.public_keys import InvalidPublicKey, PublicKey, read_public_key

VALID = "VALID"
MISMATCH = "MISMATCH"
SHAPES = ("array", "object", "flat")
NO_KEY_STYLES = ("blank", "absent", "empty")


@dataclass(frozen=True)
class Number:
    """One phone number.

    `shape` is the form of the GET answer: `array` (`{"data": [{…}]}`, what Meta serves), `object` (`{"data": {…}}`)
    or `flat` (`{…}`, the sample in Meta's guide). `no_key` is what GET says when no key is set: `blank` (a key of one
    blank, Meta's documented example), `absent` (no key field) or `empty` (no entry at all). `tokens` are the access
    tokens with a right to the number, None for all that the emulator knows.
    """

    id: str
    registered: bool = True
    deleted: bool = False
    public_key: PublicKey | None = None
    signature_status: str = MISMATCH
    shape: str = "array"
    no_key: str = "blank"
    tokens: tuple[str, ...] | None = field(default=None, repr=False)

    def with_key(self, key: PublicKey | None) -> Number:
        """The number with `key` registered and signed, or with none."""
        return replace(self, public_key=key, signature_status=VALID if key else MISMATCH)

    def reregistered(self) -> Number:
        """The number registered anew: its key stays, and the signature no longer fits (Meta: "When you re-register
        your number", upload the key again; that GET then says MISMATCH is inferred from the status' name)."""
        return replace(self, registered=True, signature_status=MISMATCH)

    def saved(self) -> dict[str, object]:
        """What the state file keeps."""
        return {
            "id": self.id,
            "registered": self.registered,
            "deleted": self.deleted,
            "public_key": self.public_key.pem if self.public_key else None,
            "signature_status": self.signature_status,
            "shape": self.shape,
            "no_key": self.no_key,
        }

    def shown(self) -> dict[str, object]:
        """What the control surface shows; `tokens_allowed` is a count, null where every token has a right."""
        return self.saved() | {
            "fingerprint": self.public_key.fingerprint if self.public_key else None,
            "tokens_allowed": None if self.tokens is None else len(self.tokens),
        }


_OPTIONS: dict[str, Callable[[str, object], object]] = {
    "registered": fields.flag,
    "deleted": fields.flag,
    "shape": fields.one_of(*SHAPES),
    "no_key": fields.one_of(*NO_KEY_STYLES),
}


def read_options(body: Mapping[str, object], known_tokens: Collection[str]) -> dict[str, Any]:
    """The fields of `Number` that `body` sets: registered, deleted, shape, no_key, tokens (null: all).

    Raises `BadField` for another field, a wrong value, or a token that is not in `known_tokens`.
    """
    fields.known_only(body, [*_OPTIONS, "tokens"])
    options: dict[str, Any] = {name: check(name, body[name]) for name, check in _OPTIONS.items() if name in body}
    if "tokens" in body:
        tokens = None if body["tokens"] is None else fields.texts("tokens", body["tokens"])
        if tokens is not None and not set(tokens) <= set(known_tokens):
            raise BadField("tokens", "names an access token that the emulator was not started with")
        options["tokens"] = tokens
    return options


def read_saved(entry: object) -> Number:
    """A number from the state file; raises `BadField` where the entry is not one that `Number.saved` wrote."""
    if not isinstance(entry, Mapping):
        raise BadField("numbers", "must hold objects")
    body = dict(entry)
    number = Number(id=fields.phone_number_id("id", body.pop("id", None)))
    status = fields.one_of(VALID, MISMATCH)("signature_status", body.pop("signature_status", None))
    pem = body.pop("public_key", None)
    key = None if pem is None else read_key_field("public_key", pem)
    return replace(number, public_key=key, signature_status=status, **read_options(body, ()))


def read_key_field(name: str, value: object) -> PublicKey:
    """The public key in a JSON field; raises `BadField` that says what is wrong with it."""
    try:
        return read_public_key(fields.text(name, value))
    except InvalidPublicKey as error:
        raise BadField(name, str(error)) from error
