"""Errors of a store in Vault, each looked at for what no error may hold."""

from collections.abc import Callable, Iterator

import pytest

from tests.contract.stores.vault_place import VaultPlace
from tests.pairs import pair


def refusal(kind: type[Exception], call: Callable[[], object], place: VaultPlace) -> str:
    """The text of the error, after a look at it for what no error may hold."""
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    shown = "".join(map(repr, _chain(caught.value)))
    for secret in (place.server.token, "PRIVATE KEY", pair().to_pem()[100:140], "hunter2"):
        assert secret not in shown
    return str(caught.value)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
