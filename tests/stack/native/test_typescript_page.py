"""What docs/typescript.md and the example in TypeScript show, typed; Pulumi compiles the programs in each run."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.pages import ROOT, fenced, section_to_type
from tests.stack.keyboard import type_in
from tests.stack.native.program import Program, install_plugin
from tests.stack.project import TOKEN, Project
from tools.checkout import Checkout
from tools.toolchain.go_build import run_go
from tools.toolchain.programs import TYPESCRIPT, built_program

PAGE, EXAMPLE = "docs/typescript.md", "examples/typescript-stack"
NUMBER = "106540352242922"
ANSWERS = {"whatsapp:accessToken": TOKEN}


IN_TYPESCRIPT = pytest.mark.parametrize("program", ["TypeScript"], indirect=True)


@pytest.fixture
def newcomer(program: Program) -> Project:
    """Somebody whose token is in no environment, who copied the example and got the packages and the SDK."""
    project = program.project
    del project.environment["WHATSAPP_ACCESS_TOKEN"]
    install_plugin(project)
    for file in (ROOT / EXAMPLE).iterdir():
        if file.is_file():
            shutil.copy(file, project.folder)
    built = built_program(Checkout.this(), TYPESCRIPT)
    assert built
    (project.folder / "node_modules").symlink_to(built / "node_modules")
    return project


def typed(project: Project, commands: list[str]) -> str:
    return type_in(project, commands, answers=ANSWERS, filled_in={NUMBER: project.number})


def shown(text: str, project: Project) -> list[str]:
    """Lines with numbers, keys and dates that are the same in each run."""
    text = text.replace(project.number, NUMBER)
    text = re.sub(r"\b[0-9a-f]{12,64}\b(?!\d)", "KEY", text.replace(NUMBER, "NUMBER"))
    return [line.strip() for line in re.sub(r"\d{4}-\d\d-\d\d", "DATE", text).splitlines() if line.strip()]


@IN_TYPESCRIPT
def test_the_page_shows_the_files_of_the_example(newcomer: Project) -> None:
    here = [*fenced(PAGE, "yaml"), *fenced(PAGE, "json"), fenced(PAGE, "typescript")[0]]
    files = ["Pulumi.yaml", "package.json", "tsconfig.json", "index.ts"]
    assert here == [(newcomer.folder / name).read_text() for name in files]


@IN_TYPESCRIPT
def test_the_page_is_typed_and_prints_what_it_shows(newcomer: Project) -> None:
    _, first, rotation = fenced(PAGE, "text")
    printed = typed(newcomer, section_to_type("docs/typescript.md", "A first key"))
    assert set(shown(first, newcomer)) <= set(shown(printed, newcomer))
    assert newcomer.opens_a_form("endpointEnv")
    printed = typed(newcomer, section_to_type("docs/typescript.md", "A rotation"))
    assert set(shown(rotation, newcomer)) <= set(shown(printed, newcomer))


@IN_TYPESCRIPT
def test_the_example_runs_and_rotates(newcomer: Project) -> None:
    typed(newcomer, section_to_type("examples/typescript-stack/README.md", "Run"))
    first = newcomer.served()
    printed = typed(newcomer, section_to_type("examples/typescript-stack/README.md", "Rotate"))
    (told,) = re.findall(r"`(~ rotationTrigger: [^`]+)`", (ROOT / EXAMPLE / "README.md").read_text())
    assert told in printed
    assert newcomer.served() != first


@IN_TYPESCRIPT
def test_a_typo_is_the_error_of_the_compiler_that_the_page_shows(newcomer: Project) -> None:
    program = newcomer.folder / "index.ts"
    program.write_text(program.read_text().replace("rotateAfterDays", "rotateAfterDay"))
    assert compiled(newcomer) == fenced(PAGE, "text")[0]
    assert "rotateAfterDay" in newcomer.fail("preview", "--stack", new_stack(newcomer))


def compiled(project: Project) -> str:
    """What the compiler says."""
    compiler = [str(project.folder / "node_modules/.bin/tsc"), "--noEmit"]
    return subprocess.run(compiler, cwd=project.folder, capture_output=True, text=True).stdout


def new_stack(project: Project) -> str:
    project.succeed("stack", "init", project.stack)
    project.succeed("config", "set", "phoneNumberId", project.number)
    return project.stack


@IN_TYPESCRIPT
@pytest.mark.parametrize("fails", [True, False], ids=["the deployment fails", "it is deployed"])
def test_the_program_that_deploys_in_between_publishes_after_the_deployment(newcomer: Project, fails: bool) -> None:
    """In place of the Lambda stands another resource of ours, for a number that Meta knows, or doesn't."""
    known = f"{newcomer.number}7"
    newcomer.emulator.add_number(known)
    stand_in = f"""new whatsapp.flows.EncryptionKey("endpoint", {{
      phoneNumberId: "{newcomer.number + "8" if fails else known}",
      managedBy: "organization/flows/endpoint",
      store: "{newcomer.path("endpoint.json").as_uri()}",
      rotationTrigger: bookings.fingerprint,
      storedRing: true,
    }});"""
    text = fenced(PAGE, "typescript")[1].replace('import * as aws from "@pulumi/aws";\n', "")
    text, replaced = re.subn(r"new aws\.lambda\.Function\((?s:.*?)\n\}\);", stand_in, text)
    assert replaced == 1
    (newcomer.folder / "index.ts").write_text(text.replace("endpoint.arn", "endpoint.id"))
    new_stack(newcomer)
    newcomer.succeed("config", "set", "--secret", "whatsapp:accessToken", TOKEN)
    newcomer.succeed("config", "set", "--secret", "whatsapp:appSecret", "0123456789abcdef")
    if fails:
        newcomer.failing_up()
    else:
        newcomer.up()
        assert newcomer.served() == newcomer.outputs()["liveFingerprint"]
    assert newcomer.publications() == (0 if fails else 1)


@IN_TYPESCRIPT
@pytest.mark.parametrize("nth", [2, 3], ids=["import", "several accounts"])
def test_the_other_programs_compile(newcomer: Project, nth: int) -> None:
    """Tests of other names run the like: those of `import`, and those of accounts in YAML."""
    (newcomer.folder / "index.ts").write_text(fenced(PAGE, "typescript")[nth])
    assert compiled(newcomer) == ""


@pytest.mark.parametrize("program", ["Go"], indirect=True)
def test_the_lines_in_go_compile(program: Program, tmp_path: Path) -> None:
    built = built_program(Checkout.this(), program.language.lower())
    assert built
    shutil.copytree(built, tmp_path / "program")
    (snippet,) = fenced(PAGE, "go")
    (tmp_path / "program" / "main.go").write_text(f"""package main

import (
	"example.com/pulumi-whatsapp/sdk/go/whatsapp/flows"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {{
	pulumi.Run(func(ctx *pulumi.Context) error {{
		{snippet}
		ctx.Export("fingerprint", bookings.Fingerprint)
		return err
	}})
}}
""")
    # With the flags that the program was built with: all else would be compiled a second time.
    build = ["go", "build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-o", "/dev/null", "."]
    run_go(build, tmp_path / "program")
