"""Writes into a folder what is published: the wheel, the plugin's archives, the schema.

python -m tools.release dist --repository https://github.com/OWNER/REPOSITORY
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from tools.checkout import Checkout
from tools.release.source import sources
from whatsapp_flow_keys.native.version import VERSION

PLATFORMS = ("linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64")
"""As Pulumi names them: each asks for an archive of its own, though the plugin is Python and the same for all."""
EXTRAS = ("plugin", "vault", "aws", "azure", "gcp", "kubernetes")
"""All that a plugin may need: nobody can add to the environment that Pulumi makes for it."""

_PLUGIN = Path(__file__).with_name("plugin")


def main() -> None:
    """Builds each part."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to; it is made")
    parser.add_argument(
        "--repository", type=address, help="the public address, as in https://github.com/OWNER/REPOSITORY"
    )
    options = parser.parse_args()
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    with sources(Checkout.this().root, options.repository) as folder_of_sources:
        wheel = _wheel(folder_of_sources, folder)
    files = {file.name: file.read_bytes() for file in sorted(_PLUGIN.glob("*.*"))}
    files |= {wheel.name: wheel.read_bytes(), "requirements.txt": f"./{wheel.name}[{','.join(EXTRAS)}]\n".encode()}
    for platform in PLATFORMS:
        archive = folder / f"pulumi-resource-whatsapp-v{VERSION}-{platform}.tar.gz"
        _write_archive(archive, files)
        print(archive)
    schema = folder / "schema.json"
    schema.write_text(_schema(wheel), encoding="utf-8")
    print(wheel, schema, sep="\n")
    if not options.repository:
        print("Without --repository, links of the page at a package index lead nowhere, and Pulumi finds no plugin.")


def address(text: str) -> str:
    """Of a repository, as it is typed."""
    if not re.fullmatch(r"https://[\w.-]+(/[\w.-]+)+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not like https://github.com/OWNER/REPOSITORY")
    return text


def _wheel(root: Path, folder: Path) -> Path:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(root)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    wheel = folder / f"whatsapp_flow_encryption-{VERSION}-py3-none-any.whl"
    if [file.name for file in folder.glob("*.whl")] != [wheel.name]:
        sys.exit(
            f"{folder} holds other wheels than that of {VERSION}, the version that is installed: empty the folder, "
            f"and run `make setup` after each change of the version."
        )
    return wheel


def _schema(wheel: Path) -> str:
    """As the wheel's own plugin gives it."""
    ask = (
        "import json\n"
        "from whatsapp_flow_keys.native.package_schema import package_schema\n"
        "print(json.dumps(package_schema(), indent=2))"
    )
    with tempfile.TemporaryDirectory(prefix="release-") as folder, zipfile.ZipFile(wheel) as zipped:
        zipped.extractall(folder)  # noqa: S202 - it was built a moment ago
        environment = {**os.environ, "PYTHONPATH": folder}
        asked = subprocess.run([sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True)
    return asked.stdout


def _write_archive(archive: Path, files: Mapping[str, bytes]) -> None:
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, BytesIO(content))


if __name__ == "__main__":
    main()
