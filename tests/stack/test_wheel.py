"""The wheel in empty environments: the endpoint's without Pulumi, and a project's as `pulumi install` makes it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from tests.pages import ROOT, command_to_type, fenced, section_to_type
from tests.stack.keyboard import type_in
from tests.stack.project import TOKEN, Project
from whatsapp_flow_endpoint import FlowKeys

APP_SECRET = "secretOfTheAppForTestsOnly"

EXTRAS = {
    "hashivault://vault.example.com/line": "vault",
    "awssecretsmanager://eu-west-1/line": "aws",
    "azurekeyvault://my-vault.vault.azure.net/line": "azure",
    "gcpsecretmanager://my-project/line": "gcp",
    "kubernetes://prod/flows/line": "kubernetes",
}

SERVE = """
import importlib.util
assert importlib.util.find_spec("pulumi") is None, "pulumi is installed, so this proves nothing"
from wsgiref.simple_server import make_server
import whatsapp_flow_endpoint.asgi, whatsapp_flow_endpoint.aws_lambda
from whatsapp_flow_endpoint import FlowEndpoint, show
from whatsapp_flow_endpoint.wsgi import wsgi_app
app = wsgi_app(FlowEndpoint.from_env(lambda request: show("NEXT", request.data)))
with make_server("127.0.0.1", 0, app) as server:
    print(server.server_port, flush=True)
    server.handle_request()
"""


def test_pip_makes_the_same_wheel_by_the_readmes_command(wheel: Path, tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns(".*", "__pycache__", "tests", "docs")
    shutil.copytree(ROOT, tmp_path / "checkout", ignore=ignored)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environment["PIP_NO_BUILD_ISOLATION"] = "false"  # pip's way to say: with the hatchling that is here
    command = command_to_type("README.md", "pip wheel")
    subprocess.run(["sh", "-c", command], cwd=tmp_path / "checkout", env=environment, check=True, capture_output=True)
    (made,) = (tmp_path / "checkout").glob("*.whl")
    assert made.name == wheel.name
    assert ZipFile(made).namelist() == ZipFile(wheel).namelist()


def test_an_endpoint_without_pulumi_answers_a_form_and_the_command_line_says_what_it_needs(
    wheel: Path, tmp_path: Path, project: Project
) -> None:
    project.up()
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True)
    environment = {**os.environ, **project.outputs()["line"], "WHATSAPP_APP_SECRET": APP_SECRET}
    with subprocess.Popen(
        [python, "-c", SERVE], env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout is not None
        assert serving.stderr is not None
        port = serving.stdout.readline().strip()
        assert port, serving.stderr.read()
        client = project.emulator.flow_client(project.number, f"http://127.0.0.1:{port}/", app_secret=APP_SECRET)
        answer = client.submit("DAY", {"day": "Monday"}, flow_token="a-form").answer
    assert answer == {"screen": "NEXT", "data": {"day": "Monday"}}
    command = subprocess.run([python.with_name("whatsapp-flow-keys"), "restore"], capture_output=True, text=True)
    assert command.stderr == 'whatsapp-flow-keys needs click: pip install "whatsapp-flow-encryption[cli]"\n'


def test_the_quick_start_installs_the_wheel_and_asks_for_no_plugin_and_no_extra_but_what_it_uses(
    wheel: Path, project: Project
) -> None:
    install, *commands = section_to_type("docs/quick-start.md", "Quick start on a real number")
    own_program = (project.folder / "__main__.py").read_text()
    for language in ("yaml", "", "python"):
        (shown,) = fenced("docs/quick-start.md", language)
        name, _, text = shown.partition("\n")
        (project.folder / name.removeprefix("# ")).write_text(text.replace("[pulumi]", f"[pulumi] @ {wheel.as_uri()}"))
    project.emulator.add_number("106540352242922")
    project.stack = "prod"
    project.environment.pop("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", None)
    assert "pulumi-resource-" not in type_in(project, [install])
    if not (project.folder / "venv").exists():  # the language host that is built from modules makes it one folder up
        (project.folder / "venv").symlink_to(project.folder)
    venv = project.folder / "venv" / "bin"
    project.environment["PATH"] = f"{venv}{os.pathsep}{project.environment['PATH']}"
    type_in(project, commands, env={"WHATSAPP_ACCESS_TOKEN": ""}, answers={"whatsapp:accessToken": TOKEN})
    keys = FlowKeys.from_env(project.outputs()["endpoint"])
    assert keys.fingerprints == (project.emulator.served("106540352242922")[1],)

    (project.folder / "__main__.py").write_text(own_program)
    project.succeed("stack", "select", "test")
    project.declare({"store": project.path("ring.json").as_uri(), "passphrase": "generated"})
    project.succeed("preview")
    project.up()
    assert project.served() == project.fingerprint()
    for url, extra in EXTRAS.items():
        project.declare({"store": url})
        assert f'pip install "whatsapp-flow-encryption[{extra}]"' in project.fail("preview")
    origin = subprocess.run(
        [venv / "python", "-c", "import whatsapp_flow_keys; print(whatsapp_flow_keys.__file__)"],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert origin.stdout.startswith(str(project.folder))
