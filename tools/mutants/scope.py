"""What is mutated, and which tests look for it: fast ones only, none that starts an engine."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from pathlib import Path

PACKAGE = "providers/whatsapp_flow_keys"

_MUTATED = (
    "ring.py",
    "document.py",
    "lifecycle/*.py",
    "custody/*.py",
    "resources/*.py",
    "dynamic/provider.py",
    "dynamic/wire.py",
    "stores/file/store.py",
    "stores/vault/store.py",
    "stores/aws_secrets_manager/store.py",
    "stores/azure_key_vault/store.py",
)
_TESTS = ("tests/unit/test_*.py", "tests/contract/**/test_*.py", "tests/component/**/test_*.py")
_LOOK_ELSEWHERE = (
    "tests/contract/emulator/*",
    *(
        f"tests/*/test_{name}.py"
        for name in (
            "asgi_threads",
            "aws_lambda",
            "bench",
            "bench_stacks",
            "deferred_imports",
            "dev",
            "endpoint_fuzz",
            "endpoint_log",
            "endpoint_servers",
            "endpoint_soak",
            "example_endpoint",
            "hanging_reads",
            "hanging_store",
            "live_endpoint",
            "live_keys",
            "mutants",
            "pinned_environment",
            "private_operations",
            "renewed_keys",
            "sent_twice",
            "threads",
            "toolchain",
            "turnstile",
            "unfinished_bodies",
            "workers",
            "wsgi",
        )
    ),
)
"""The tests of the endpoint kit, the emulator and the tools: slow here, and of other code."""

PRELOADED = (
    "hypothesis.stateful",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "cryptography.hazmat.primitives.serialization",
    "requests",
    "flask",
    "werkzeug.serving",
    "pulumi.dynamic",
    "pulumi_random",
    "click.testing",
    "hvac",
    "boto3",
    "azure.keyvault.secrets",
    "azure.identity",
    "moto.server",
    "whatsapp_graph_emulator",
)
"""What tests import and nobody mutates."""

_FIRST = {
    "ring.py": ("unit/test_ring*",),
    "document.py": ("unit/test_document*",),
    "lifecycle/*": ("contract/test_{stem}*", "unit/test_{stem}*"),
    "custody/pem.py": ("unit/test_passphrases*",),
    "lifecycle/gate.py": ("contract/test_endpoint_gate*",),
    "lifecycle/rings.py": ("contract/test_revisions*", "contract/test_staging*", "contract/test_registration*"),
    "lifecycle/registration.py": ("contract/test_interrupted_rotation*", "contract/test_reading_back*"),
    "lifecycle/wanted.py": ("contract/test_registration*",),
    "lifecycle/inspection.py": ("contract/test_registration*", "contract/test_rings_soft_deleted*"),
    "lifecycle/staging.py": ("contract/test_adoption*",),
    "lifecycle/foreign_key.py": ("contract/test_staging*", "contract/test_adoption*"),
    "lifecycle/asking.py": ("contract/test_registration*", "contract/test_removal*"),
    "lifecycle/trail.py": ("contract/test_audit*",),
    "lifecycle/survey.py": ("contract/command_line/test_*", "unit/test_trouble*"),
    "lifecycle/verification.py": ("contract/command_line/test_verify*",),
    "dynamic/*": ("unit/test_{stem}*", "unit/test_provider*", "contract/test_provider*"),
    "resources/*": ("unit/test_{stem}*", "unit/test_provider*", "contract/test_provider*", "contract/test_resource*"),
    "resources/reasons.py": ("unit/test_change_sentences*", "unit/test_reasons*"),
    "stores/file/*": ("contract/stores/file/test_*",),
    "stores/vault/*": ("contract/stores/vault/test_*",),
    "stores/aws*": ("contract/stores/aws/test_*",),
    "stores/azure*": ("contract/stores/azure/test_*",),
}


def mutated_modules(root: Path, words: Sequence[str]) -> list[str]:
    """Paths below the package. ``words`` choose some: a path, a file's name without its ending, or a folder."""
    package = root / PACKAGE
    found = sorted(
        {str(file.relative_to(package)) for pattern in _MUTATED for file in package.glob(pattern)},
        key=lambda module: (module.count("/") > 0, module),
    )
    if not words:
        return found
    return [module for module in found if any(_is_named(module, word) for word in words)]


def _is_named(module: str, word: str) -> bool:
    path = Path(module)
    return word in (module, path.stem, *(str(folder) for folder in path.parents if str(folder) != "."))


def fast_tests(root: Path) -> list[str]:
    """The files of tests, as paths below ``root``."""
    files = {str(file.relative_to(root)) for pattern in _TESTS for file in root.glob(pattern)}
    return sorted(file for file in files if not any(fnmatch(file, pattern) for pattern in _LOOK_ELSEWHERE))


def looks_first(module: str, test_files: Iterable[str]) -> set[str]:
    """The files of ``test_files`` that are about this module: they are run before the others."""
    patterns = [
        f"tests/{about.format(stem=Path(module).stem)}"
        for modules, abouts in _FIRST.items()
        if fnmatch(module, modules)
        for about in abouts
    ]
    return {file for file in test_files if any(fnmatch(file, pattern) for pattern in patterns)}
