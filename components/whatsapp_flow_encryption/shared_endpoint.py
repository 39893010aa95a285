"""One endpoint for several numbers: its environment, and its deployment before any of their keys is published."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Protocol

import pulumi

from whatsapp_flow_encryption.staged_keys import StagedKeys, listed_resources
from whatsapp_flow_keys.keys_variable import joined


class HasEndpointEnv(Protocol):
    """A :class:`FlowEncryption`, or its :class:`StagedKeys`."""

    @property
    def phone_number_id(self) -> pulumi.Output[str]:
        """The number's ID."""

    @property
    def endpoint_env(self) -> pulumi.Output[dict[str, str]]:
        """The environment of an endpoint of this number alone."""


def shared_endpoint_env(numbers: Iterable[HasEndpointEnv]) -> pulumi.Output[dict[str, str]]:
    """Secret: the environment variables of one endpoint that decrypts the forms of all these numbers.

    Args:
        numbers: FlowEncryptions, or their staged keys; each number once.
    """
    together = [pulumi.Output.all(each.phone_number_id, each.endpoint_env) for each in numbers]
    return pulumi.Output.secret(pulumi.Output.all(*together).apply(joined))


class SharedDeployment:
    """The ``deploy=`` of several numbers whose forms one endpoint decrypts.

    None of their new keys is published before what is deployed holds all of them::

        with SharedDeployment(lambda numbers: endpoint(environment=shared_endpoint_env(numbers))) as deploy:
            FlowEncryption("north", phone_number_id=north, deploy=deploy)
            FlowEncryption("south", phone_number_id=south, deploy=deploy)

    Args:
        deploy: called at the end of the block with the staged keys of every number; returns the resources that hold
            them: one, or more. Without any number it is not called.

    Raises:
        pulumi.RunError: it is used without ``with``, or ``deploy`` returns something else.
    """

    def __init__(self, deploy: Callable[[Sequence[StagedKeys]], Iterable[pulumi.Resource] | pulumi.Resource]) -> None:
        self._deploy = deploy
        self._staged: list[StagedKeys] = []
        self._future: asyncio.Future[list[pulumi.Resource]] = asyncio.get_event_loop().create_future()
        self._is_open = False

    def __enter__(self) -> "SharedDeployment":
        self._is_open = True
        return self

    def __call__(self, staged: StagedKeys) -> pulumi.Output[list[pulumi.Resource]]:
        """For a FlowEncryption: what its registration waits for."""
        if not self._is_open:
            raise pulumi.RunError(
                "SharedDeployment: give it to each number's deploy= inside of `with SharedDeployment(…) as deploy:`, "
                "at whose end the endpoint is deployed"
            )
        self._staged.append(staged)
        return pulumi.Output.from_input(self._future)

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._is_open = False
        if error is not None:
            self._fail(error)
            return
        try:
            deployed = listed_resources("SharedDeployment: deploy", self._deploy(self._staged) if self._staged else ())
        except Exception as failure:
            self._fail(failure)
            raise
        self._future.set_result(deployed)

    def _fail(self, error: BaseException) -> None:
        """What waits for the deployment fails by the same error: it is not registered, and Pulumi prints that one."""
        if isinstance(error, Exception):
            self._future.set_exception(error)
            self._future.exception()  # else asyncio complains where nothing waits for it
        else:
            self._future.cancel()
