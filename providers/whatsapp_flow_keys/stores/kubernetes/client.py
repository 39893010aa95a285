"""The calls about one Secret: time limits, attempts, credentials that are renewed."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from whatsapp_flow_keys.client_library import ATTEMPTS, seconds_per_attempt, seconds_per_call
from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.errors import StoreError, StoreUnavailableError
from whatsapp_flow_keys.extras import unlogged
from whatsapp_flow_keys.stores.kubernetes.address import KubernetesSecret
from whatsapp_flow_keys.stores.kubernetes.connection import core_api, forget
from whatsapp_flow_keys.stores.kubernetes.refusals import SecretRefusedError, refusal, unreachable

FIELD_MANAGER = "whatsapp-flow-encryption"
"""How the API server calls the owner of the fields that are written here."""

_FIRST_PAUSE = 0.1
_TALKATIVE = "kubernetes.client.rest"
"""The logger that shows whole answers, private keys in them."""


@dataclass(frozen=True, repr=False)
class Found:
    """A Secret as the API server answered it.

    Args:
        uid: tells it from another one of the same name.
        resource_version: changes with every change of it.
        data: its fields.
        owner: in words, the controller to which it or our fields belong; "" for nobody else.
        immutable: Kubernetes refuses every change of ``data``.
        finalizers: in words, what holds back its deletion, which is under way; "" where none is.
    """

    uid: str
    resource_version: str
    data: Mapping[str, bytes]
    owner: str
    immutable: bool
    finalizers: str

    @property
    def version(self) -> str:
        """What a write or a deletion names."""
        return f"{self.uid} {self.resource_version}"


class SecretCalls:
    """Calls about one Secret. Each raises :class:`StoreUnavailableError` and its kinds; :class:`SecretRefusedError` is
    a "no" that depends on what is there."""

    def __init__(self, secret: KubernetesSecret, fields: Collection[str]) -> None:
        """``fields``: those that are written here, whose owner is looked for. Talks to nobody."""
        self._secret, self._fields = secret, fields

    def get(self) -> Found | None:
        """The Secret; None where there is none."""
        try:
            answer = self._ask("get", lambda api, **given: api.read_namespaced_secret(*self._names, **given))
        except SecretRefusedError as refused:
            if refused.reason == "NotFound":
                return None
            raise
        return self._found(answer)

    def create(self, metadata: Mapping[str, Any], data: Mapping[str, str]) -> Found:
        """Makes the Secret."""
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": {"name": self._secret.name, **metadata},
            "data": _encoded(data),
        }
        namespace = self._secret.namespace
        return self._found(
            self._ask("create", lambda api, **given: api.create_namespaced_secret(namespace, body, **given))
        )

    def patch(self, found: Found, metadata: Mapping[str, Any], data: Mapping[str, str]) -> Found:
        """Changes these fields of the Secret that was ``found``, if it is still as it was."""
        body = {
            "metadata": {"uid": found.uid, "resourceVersion": found.resource_version, **metadata},
            "data": _encoded(data),
        }
        return self._found(
            self._ask("patch", lambda api, **given: api.patch_namespaced_secret(*self._names, body, **given))
        )

    def delete(self, found: Found) -> None:
        """Deletes the Secret that was ``found``, if it is still as it was."""
        body = {"preconditions": {"uid": found.uid, "resourceVersion": found.resource_version}}
        self._ask("delete", lambda api, **given: api.delete_namespaced_secret(*self._names, body=body, **given))

    @property
    def _names(self) -> tuple[str, str]:
        return self._secret.name, self._secret.namespace

    def _ask(self, verb: str, call: Callable[..., Any]) -> Any:
        """What the API server answers. Faults are met by trying again; after credentials that it doesn't know, those of
        the moment are read, once."""
        from kubernetes.client import ApiException
        from kubernetes.config import ConfigException
        from urllib3.exceptions import HTTPError

        clock = SystemClock()
        ends = clock.monotonic() + seconds_per_call()
        manager = {"field_manager": FIELD_MANAGER} if verb in ("create", "patch") else {}
        for attempt in range(ATTEMPTS):
            if attempt:
                clock.sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
            api = core_api(self._secret)
            try:
                with unlogged(_TALKATIVE):
                    answer = call(api, _request_timeout=seconds_per_attempt(), **manager)
            except ApiException as error:
                fault: StoreError = refusal(self._secret, verb, error)
                passes = error.status in (408, 429) or error.status >= 500
                if error.status == 401 and not attempt:
                    forget()
                    passes = True
            except (HTTPError, OSError, ConfigException) as error:  # the last where a token can't be renewed
                fault, passes = unreachable(self._secret.url, error)
            except (ValueError, TypeError, AttributeError):  # of the client library, which can't read the answer
                fault, passes = self._not_kubernetes(), False
            else:
                if verb == "delete" or _is_secret(answer):
                    return answer
                fault, passes = self._not_kubernetes(), False
            if not passes or clock.monotonic() >= ends:
                break
        raise fault

    def _found(self, answer: Any) -> Found:
        metadata = answer.metadata
        return Found(
            uid=metadata.uid,
            resource_version=metadata.resource_version,
            data={name: b64decode(text or "") for name, text in (answer.data or {}).items()},
            owner=_owner(metadata, self._fields),
            immutable=bool(answer.immutable),
            finalizers=", ".join(metadata.finalizers or ()) if metadata.deletion_timestamp else "",
        )

    def _not_kubernetes(self) -> StoreUnavailableError:
        return StoreUnavailableError(
            self._secret.url, "what answers is not a Kubernetes API server; check the kubeconfig's server and the proxy"
        )


def _encoded(data: Mapping[str, str]) -> dict[str, str]:
    return {name: b64encode(text.encode()).decode() for name, text in data.items()}


def _is_secret(answer: Any) -> bool:
    metadata = getattr(answer, "metadata", None)
    return bool(getattr(metadata, "uid", None) and getattr(metadata, "resource_version", None))


def _owner(metadata: Any, fields: Collection[str]) -> str:
    """Whose the Secret is, or one of these ``fields``: a controller, or whoever applied it by server-side apply."""
    for reference in metadata.owner_references or ():
        if reference.controller:
            return f"the {reference.kind} {reference.name}"
    for entry in metadata.managed_fields or ():
        owned = entry.fields_v1 or {}
        names = {*owned.get("f:data", ()), *owned.get("f:stringData", ())}  # as they were applied (tried: 1.36)
        if entry.operation == "Apply" and not names.isdisjoint(f"f:{name}" for name in fields):
            return f"{entry.manager} (server-side apply)"
    return ""
