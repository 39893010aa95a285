"""The stores as typed values of a program. What travels to the provider is their URL, which holds no secret."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pulumi

STACK_URL = "stack"
"""The same word as in :mod:`whatsapp_flow_keys.stores.urls`, which a program doesn't import for one constant."""


@dataclass(frozen=True)
class StackStore:
    """The stack's own encrypted secrets: nothing else is needed. The default."""

    @property
    def url(self) -> str:
        """``stack``."""
        return STACK_URL


@dataclass(frozen=True)
class FileStore:
    """A file, mode 0600: for an endpoint on the same machine, or an offline backup.

    A relative ``path`` counts from the folder that the program runs in, which is the project's.
    """

    path: pulumi.Input[str]

    @property
    def url(self) -> pulumi.Input[str]:
        """``file:///…``."""
        if isinstance(self.path, str):
            return _file_url(self.path)
        return pulumi.Output.all(self.path).apply(lambda paths: _file_url(paths[0]))


Store: TypeAlias = StackStore | FileStore


def _file_url(path: str) -> str:
    return Path(os.path.abspath(path)).as_uri()
