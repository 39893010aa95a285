"""Records the states that this version leaves, for the tests of every later one: `python -m tests.stack.record_state`.

Run it at each release, on a clean checkout. What is kept once is never written again.
"""

import json
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.stack.project import TOKEN, Project
from tests.stack.recorded_state import PASSPHRASE, PATH, STATES, Keys, Places, with_placeholders
from tools.openbao import OpenBao
from whatsapp_flow_keys import document
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_graph_emulator import Emulator

_LOCKED = 131031
_Declare = Callable[..., None]


def stack_store(project: Project, _bao: OpenBao, declare: _Declare) -> None:
    """The keys in the stack's own secrets, after a rotation."""
    declare({"rotation_trigger": "one"})
    project.up()
    declare({"rotation_trigger": "two"})
    project.up()


def file_with_backup(project: Project, _bao: OpenBao, declare: _Declare) -> None:
    """A file and a backup, a passphrase, and a WhatsAppProvider."""
    declare(
        {
            "store": project.path("ring.json").as_uri(),
            "backups": [project.path("backup.json").as_uri()],
            "passphrase": PASSPHRASE,
            "provider": "north",
        },
        providers={"north": {"access_token": TOKEN, "graph_url": project.emulator.url}},
    )
    project.up()


def openbao(project: Project, bao: OpenBao, declare: _Declare) -> None:
    """OpenBao, after a rotation."""
    for trigger in ("one", "two"):
        declare({"store": bao.url(PATH), "rotation_trigger": trigger})
        project.up()


def unfinished_rotation(project: Project, _bao: OpenBao, declare: _Declare) -> None:
    """The new key is staged, its registration failed, and the old one waits for its deletion."""
    declare({"rotation_trigger": "one"})
    project.up()
    declare({"rotation_trigger": "two"})
    project.emulator.fault("error", code=_LOCKED, method="POST", phone_number_id=project.number)
    project.failing_up()
    project.emulator.clear_faults()


RECORDED = {
    "stack-store": stack_store,
    "file-with-backup": file_with_backup,
    "openbao": openbao,
    "unfinished-rotation": unfinished_rotation,
}


def record(lead: Callable[[Project, OpenBao, _Declare], None], folder: Path, emulator: Emulator, bao: OpenBao) -> str:
    """The file's text: what the life that ``lead`` leads leaves behind."""
    number = "106540352242922"
    emulator.add_number(number)
    emulator.set_key(number, None)
    project, declared = Project(folder, emulator, number), dict[str, Any]()
    project.environment |= bao.environment

    def declare(entry: dict[str, Any], **more: Any) -> None:
        declared.update(numbers=[entry], more=more)
        project.declare(entry, **more)

    lead(project, bao, declare)
    state = json.loads(project.succeed("stack", "export", "--show-secrets").output)
    state["deployment"]["secrets_providers"] = None
    for resource in state["deployment"]["resources"]:
        for name in ("sourcePosition", "stackTrace"):  # folders of the machine that records
            resource.pop(name, None)
    files = {path.name: json.loads(path.read_text()) for path in sorted(folder.glob("*.json")) if path.is_file()}
    vault = [_in_vault(bao)] if lead is openbao else []
    keys = _keys(state, [*files.values(), *vault])
    served = [key.fingerprint for key in keys.keys].index(str(project.served())) + 1
    found = {**declared, "served": served, "files": files, "vault": vault, "state": state}
    text = with_placeholders(json.dumps(found, indent=1), keys, Places(project, bao))
    assert "PRIVATE KEY" not in text
    return text + "\n"


def _in_vault(bao: OpenBao) -> dict[str, Any]:
    kv = bao.client().secrets.kv.v2
    fields: dict[str, Any] = kv.read_secret_version(PATH, raise_on_deleted_version=True)["data"]["data"]
    return fields


def _keys(state: dict[str, Any], documents: list[dict[str, Any]]) -> Keys:
    """Of every document, the oldest first."""
    rings = [each["outputs"]["ring"] for each in state["deployment"]["resources"] if each["type"].endswith(":KeyRing")]
    texts = [*map(json.dumps, documents), *(json.loads(ring["plaintext"]) for ring in rings)]
    keys, encrypted = dict[str, PrivateKey](), dict[str, str]()
    for text in texts:
        for entry in reversed(document.load(text, "recorded").keys):
            pem = entry.private_key_pem
            keys.setdefault(entry.fingerprint, PrivateKey.from_pem(pem, PASSPHRASE))
            if "ENCRYPTED" in pem:
                encrypted[entry.fingerprint] = pem
    order = list(keys)
    return Keys(list(keys.values()), {order.index(name) + 1: pem for name, pem in encrypted.items()})


def main() -> None:
    """Writes `states/VERSION-COMMIT/`."""
    head = subprocess.run(["git", "rev-parse", "--short=7", "HEAD"], capture_output=True, text=True, check=True)
    target = STATES / f"{version('whatsapp-flow-encryption')}-{head.stdout.strip()}"
    target.mkdir(parents=True)
    with Emulator(tokens=[TOKEN]) as emulator, OpenBao() as bao:
        for name, lead in RECORDED.items():
            with TemporaryDirectory() as folder:
                (target / f"{name}.json").write_text(record(lead, Path(folder).resolve(), emulator, bao))
                print(target / f"{name}.json")


if __name__ == "__main__":
    main()
