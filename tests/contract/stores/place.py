"""What the contract suite needs of a kind of store, besides the store itself: the other side's means."""

from typing import Protocol

import pytest

from whatsapp_flow_keys.stores.store import Store

KINDS = ("file", "vault", "aws", "azure", "gcp", "kubernetes")
soft_deleting = pytest.mark.parametrize("place", ["vault", "aws", "azure"], indirect=True)
"""Marks a test of the kinds whose deletion can be undone."""
hard_deleting = pytest.mark.parametrize("place", ["file", "gcp", "kubernetes"], indirect=True)
"""Marks a test of the kinds whose deletion can't."""


class Place(Protocol):
    """One place for a document, fresh for each test, at a real server or a fake that is named as one.

    All but :meth:`store` and its variants work by the service's own means, not by our code.
    """

    name: str
    """The kind, for the name of the test."""
    limit: int
    """How many bytes a document may have."""

    @property
    def url(self) -> str:
        """The place's URL, for a document of our own (``name=``)."""

    def store(self) -> Store:
        """A store that has talked to nobody yet."""

    def forbidden(self) -> Store:
        """The same place for somebody whom the service knows and who may not use it."""

    def at_port(self, port: int) -> Store:
        """The same document at a server on this port of loopback, which may be down or never answer."""

    def make_empty(self) -> None:
        """What a platform team makes beforehand: the secret, with nothing in it."""

    def put(self, text: str) -> None:
        """What another tool writes there."""

    def content(self) -> str | None:
        """The text that lies there, as JSON where the service keeps fields; None where there is nothing."""

    def destroy(self) -> None:
        """The document is gone for good, whatever held it back."""


def delete(store: Store) -> str:
    """Deletes what the store holds now."""
    return store.delete(store.read())
