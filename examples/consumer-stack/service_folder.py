"""A folder for a service: stands for what a stack makes first, as a volume, a mount in Vault, a vault in Azure."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider


class ServiceFolderProvider(ResourceProvider):
    """Inputs ``parent`` and ``service``; output ``path``."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Makes the folder, for its owner alone."""
        path = Path(props["parent"]) / props["service"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        return CreateResult(str(path), {**props, "path": str(path)})

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Another place is another folder."""
        moved = [name for name in ("parent", "service") if news[name] != olds[name]]
        return DiffResult(changes=bool(moved), replaces=moved)

    def delete(self, id_: str, _props: dict[str, Any]) -> None:
        """Leaves a folder that holds something: it may be a key."""
        with suppress(OSError):
            Path(id_).rmdir()


class ServiceFolder(Resource, module="bookings", name="ServiceFolder"):
    """A folder of mode 0700 below ``parent``, which counts from the project's folder."""

    path: pulumi.Output[str]
    """Absolute; known once it is made."""

    def __init__(self, service: str, *, parent: str, opts: pulumi.ResourceOptions | None = None) -> None:
        props = {"parent": os.path.abspath(parent), "service": service, "path": None}
        super().__init__(ServiceFolderProvider(), service, props, opts)
