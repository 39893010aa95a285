"""The rules of StoredKeyRing: the document in a store, which no rotation deletes.

It alone deletes the document, so that a `delete` has one meaning: the number's keys go, and with them the passphrase
that was generated for them. EncryptionKey writes it.
"""

from dataclasses import replace

from whatsapp_flow_keys.resources.context import Context
from whatsapp_flow_keys.resources.document_removal import remove_document
from whatsapp_flow_keys.resources.importing import Place, custodies, passphrase
from whatsapp_flow_keys.resources.parsers import misplaced_stores
from whatsapp_flow_keys.resources.properties import StoredRing
from whatsapp_flow_keys.resources.rules import Checked, Created, Difference, Found, Rules, Updated
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.ring import KeyRing


class StoredKeyRingRules(Rules[StoredRing, StoredRing]):
    """See the module."""

    inputs, state = StoredRing, StoredRing

    def check(self, olds: StoredRing | None, news: StoredRing, context: Context) -> Checked[StoredRing]:
        """Validates what every resource has."""
        del olds
        news, failures = context.run.keys.with_kept(news).parsed()
        return Checked(news, (*failures, *misplaced_stores(news.store, news.backups)))

    def create(self, news: StoredRing, context: Context) -> Created[StoredRing]:
        """Records where the document is and what opens it."""
        context.run.keys.note_guard(news.phone_number_id)
        return Created(context.run.new_id(), news)

    def update(self, id_: str, olds: StoredRing, news: StoredRing, context: Context) -> Updated[StoredRing]:
        """Records it again."""
        del id_, olds, context
        return Updated(news)

    def find(self, place: Place, ring: KeyRing, context: Context) -> Found[StoredRing]:
        """The document in the store."""
        del context
        found = StoredRing(
            **place.inputs(ring),
            key_id=ring.owner,
            store=place.store.url,
            locations=(place.store.location,),
        )
        state = replace(found, passphrase=passphrase(), custodies=custodies(ring))
        return Found(f"{place.phone_number_id}@{place.store.url}", found, state)

    def delete(self, id_: str, olds: StoredRing, context: Context) -> None:
        """Deletes the document, if the live key owns it and no served key is lost with it or with the passphrase."""
        del id_
        remove_document(olds, olds.key_id, context, passphrase_goes=olds.passphrase_is_generated is True)

    def note_recorded(self, id_: str, olds: StoredRing, found: Difference, run: Run) -> None:
        """See :class:`Rules`."""
        del id_, found
        run.keys.note_guard(olds.phone_number_id)
