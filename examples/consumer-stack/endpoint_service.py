"""The service that answers the forms: stands for your deployment, as a container or a unit of systemd.

The classes lie in a module of their own: Pulumi records where they are, and __main__.py is no place it could record.
"""

import os
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

import gunicorn_service


class EndpointServiceProvider(ResourceProvider):
    """Inputs: ``folder``, ``port``, ``variables``."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Writes the environment and starts the service with it, or restarts the one that runs in this folder."""
        folder, port = Path(props["folder"]), int(props["port"])
        write_environment(folder / "endpoint.env", {**props["variables"], "PORT": str(port)})
        gunicorn_service.restart(folder, port)
        return CreateResult(str(folder), props)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Another environment is a restart; another folder, another service."""
        changed = [name for name in ("folder", "port", "variables") if news[name] != olds[name]]
        return DiffResult(changes=bool(changed), replaces=[name for name in changed if name == "folder"])

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """The same on the service that runs."""
        return UpdateResult(self.create(news).outs)

    def delete(self, id_: str, _props: dict[str, Any]) -> None:
        """Stops the service, and takes its environment and its log along."""
        folder = Path(id_)
        gunicorn_service.stop(folder)
        for left in ("endpoint.env", "gunicorn.log"):
            (folder / left).unlink(missing_ok=True)


class EndpointService(Resource, module="bookings", name="EndpointService"):
    """A service in ``folder`` that listens on ``port`` of loopback. Its ``variables`` stay secret in the state."""

    def __init__(
        self,
        service: str,
        *,
        folder: pulumi.Input[str],
        port: int,
        variables: pulumi.Input[dict[str, str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        secret = pulumi.ResourceOptions(additional_secret_outputs=["variables"])
        props = {"folder": folder, "port": port, "variables": variables}
        super().__init__(EndpointServiceProvider(), service, props, pulumi.ResourceOptions.merge(secret, opts))


def write_environment(file: Path, variables: dict[str, str]) -> None:
    """One ``NAME=value`` to a line, mode 0600, whole or not at all. Raises ValueError for a value of several lines."""
    for name, value in variables.items():
        if len(value.splitlines()) > 1:
            raise ValueError(f"{name} has several lines, which {file} can't hold")
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as text:
        text.writelines(f"{name}={value}\n" for name, value in variables.items())
    new.replace(file)
