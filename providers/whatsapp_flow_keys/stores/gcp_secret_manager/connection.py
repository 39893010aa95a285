"""The way to Secret Manager: credentials that the ecosystem finds, a channel for the calls of one read or write.

No channel lasts longer, since its threads would not survive a server's fork; the credentials do, and keep their token.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import Any
from urllib.request import getproxies_environment

from whatsapp_flow_keys.client_library import seconds_per_attempt
from whatsapp_flow_keys.errors import StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.loopback import is_loopback

EMULATOR = "SECRET_MANAGER_EMULATOR_HOST"
"""Names the environment variable with the host and port of an emulator on this machine, which is asked in the clear and
without credentials."""

_HOST = "secretmanager.googleapis.com"
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_OF_THE_WAY = ("google_", "cloudsdk_", "gce_", "home", "no_gce_", "aws_")
"""Begin the names, in any case, of variables that decide as whom calls are made."""
_OWN_ROOTS = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"
_ROOTS = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

_making = Lock()


@contextmanager
def connected(url: str) -> Iterator[Any]:
    """The official client, which has no types, for as long as the context is open.

    Raises :class:`StorePermissionError` where there are no credentials, or no token for them, and
    :class:`StoreUnavailableError` where there is no way that is good enough for private keys. ``url`` begins their
    texts.
    """
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient
    from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
        SecretManagerServiceGrpcTransport,
    )

    channel = _channel(url)
    try:
        try:
            client = SecretManagerServiceClient(transport=SecretManagerServiceGrpcTransport(channel=channel))
        except Exception as error:  # noqa: BLE001 - of variables that the library can't use
            raise StoreUnavailableError(
                url,
                f"Google's client can't be set up ({type(error).__name__}), so nothing was sent; check the variables "
                f"GOOGLE_API_USE_MTLS_ENDPOINT and GOOGLE_CLOUD_UNIVERSE_DOMAIN",
            ) from None
        yield client
    finally:
        channel.close()


def forget() -> None:
    """The next call looks for credentials again."""
    with _making:
        _credentials.cache_clear()


def _channel(url: str) -> Any:
    import grpc
    from google.api_core import grpc_helpers

    emulator = os.environ.get(EMULATOR)
    if emulator:
        if not is_loopback(emulator):
            raise StoreUnavailableError(
                url,
                f"{EMULATOR} names another machine, where private keys would go in the clear, so nothing was sent; an "
                f"emulator must be on this one",
            )
        return grpc.insecure_channel(emulator, options=[("grpc.enable_http_proxy", 0)])
    return grpc_helpers.create_channel(
        f"{_HOST}:443", credentials=_with_token(url), ssl_credentials=_roots(url), options=_proxy()
    )


def _with_token(url: str) -> Any:
    """The credentials, whose token lasts for the calls of the channel; it is asked for in this thread."""
    from google.auth.exceptions import DefaultCredentialsError
    from google.auth.transport.requests import Request

    request, seconds = Request(), seconds_per_attempt()

    def within_the_limit(*args: Any, **options: Any) -> Any:
        return request(*args, **{**options, "timeout": seconds})

    try:
        with _making:
            credentials = _credentials(_signature(), os.getpid())
            if not credentials.valid:
                credentials.refresh(within_the_limit)
    except DefaultCredentialsError:  # its text may quote a file
        raise StorePermissionError(
            url,
            "there are no credentials of Google Cloud here that can be used; log in (`gcloud auth application-default "
            "login`), or set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account or of workload identity",
        ) from None
    except Exception as error:  # noqa: BLE001 - the library raises what it meets in a file or an answer that is wrong
        forget()
        raise StorePermissionError(
            url,
            f"these credentials of Google Cloud get no token ({type(error).__name__}); log in again, or check the "
            f"service account, the machine's clock, and the way to Google's token service (HTTPS_PROXY, "
            f"REQUESTS_CA_BUNDLE)",
        ) from None
    return credentials


@lru_cache(maxsize=32)
def _credentials(_signature: frozenset[tuple[str, str]], _process: int) -> Any:
    import google.auth

    # It logs as a warning what it raises, too; Pulumi would print that beside the error.
    log = logging.getLogger("google.auth._default")
    if log.level == logging.NOTSET:
        log.setLevel(logging.ERROR)
    return google.auth.default(scopes=_SCOPES)[0]


def _signature() -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in os.environ.items() if name.lower().startswith(_OF_THE_WAY))


def _roots(url: str) -> Any:
    """gRPC has a variable of its own for a company's CA; here those of requests count, too."""
    import grpc

    named = next((name for name in _ROOTS if os.environ.get(name)), None)
    if named is None or os.environ.get(_OWN_ROOTS):
        return None
    try:
        with open(os.environ[named], "rb") as file:
            roots = file.read()
    except OSError:
        roots = b""
    if b"BEGIN CERTIFICATE" not in roots:
        raise StoreUnavailableError(
            url,
            f"nothing was sent: {named} does not name a file of certificates that can be read; correct it, then run "
            f"again",
        )
    return grpc.ssl_channel_credentials(root_certificates=roots)


def _proxy() -> list[tuple[str, Any]]:
    """gRPC reads the variables of proxies in lower case only; here they may be in either."""
    from requests.utils import should_bypass_proxies

    proxy = getproxies_environment().get("https")
    if not proxy or should_bypass_proxies(f"https://{_HOST}", None):
        return [("grpc.enable_http_proxy", 0)]
    return [("grpc.http_proxy", proxy)]
