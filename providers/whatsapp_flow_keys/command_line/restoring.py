"""`restore`: a lost store is rebuilt from a backup. The one command that writes."""

import os

import click

from whatsapp_flow_keys.audit import AUDIT_LOG, Audit, AuditLog
from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.errors import FlowKeysError
from whatsapp_flow_keys.lifecycle.restoration import Restored
from whatsapp_flow_keys.lifecycle.restoration import restore as restore_ring
from whatsapp_flow_keys.stores.urls import complete_url, open_store


@click.command()
@click.option("--from", "source", required=True, metavar="URL", help="The store that holds the ring: a backup.")
@click.option("--to", "target", required=True, metavar="URL", help="The store that lost it.")
def restore(source: str, target: str) -> None:
    """Rebuilds a lost store from a backup.

    No key is lost by it: what the target holds itself stays, and what it lacks is added. Give the target's URL as it
    stands in the stack (`store:` in a preview), with its tags and encryption key. Run `pulumi up --refresh` afterwards,
    which compares every store with what Meta serves.
    """
    try:
        stores = open_store(complete_url(source), "--from"), open_store(complete_url(target), "--to")
        done = restore_ring(*stores, SystemClock(), _audit_log())
    except FlowKeysError as error:
        raise click.ClickException(str(error)) from None
    click.echo(_told(done, stores[1].url))


def _audit_log() -> Audit:
    return AuditLog(os.environ.get(AUDIT_LOG), warn=lambda text: click.echo(text, err=True))


def _told(done: Restored, url: str) -> str:
    ring = done.ring
    rows = [f"Phone number {ring.phone_number_id} of {ring.managed_by}, in {url}:"]
    for key in ring.keys:
        news = "restored" if key.fingerprint in done.regained else "was there"
        rows.append(f"  {key.fingerprint}  {key.role.value:<8}  issued {key.issued_on}  {news}")
    if not ring.keys:
        rows.append("  no key")
    return "\n".join([*rows, "Now run `pulumi up --refresh`."])
