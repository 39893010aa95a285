"""A mounted Secret, as the kubelet lays it out: links that a rename swaps at once. No kubelet runs here.

Its layout: a folder for each content, the link ``..data`` to the newest one, and a link through that for each field.
"""

import os
import shutil
from pathlib import Path

import pytest

from tests.contract.stores.kubernetes_place import KubernetesPlace
from tests.forms import APP_SECRET, key, ring, sent
from whatsapp_flow_endpoint import FlowEndpoint
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing


class Mount:
    """The folder in which a Pod finds a Secret's fields."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o1777)
        folder.chmod(0o1777)  # so is the kubelet's, on a file system of its own
        self.folder = folder
        self._contents = 0

    def show(self, fields: dict[str, str]) -> None:
        """The fields of now, in place of those before, which go."""
        before = self.folder / os.readlink(self.folder / "..data") if self._contents else None
        self._contents += 1
        new = self.folder / f"..2026_11_30_{self._contents}"
        new.mkdir()
        for name, text in fields.items():
            (new / name).write_text(text)
            (new / name).chmod(0o440)
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to(f"..data/{name}")
        (self.folder / "..data_tmp").symlink_to(new.name)
        os.replace(self.folder / "..data_tmp", self.folder / "..data")
        if before:
            shutil.rmtree(before)


@pytest.fixture
def mount(tmp_path: Path) -> Mount:
    return Mount(tmp_path / "flow-keys")


def rotated() -> KeyRing:
    """The ring after a rotation."""
    return ring(key("new"), key(), revision=2)


def endpoint(url: str) -> FlowEndpoint:
    """One that reads its keys there."""
    return FlowEndpoint.from_env(lambda _: {}, {"WHATSAPP_FLOW_KEYS": url, "WHATSAPP_APP_SECRET": APP_SECRET})


def status(endpoint: FlowEndpoint, to: PrivateKey) -> int:
    """What a form gets that was encrypted with this key."""
    form = sent(to=to)
    return endpoint.answer(form.signed, form.body).status


def test_an_endpoint_that_mounts_the_document_sees_a_new_key_without_a_restart(
    place: KubernetesPlace, mount: Mount
) -> None:
    store = place.store()
    written = store.write(ring(key()), store.read())
    mount.show(place.fields())
    running = endpoint((mount.folder / "document").as_uri())
    assert status(running, key()) == 200
    store.write(rotated(), written)
    mount.show(place.fields())
    assert [status(running, each) for each in (key("new"), key())] == [200, 200]


def test_a_program_that_mounts_the_private_keys_finds_every_one(place: KubernetesPlace, mount: Mount) -> None:
    store = place.store()
    store.write(rotated(), store.read())
    mount.show(place.fields())
    assert (mount.folder / "private_keys").read_text() == key("new").to_pem() + key().to_pem()


def test_an_endpoint_that_asks_the_api_server_sees_a_new_key_without_a_restart(place: KubernetesPlace) -> None:
    store = place.store()
    written = store.write(ring(key()), store.read())
    running = endpoint(place.url)
    assert status(running, key()) == 200
    store.write(rotated(), written)
    assert [status(running, each) for each in (key("new"), key())] == [200, 200]
