"""Meta's documented errors by code: what `{"kind": "error", "code": …}` answers when nothing else is asked for.

Source: Meta, "WhatsApp Cloud API error codes" (with the older copy's HTTP statuses) and the examples in the OpenAPI
description of this edge. Message texts that Meta does not give word for word follow its form `(#code) meaning`.
"""

from __future__ import annotations

from dataclasses import replace

from whatsapp_graph_emulator.answers import GraphError


def _whatsapp(status: int, code: int, meaning: str, *, transient: bool | None = None) -> GraphError:
    return GraphError(status, code, f"(#{code}) {meaning}", details=meaning, is_transient=transient)


_DOCUMENTED = (
    GraphError(401, 0, "We were unable to authenticate the app user"),
    GraphError(400, 1, "An unknown error occurred"),
    GraphError(
        503, 2, "An unexpected error occurred. Please retry your request", "GraphMethodException", is_transient=True
    ),
    # Despite its HTTP status this one speaks of a capability or permission, so that a retry cannot help.
    GraphError(500, 3, "(#3) Application does not have the capability to make this API call"),
    # HTTP 400 in the error code page; the OpenAPI description has 429, which a fault can ask for.
    GraphError(400, 4, "Application request limit reached", subcode=2446079, is_transient=True),
    _whatsapp(403, 10, "Permission is either not granted or has been removed"),
    GraphError(400, 17, "(#17) User request limit reached", is_transient=True),
    GraphError(400, 32, "(#32) Page request limit reached", is_transient=True),
    _whatsapp(400, 33, "The business phone number has been deleted"),
    _whatsapp(400, 100, "Invalid parameter"),
    GraphError(401, 190, "Invalid OAuth access token"),
    GraphError(
        403,
        200,
        "Your app doesn't have permission to modify encryption settings for this WhatsApp Business phone number",
        subcode=1349174,
        user_title="Permission Denied",
    ),
    GraphError(400, 341, "(#341) Application limit reached", is_transient=True),
    _whatsapp(403, 368, "Temporarily blocked for policies violations"),
    GraphError(400, 613, "(#613) Calls to this API have exceeded the rate limit", is_transient=True),
    GraphError(404, 803, "WhatsApp Business phone number not found", "GraphMethodException"),
    _whatsapp(400, 80007, "The WhatsApp Business Account has reached its rate limit", transient=True),
    GraphError(
        400,
        80008,
        "(#80008) There have been too many calls to this WhatsApp Business account",
        is_transient=True,
    ),
    _whatsapp(400, 130429, "Rate limit hit", transient=True),
    _whatsapp(500, 131000, "Something went wrong", transient=True),
    _whatsapp(403, 131005, "Access denied"),
    _whatsapp(400, 131008, "Required parameter is missing"),
    _whatsapp(400, 131009, "Parameter value is not valid"),
    _whatsapp(500, 131016, "Service unavailable", transient=True),
    _whatsapp(403, 131031, "Account has been locked"),
    _whatsapp(500, 131045, "Incorrect certificate"),
    _whatsapp(400, 131048, "Spam rate limit hit"),
    _whatsapp(400, 131056, "(Business Account, Consumer Account) pair rate limit hit"),
    _whatsapp(500, 131057, "Account in maintenance mode", transient=True),
    _whatsapp(400, 132068, "Flow is blocked"),
    _whatsapp(400, 132069, "Flow is throttled"),
    _whatsapp(500, 133000, "Incomplete deregistration", transient=True),
    _whatsapp(503, 133004, "Server temporarily unavailable", transient=True),
    _whatsapp(400, 133005, "Two-step verification PIN mismatch"),
    _whatsapp(400, 133006, "Phone number re-verification needed"),
    _whatsapp(400, 133008, "Too many two-step verification PIN guesses"),
    _whatsapp(400, 133009, "Two-step verification PIN guessed too fast"),
    _whatsapp(400, 133010, "Phone number not registered"),
    _whatsapp(400, 133015, "Please wait a few minutes before attempting to register this phone number"),
    _whatsapp(400, 133016, "Account register deregister rate limit exceeded"),
    _whatsapp(400, 135000, "Generic user error"),
    # Meta's table gives no HTTP status for this one; 503 is this emulator's choice.
    _whatsapp(503, 2494100, "The business phone number is in maintenance mode", transient=True),
)
_BY_CODE = {error.code: error for error in _DOCUMENTED}


def documented_error(code: int) -> GraphError:
    """A fresh copy of the documented error, or `(#code) Emulated error` with HTTP 400 where none is documented."""
    return replace(_BY_CODE.get(code, GraphError(400, code, f"(#{code}) Emulated error")))


def unsupported(method: str, phone_number_id: str) -> GraphError:
    """Graph's answer to an object that is not there or not visible, and to a method that the edge does not have.

    That a DELETE on this edge gets it too is inferred: Meta documents only GET and POST.
    """
    return GraphError(
        400,
        100,
        f"Unsupported {method.lower()} request. Object with ID '{phone_number_id}' does not exist, cannot be loaded "
        "due to missing permissions, or does not support this operation",
        "GraphMethodException",
        subcode=33,
    )


def no_encryption_key(phone_number_id: str, method: str) -> GraphError:
    """Graph's answer where the id is that of a WhatsApp Business account, which has no such edge.

    A POST gets what an unknown object does (whatsapp-cloud-api issue 7). That a GET names the type of the node is
    inferred from the same error about other nodes.
    """
    if method != "GET":
        return unsupported(method, phone_number_id)
    said = "(#100) Tried accessing nonexisting field (whatsapp_business_encryption) on node type"
    return GraphError(400, 100, f"{said} (WhatsAppBusinessAccount)")


def unknown_path(path: str) -> GraphError:
    """Graph's answer to a path that it does not know, and to a version that does not exist: clients report that it then
    quotes the path after the version (php-graph-sdk issue 1021, koala issue 611)."""
    return GraphError(400, 2500, f"Unknown path components: /{path}")
