"""What each of Meta's error answers means: one table, from code, subcode and words to the kind of error.

Sources: Meta's error code page for the WhatsApp Business Platform, its OpenAPI description of the encryption edge, the
Graph API's pages on errors (with the subcodes of 190 and 102), rate limits and securing calls. A row that goes by words
is there since one code has several meanings; where no page of Meta's has the words, the row says so.
"""

import re
from collections.abc import Container
from dataclasses import dataclass

from whatsapp_flow_keys.registrars.meta_graph.errors import (
    AccessTokenError,
    AccountLockedError,
    AppBlockedError,
    AppSecretProofError,
    CapabilityError,
    ErrorAnswer,
    GraphError,
    GraphVersionError,
    InvalidParameterError,
    InvalidPublicKeyError,
    PermissionDeniedError,
    PhoneNumberDeletedError,
    PhoneNumberNotFoundError,
    PhoneNumberNotRegisteredError,
    RateLimitError,
    RegistrationLimitError,
    ServiceUnavailableError,
    UnexpectedAnswerError,
    UnknownFaultError,
)


@dataclass(frozen=True)
class Meaning:
    """A row: what an answer with one of ``codes`` means, if it has the subcode and the words that the row asks for.

    Args:
        codes: Meta's codes.
        kind: the error, with its advice.
        cause: what is wrong, where this row knows more than ``kind``; ``{node}`` is the pattern's group of that name.
        subcode: that of the answer; None for any and none.
        pattern: a regular expression, found in the message or the details, in small letters or capitals.
    """

    codes: Container[int]
    kind: type[GraphError]
    cause: str | None = None
    subcode: int | None = None
    pattern: str = ""

    def error(self, doing: str, answer: ErrorAnswer, *, changing: bool) -> GraphError | None:
        """The error, if the row is about this answer."""
        if answer.code not in self.codes or self.subcode not in (None, answer.subcode):
            return None
        found = re.search(self.pattern, f"{answer.message} {answer.details}", re.IGNORECASE)
        if found is None:
            return None
        cause = self.cause and self.cause.replace("{node}", found.groupdict().get("node", ""))
        return self.kind(doing, answer, cause=cause, changing=changing)


_TOKEN = (102, 190)

MEANINGS = (
    Meaning(_TOKEN, AccessTokenError, "The access token's user has not added its app, or has removed it", 458),
    Meaning(_TOKEN, AccessTokenError, "The access token's user must log in at facebook.com and clear a check", 459),
    Meaning(_TOKEN, AccessTokenError, "The access token ended when its user changed the password", 460),
    Meaning(_TOKEN, AccessTokenError, "The access token has expired", 463),
    Meaning(_TOKEN, AccessTokenError, "The access token's user must confirm the account at facebook.com", 464),
    Meaning(_TOKEN, AccessTokenError, "The access token has expired or was revoked", 467),
    Meaning(_TOKEN, AccessTokenError, "The access token is a Page's, and its user has no role on that Page", 492),
    Meaning((0, *_TOKEN), AccessTokenError),
    # Seen by clients; no page of Meta's has these words of code 2500.
    Meaning((2500,), AccessTokenError, "The call came without a valid access token", pattern="access token"),
    # An object that has no such edge is passed over, and the rest of the path is named; with an unknown version all of
    # it is (both seen by clients).
    Meaning(
        (2500,),
        PhoneNumberNotFoundError,
        "This is the ID of another object, not of a phone number",
        pattern="unknown path components: /whatsapp_business_encryption",
    ),
    Meaning((2500,), GraphVersionError, pattern="unknown path components"),
    Meaning((2635,), GraphVersionError, "This version of the Graph API has ended"),
    Meaning((100,), PhoneNumberNotFoundError, subcode=33),
    # Seen by clients for other fields of other nodes.
    Meaning(
        (100,),
        PhoneNumberNotFoundError,
        "This is the ID of an object of type {node}, not of a phone number",
        pattern=r"on node type \((?!\w*PhoneNumber)(?P<node>\w{1,60})\)",
    ),
    Meaning((803,), PhoneNumberNotFoundError),
    Meaning((33,), PhoneNumberDeletedError),
    Meaning((131045, 133006, 133010), PhoneNumberNotRegisteredError),
    Meaning((100,), AppSecretProofError, "The app secret is another app's", pattern="invalid appsecret_proof"),
    Meaning((100,), AppSecretProofError, pattern="appsecret_proof"),
    Meaning((100,), InvalidPublicKeyError, pattern="public key"),
    Meaning((100, 131008, 131009), InvalidParameterError),
    # Seen by clients.
    Meaning((200,), AppBlockedError, pattern="api access"),
    Meaning((3,), CapabilityError),  # HTTP 500, yet never tried again
    Meaning(
        (10,),
        PermissionDeniedError,
        "The token has no right to this phone number, or Meta has not put the number on its allow list",
    ),
    Meaning((*range(200, 300), 131005), PermissionDeniedError),
    Meaning((368,), AccountLockedError, "Meta blocked the account for a violation of its policies"),
    Meaning((139000,), AccountLockedError, "Meta blocked the account over its integrity"),
    Meaning((131031,), AccountLockedError),
    Meaning((4, 17, 32, 341, 613, 80007, 80008, 130429), RateLimitError),
    Meaning((133015, 133016), RegistrationLimitError),
    Meaning((1,), UnknownFaultError),
    Meaning((2, 131000, 131016, 131057, 133000, 133004, 2494100), ServiceUnavailableError),
)
"""The first row that is about an answer counts."""


def error_for(doing: str, answer: ErrorAnswer, *, changing: bool = False) -> GraphError:
    """The typed error for an error answer. ``doing`` is what was tried, as in "read the key of phone number 1";
    ``changing``: it was tried to change something."""
    rows = (meaning.error(doing, answer, changing=changing) for meaning in MEANINGS)
    known = next((error for error in rows if error is not None), None)
    return known or _unknown(answer)(doing, answer, changing=changing)


def _unknown(answer: ErrorAnswer) -> type[GraphError]:
    """By HTTP status and by what Meta says of the error itself."""
    if answer.status == 429:
        return RateLimitError
    if answer.is_transient or (answer.code is None and answer.status >= 500):
        return ServiceUnavailableError
    return GraphError if answer.code is not None else UnexpectedAnswerError
