"""The way to an API server: the kubeconfig's context, or the service account of the Pod that this process runs in.

Credentials and private keys never travel in the clear, unverified, or after a redirect.
"""

import os
from collections.abc import Mapping
from functools import lru_cache
from threading import Lock
from typing import Any
from urllib.request import getproxies_environment

from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.loopback import leaves_in_the_clear
from whatsapp_flow_keys.stores.kubernetes.address import KubernetesSecret, kubeconfig_files

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
"""The folder in which a Pod finds its ``token``, which the kubelet renews, and the cluster's ``ca.crt``."""

_OF_THE_WAY = ("kube", "home", "path", "https_proxy", "no_proxy", "aws_", "azure_", "google_", "cloudsdk_")
"""Begin the names, in any case, of variables that decide where calls go, and as whom: programs that give a token read
the clouds'."""

_making = Lock()


class _NoWayError(Exception):
    """There is no way to a cluster; the text says what to do."""


def core_api(secret: KubernetesSecret) -> Any:
    """The official client's CoreV1Api for the secret's cluster. It has no types, and threads may share it.

    It is made once for an environment, since that reads files and may start a program that gives a token. Raises
    :class:`StoreUnavailableError` where there is no way to a cluster, or none that is good enough for private keys.
    """
    try:
        with _making:
            return _core_api(secret.context, _signature(os.environ), os.getpid())
    except _NoWayError as error:
        raise StoreUnavailableError(secret.url, str(error)) from None


def forget() -> None:
    """The next call reads the credentials again."""
    with _making:
        _core_api.cache_clear()


def in_a_pod_without_kubeconfig() -> bool:
    """Whether the service account of this Pod is the way in."""
    return not kubeconfig_files(os.environ) and bool(os.environ.get("KUBERNETES_SERVICE_HOST"))


def _signature(environ: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Changes with what a client is made of: with another environment, and when a kubeconfig is written."""
    files = [(str(path), path.stat()) for path in kubeconfig_files(environ)]
    return frozenset((name, value) for name, value in environ.items() if name.lower().startswith(_OF_THE_WAY)) | {
        (path, f"{found.st_mtime_ns} {found.st_size} {found.st_ino}") for path, found in files
    }


@lru_cache(maxsize=32)
def _core_api(context: str, _signature: frozenset[tuple[str, str]], _process: int) -> Any:
    import urllib3
    from kubernetes.client import ApiClient, Configuration, CoreV1Api

    configuration = Configuration()
    _load(context, configuration)
    if leaves_in_the_clear(configuration.host):
        raise _NoWayError(
            "the kubeconfig's server is plain http on another machine, so nothing was sent there; give an https:// "
            "server. http:// is for this machine only, as with `kubectl proxy`",
        )
    if not configuration.verify_ssl:
        raise _NoWayError(
            "the kubeconfig says insecure-skip-tls-verify, which is not obeyed, since private keys would go to whoever "
            "answers; give the cluster's certificate-authority instead",
        )
    configuration.proxy = getproxies_environment().get("https") if configuration.host.startswith("https:") else None
    # No redirect is followed: a private key would go along. Attempts are the caller's.
    configuration.retries = urllib3.Retry(total=0, redirect=0, raise_on_redirect=False)
    return CoreV1Api(ApiClient(configuration))


def _load(context: str, configuration: Any) -> None:
    import yaml
    from kubernetes.config import ConfigException
    from kubernetes.config.incluster_config import InClusterConfigLoader
    from kubernetes.config.kube_config import load_kube_config

    files = kubeconfig_files(os.environ)
    try:
        if files:
            load_kube_config(
                os.pathsep.join(map(str, files)),
                context=context or None,
                client_configuration=configuration,
                persist_config=False,
            )
        elif in_a_pod_without_kubeconfig():
            account = (f"{SERVICE_ACCOUNT}/token", f"{SERVICE_ACCOUNT}/ca.crt")
            InClusterConfigLoader(*account, environ=os.environ).load_and_set(configuration)
        else:
            raise _NoWayError(
                "there is no kubeconfig here (KUBECONFIG, else ~/.kube/config), and this is not a Pod; log in to the "
                "cluster, or set KUBECONFIG",
            )
    except (ConfigException, OSError, ValueError, TypeError, yaml.YAMLError):  # their texts may quote a credential
        raise _NoWayError(_unusable(context, bool(files))) from None


def _unusable(context: str, has_kubeconfig: bool) -> str:
    if not has_kubeconfig:
        return (
            f"this Pod has no service account token, or no CA certificate, in {SERVICE_ACCOUNT}; check "
            f"automountServiceAccountToken"
        )
    wanted = f"the context {context}" if context else "a current context"
    chosen = f" --context={context}" if context else ""
    return (
        f"the kubeconfig (KUBECONFIG, else ~/.kube/config) can't be read, or doesn't have {wanted} with its cluster "
        f"and user; `kubectl{chosen} config view --minify` shows what is missing"
    )
