"""A URL of a secret in Vault: which are valid, what completes them, and which client library they need."""

import subprocess
import sys

import pytest

from whatsapp_flow_keys import extras
from whatsapp_flow_keys.errors import InputError, MissingExtraError
from whatsapp_flow_keys.stores.urls import complete_url, is_same_place, open_store

HOST = "vault.example.com"


@pytest.mark.parametrize(
    ("given", "canonical", "secret_id"),
    [
        (f"{HOST}:8200/a/b", f"{HOST}:8200/a/b", "secret/data/a/b"),
        (f"{HOST}/a", f"{HOST}/a", "secret/data/a"),
        (f"{HOST.upper()}:443/A", f"{HOST}/A", "secret/data/A"),
        (f"{HOST}/a%20b?mount=secret", f"{HOST}/a%20b", "secret/data/a b"),
        (
            f"{HOST}/a?mount=team/kv&namespace=/org/team/",
            f"{HOST}/a?mount=team/kv&namespace=org/team",
            "team/kv/data/a",
        ),
        (f"{HOST}/a?namespace=", f"{HOST}/a", "secret/data/a"),
        ("127.0.0.1:8200/a?tls=off", "127.0.0.1:8200/a?tls=off", "secret/data/a"),
        ("LocalHost:80/a?tls=off", "localhost/a?tls=off", "secret/data/a"),
        ("[::1]:8200/a?tls=off", "[::1]:8200/a?tls=off", "secret/data/a"),
    ],
)
def test_one_place_has_one_url(given: str, canonical: str, secret_id: str) -> None:
    store = open_store(f"hashivault://{given}")
    assert (store.url, store.location, store.secret_id) == (f"hashivault://{canonical}",) * 2 + (secret_id,)
    assert is_same_place(f"HASHIVAULT://{given}", store.url)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("/a", "names no server; set address= or VAULT_ADDR"),
        ("host:0/a", "'host:0' is not HOST or HOST:PORT"),
        ("host:70000/a", "is not HOST or HOST:PORT"),
        ("host:8200:1/a", "is not HOST or HOST:PORT"),
        ("ho%2Fst/a", "is not HOST or HOST:PORT"),
        ("host", "'' can't be the path"),
        ("host/", "'' can't be the path"),
        ("host//a", "'/a' can't be the path"),
        ("host/a/", "'a/' can't be the path"),
        ("host/a//b", "'a//b' can't be the path"),
        ("host/a/../b", "'a/../b' can't be the path"),
        ("host/a/./b", "'a/./b' can't be the path"),
        ("host/a/%20/b", "'a/ /b' can't be the path"),
        ("host/a*", r"'a\*' can't be the path"),
        ("host/+/a", r"'\+/a' can't be the path"),
        ("host/a%0Ab", "can't be the path"),
        ("host/caf%C3%A9", "can't be the path"),
        ("host/a?mount=", "'' can't be the mount"),
        ("host/a?mount=/kv", "'/kv' can't be the mount"),
        ("host/a?mount=kv/../sys", "can't be the mount"),
        ("host/a?namespace=a//b", "'a//b' can't be the namespace"),
        ("host/a?tls=on", "tls can only be off, on loopback"),
        ("host/a?token=x", "'token' is no setting of this store; known are mount, namespace, tls"),
        (
            "host:8200/a?tls=off",
            "host must be asked by https: the token and the private keys must not travel in the clear",
        ),
        ("128.0.0.1/a?tls=off", "must not travel in the clear"),
        ("me@host/a", "holds no user or password"),
    ],
)
def test_a_url_that_names_no_place_is_refused(given: str, said: str) -> None:
    with pytest.raises(InputError, match=rf"^backups\[1\]: .*{said}"):
        open_store(f"hashivault://{given}", "backups[1]")


@pytest.mark.parametrize(
    ("url", "environ", "complete"),
    [
        ("/a", {"VAULT_ADDR": f"https://{HOST}:8200"}, f"{HOST}:8200/a"),
        ("/a", {"VAULT_ADDR": f"https://{HOST}/"}, f"{HOST}/a"),
        ("/a", {"VAULT_ADDR": "http://127.0.0.1:8200"}, "127.0.0.1:8200/a?tls=off"),
        ("/a", {"BAO_ADDR": f"https://{HOST}"}, f"{HOST}/a"),
        ("/a", {"VAULT_ADDR": f"https://{HOST}", "BAO_ADDR": "https://other"}, f"{HOST}/a"),
        ("/a", {"VAULT_ADDR": f"https://{HOST}", "VAULT_NAMESPACE": "team/"}, f"{HOST}/a?namespace=team"),
        (f"{HOST}/a", {"BAO_NAMESPACE": "team"}, f"{HOST}/a?namespace=team"),
        (f"{HOST}/a?namespace=mine", {"VAULT_NAMESPACE": "team"}, f"{HOST}/a?namespace=mine"),
        (f"{HOST}/a?namespace=", {"VAULT_NAMESPACE": "team"}, f"{HOST}/a?namespace="),
        (f"{HOST}/a", {"VAULT_ADDR": "http://127.0.0.1:8200"}, f"{HOST}/a"),
        ("/a?mount=kv", {}, "/a?mount=kv"),
        ("/a", {"VAULT_ADDR": "unix:///run/vault.sock"}, "/a"),
        ("/a", {"VAULT_ADDR": f"https://{HOST}/behind"}, f"{HOST}%2Fbehind/a"),
        ("/a?tocken=b", {"VAULT_ADDR": f"https://{HOST}"}, "/a?tocken=b"),
        ("me@host/a b", {"VAULT_NAMESPACE": "team"}, "me@host/a b"),
    ],
)
def test_what_the_url_does_not_say_comes_from_the_environment(url: str, environ: dict[str, str], complete: str) -> None:
    assert complete_url(f"hashivault://{url}", environ) == f"hashivault://{complete}"
    assert complete_url(f"hashivault://{complete}", environ) == f"hashivault://{complete}"


def test_without_the_client_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(
        MissingExtraError, match=r'^store: .* needs hvac: pip install "whatsapp-flow-encryption\[vault\]"$'
    ):
        open_store(f"hashivault://{HOST}/a")


def test_to_know_the_stores_no_client_library_is_loaded() -> None:
    code = (
        "import sys, whatsapp_flow_keys.stores.urls as urls; urls.open_store('hashivault://host/a'); "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'hvac', 'requests', 'boto3', 'azure'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
