"""A store as another process would have it: each of its calls happens under other environment variables."""

import os
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast
from unittest.mock import patch

from whatsapp_flow_keys.stores.store import Store


def under(environment: Mapping[str, str], store: Store) -> Store:
    """``store``, each call of which sees ``environment``."""
    return cast(Store, _Under(environment, store))


class _Under:
    def __init__(self, environment: Mapping[str, str], store: Store) -> None:
        self._environment, self._store = environment, store

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if not callable(found):
            return found
        call: Callable[..., Any] = found

        @wraps(call)
        def called(*given: Any) -> Any:
            with patch.dict(os.environ, self._environment):
                return call(*given)

        return called
