"""What docs/releasing.md says of a release, as far as nothing has to be published or downloaded for it."""

import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto import provider_pb2_grpc

from tests.pages import PAGES, ROOT, command_to_type
from tools.release.__main__ import EXTRAS, PLATFORMS
from whatsapp_flow_keys.native.package_schema import package_schema, published_at
from whatsapp_flow_keys.native.version import VERSION

ADDRESS = "https://github.com/OWNER/REPOSITORY"
_NO_ENGINE = "127.0.0.1:9"
_NAMED = re.compile(
    r"(?:whatsapp[@ ]|whatsapp-v|whatsapp_flow_encryption-|\bversion\"?: \"?|\bversion=\"|VERSION = \")(\d+\.\d+\.\d+)"
)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command writes."""
    folder = tmp_path_factory.mktemp("release") / "dist"
    command = command_to_type("docs/releasing.md", ".dev/venv/bin/python -m tools.release dist")
    _, *words = command.replace(" dist ", f" {folder} ").split()
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def archive(dist: Path, platform: str) -> Path:
    return dist / f"pulumi-resource-whatsapp-v{VERSION}-{platform}.tar.gz"


def test_there_is_an_archive_for_each_platform_with_the_wheel_and_every_stores_extra(dist: Path) -> None:
    wheel = f"whatsapp_flow_encryption-{VERSION}-py3-none-any.whl"
    for platform in PLATFORMS:
        with tarfile.open(archive(dist, platform)) as tar:
            assert set(tar.getnames()) == {"PulumiPlugin.yaml", "__main__.py", "requirements.txt", wheel}
            required = tar.extractfile("requirements.txt")
            assert required
            assert required.read().decode() == f"./{wheel}[{','.join(EXTRAS)}]\n"
    declared = re.findall(
        r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text().split("optional-dependencies]")[1], re.M
    )
    assert set(EXTRAS) == set(declared[: declared.index("packages")]) - {"pulumi", "cli", "otel", "emulator"}


def test_the_archives_plugin_starts_as_a_language_host_starts_it_and_has_the_published_schema(
    dist: Path, tmp_path: Path
) -> None:
    with tarfile.open(archive(dist, PLATFORMS[0])) as tar:
        tar.extractall(tmp_path, filter="data")
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as zipped:
        zipped.extractall(tmp_path / "installed")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    asked = [sys.executable, "-c", "import whatsapp_flow_keys.native; print(whatsapp_flow_keys.native.__file__)"]
    imported = subprocess.run(asked, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert imported.startswith(str(tmp_path)), "not the checkout's"
    with subprocess.Popen(
        [sys.executable, ".", _NO_ENGINE], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout
            with grpc.insecure_channel(f"127.0.0.1:{int(running.stdout.readline())}") as channel:
                answer = provider_pb2_grpc.ResourceProviderStub(channel).GetSchema(proto.GetSchemaRequest())
        finally:
            running.kill()
    assert json.loads(answer.schema) == json.loads((dist / "schema.json").read_text())


def test_the_schema_says_where_the_plugin_is(dist: Path) -> None:
    schema = json.loads((dist / "schema.json").read_text())
    assert (schema["repository"], schema["pluginDownloadURL"]) == (ADDRESS, "github://api.github.com/OWNER/REPOSITORY")
    assert published_at("https://git.example.com/acme/keys") == {"repository": "https://git.example.com/acme/keys"}
    assert not {"repository", "pluginDownloadURL"} & package_schema().keys(), "the checkout has no address"


def test_the_page_of_a_package_index_leads_to_files_of_this_version(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as zipped:
        (name,) = (name for name in zipped.namelist() if name.endswith("/METADATA"))
        metadata = zipped.read(name).decode()
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", metadata) if not target.startswith("#")]
    begins = tuple(f"{ADDRESS}/{kind}/v{VERSION}/" for kind in ("blob", "raw"))
    assert len(targets) > 40
    assert [target for target in targets if not target.startswith(begins)] == []
    files = [ROOT / target.partition(f"/v{VERSION}/")[2].partition("#")[0] for target in targets]
    assert [file for file in files if not file.is_file()] == []
    assert f"![What talks to what]({ADDRESS}/raw/" in metadata


@pytest.mark.parametrize("wrong", ["acme/keys", "http://github.com/acme/keys", "https://github.com", "https://a b/c"])
def test_an_address_that_is_none_is_refused(wrong: str, tmp_path: Path) -> None:
    words = ["-m", "tools.release", str(tmp_path / "dist"), "--repository", wrong]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.endswith(f"{wrong!r} is not like {ADDRESS}\n")
    assert not (tmp_path / "dist").exists()


def test_every_page_and_example_names_this_version() -> None:
    files = [*ROOT.glob("examples/*/Pulumi*.yaml"), *ROOT.glob("tools/bench/**/*.py")]
    places = [*PAGES, *(file.relative_to(ROOT).as_posix() for file in files)]
    named = {(place, found) for place in places for found in _NAMED.findall((ROOT / place).read_text())}
    assert len(named) > 7
    assert {(page, found) for page, found in named if found != VERSION} == set()
