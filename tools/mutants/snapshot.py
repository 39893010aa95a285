"""A copy of the checkout below `.dev/`: what is edited meanwhile changes no run, and no run changes what is edited."""

import hashlib
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tools.checkout import Checkout


def take_snapshot(checkout: Checkout) -> Path:
    """Its folder. Only what changed is copied, so that compiled files stay good."""
    copy = checkout.dev / "mutants" / "checkout"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=checkout.root,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    wanted = {name for name in listed.split("\0") if name and (checkout.root / name).is_file()}
    for old in [path for path in copy.rglob("*") if path.is_file() and path.suffix != ".pyc"]:
        if str(old.relative_to(copy)) not in wanted:
            old.unlink()
    for name in wanted:
        file, there = checkout.root / name, copy / name
        if not there.exists() or there.read_bytes() != file.read_bytes():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, there)
    return copy


def commit_of(checkout: Checkout) -> str:
    """The commit that is checked out, with "-dirty" behind it where files were changed since."""
    described = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    return subprocess.run(described, cwd=checkout.root, capture_output=True, check=True, text=True).stdout.strip()


def digest_of(root: Path, names: Iterable[str]) -> str:
    """Of the contents of files, by their names below ``root``."""
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(name.encode() + b"\0" + (root / name).read_bytes() + b"\0")
    return digest.hexdigest()
