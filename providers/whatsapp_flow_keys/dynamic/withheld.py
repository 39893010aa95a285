"""Inputs missing because the resource they come from failed.

With ``--continue-on-error`` the engine asks check and diff also about what depends on a failed resource, leaves out the
inputs that are not known, and then skips the step. An error of check or diff would end the run for every other number,
so neither may have one here; what changes something refuses, should it ever be called so.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pulumi.dynamic import CheckResult, DiffResult

from whatsapp_flow_keys.errors import MissingInputError

_F = TypeVar("_F", bound=Callable[..., Any])


def pass_by(method: _F) -> _F:
    """``check`` or ``diff`` without an opinion while an input is missing; ``create`` and ``update`` refuse.

    The provider's ``missing`` names what a program always gives and is not there in the last argument.
    """
    without = _WITHOUT.get(method.__name__)
    if without is None:
        return method

    @functools.wraps(method)
    def wrapper(provider: Any, *args: Any) -> Any:
        missing = provider.missing(args[-1])
        return without(args[-1], missing) if missing else method(provider, *args)

    return wrapper  # type: ignore[return-value]  # functools.wraps keeps the signature, mypy can't see it


def _refuse(_news: dict[str, Any], missing: Sequence[str]) -> None:
    raise MissingInputError(
        f"{', '.join(missing)}: got no value, so nothing was done. If it comes from a resource that failed, repair "
        f"that one and run `pulumi up` again"
    )


_WITHOUT: dict[str, Callable[[dict[str, Any], Sequence[str]], Any]] = {
    "check": lambda news, _missing: CheckResult(news, []),
    "diff": lambda _news, _missing: DiffResult(changes=True),
    "create": _refuse,
    "update": _refuse,
}
