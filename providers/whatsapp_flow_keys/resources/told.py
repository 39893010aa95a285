"""A failure as a name and one sentence, without anything that could hold a secret."""

from whatsapp_flow_keys.errors import FlowKeysError

TRACEBACKS = "WHATSAPP_FLOW_TRACEBACKS"
"""Set this environment variable to see whole tracebacks instead of one sentence."""


def told(error: BaseException, where: str) -> tuple[str, str]:
    """The name of a failure, and what to say about it. ``where``: the method that it ended."""
    if isinstance(error, FlowKeysError):
        return type(error).__name__, str(error)
    said = (
        f"{type(error).__name__} in {where}; run again with {TRACEBACKS}=1 to see where (that text may hold secrets) "
        f"and report it"
    )
    return "UnexpectedError", said
