"""Writes into a folder what is published: the wheel, the plugin's archives, the schema.

python -m tools.release dist
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from tools.checkout import Checkout
from whatsapp_flow_keys.native.package_schema import package_schema
from whatsapp_flow_keys.native.version import VERSION

PLATFORMS = ("linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64")
"""As Pulumi names them: each asks for an archive of its own, though the plugin is Python and the same for all."""
EXTRAS = ("plugin", "vault", "aws", "azure", "gcp", "kubernetes")
"""All that a plugin may need: nobody can add to the environment that Pulumi makes for it."""

_PLUGIN = Path(__file__).with_name("plugin")


def main(folder: Path) -> None:
    """Builds each part into `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = _wheel(folder)
    files = {file.name: file.read_bytes() for file in sorted(_PLUGIN.glob("*.*"))}
    files |= {wheel.name: wheel.read_bytes(), "requirements.txt": f"./{wheel.name}[{','.join(EXTRAS)}]\n".encode()}
    for platform in PLATFORMS:
        archive = folder / f"pulumi-resource-whatsapp-v{VERSION}-{platform}.tar.gz"
        _write_archive(archive, files)
        print(archive)
    schema = folder / "schema.json"
    schema.write_text(json.dumps(package_schema(), indent=2) + "\n", encoding="utf-8")
    print(wheel, schema, sep="\n")


def _wheel(folder: Path) -> Path:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*build, str(Checkout.this().root)], check=True, stdout=subprocess.DEVNULL)
    wheel = folder / f"whatsapp_flow_encryption-{VERSION}-py3-none-any.whl"
    if [file.name for file in folder.glob("*.whl")] != [wheel.name]:
        sys.exit(
            f"{folder} holds other wheels than that of {VERSION}, the version that is installed: empty the folder, "
            f"and run `make setup` after each change of the version."
        )
    return wheel


def _write_archive(archive: Path, files: Mapping[str, bytes]) -> None:
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, BytesIO(content))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
