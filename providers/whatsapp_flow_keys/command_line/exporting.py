"""`export`: the private keys as PEMs, for programs that read nothing else. The one command that shows secrets."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.command_line.asked import passphrases_asked, store_option, stores_asked
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.survey import survey

_SHAPES: Mapping[str, Callable[[PrivateKey], str]] = {
    "pem": lambda key: key.to_pem(),
    "traditional": lambda key: key.to_traditional_pem(),
}
_STDOUT = "-"


@click.command()
@store_option
@click.option(
    "--format",
    "shape",
    type=click.Choice(list(_SHAPES)),
    default="pem",
    help="pem: PKCS#8, BEGIN PRIVATE KEY. traditional: PKCS#1, BEGIN RSA PRIVATE KEY.",
)
@click.option(
    "--to",
    "folder",
    metavar="FOLDER",
    help=f"A new folder. {_STDOUT} prints, also to a terminal; without it, to a pipe or a file only.",
)
def export(urls: tuple[str, ...], shape: str, folder: str | None) -> None:
    """Writes every private key of the ring, not encrypted, the likeliest first.

    It changes no store and does not ask Meta. Exit status: 0; 1 where nothing was exported; 3 for invalid usage.
    """
    if folder is None and sys.stdout.isatty():
        raise click.UsageError(
            f"the private keys would be shown on this terminal; nothing was printed. Give --to FOLDER, or a pipe; "
            f"--to {_STDOUT} prints them here"
        )
    keys = _keys(urls)
    written = [_SHAPES[shape](key) for key in keys]
    if folder is None or folder == _STDOUT:
        click.echo("".join(written), nl=False)
        return
    names = [f"{place}-{key.fingerprint}.pem" for place, key in enumerate(keys, 1)]
    _write(Path(folder), dict(zip(names, written, strict=True)))
    click.echo("\n".join([f"In {folder}, not encrypted, the likeliest first:", *(f"  {name}" for name in names)]))


def _keys(urls: Sequence[str]) -> list[PrivateKey]:
    """Those of the ring that an endpoint reads which starts now."""
    found = survey(stores_asked(urls), None, SystemClock(), passphrases=passphrases_asked(urls))
    if found.in_use is None or found.in_use.ring is None:
        troubles = [f"{copy.place}: {copy.trouble.found}" for copy in found.copies if copy.trouble]
        raise click.ClickException(f"{'; '.join(troubles)}. Nothing was exported")
    openings = [found.open(key) for key in found.in_use.ring.keys]
    if not openings:
        raise click.ClickException(f"{found.in_use.place}: its key ring holds no key. Nothing was exported")
    for opening in openings:
        if opening.service is not None:
            raise click.ClickException(f"{opening.service} never hands out a private key. Nothing was exported")
        if opening.trouble is not None:
            raise click.ClickException(f"{found.in_use.place}: {opening.trouble}. Nothing was exported")
    return [opening.private_key for opening in openings if opening.private_key]


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """One file each in a new folder, for this user alone."""
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise click.ClickException(
            f"{folder}: can't be made: {error.strerror}. Nothing was written; give a folder that does not exist yet, "
            f"in one that does"
        ) from None
    try:
        for name, text in files.items():
            with open(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise click.ClickException(f"{folder}: can't be written: {error.strerror}. It was removed") from None
