"""The provider of StoredKeyRing: the document in a store, which no rotation deletes.

It alone deletes the document, so that a `delete` has one meaning: the number's keys go, and with them the passphrase
that was generated for them. EncryptionKey writes it.
"""

from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from whatsapp_flow_keys.dynamic.document_removal import remove_document
from whatsapp_flow_keys.dynamic.inputs import Inputs
from whatsapp_flow_keys.dynamic.provider import PROVIDER_KEY, FlowKeysProvider, Props

_IN_PLACE = (
    "key_id",
    "store",
    "backups",
    "locations",
    "passphrase",
    "passphrase_is_generated",
    "force_destroy",
    "managed_by",
    PROVIDER_KEY,
)


class StoredKeyRingProvider(FlowKeysProvider):
    """Inputs: ``phone_number_id, managed_by, key_id, store, backups, locations, passphrase, passphrase_is_generated,
    force_destroy``; outputs: the same.
    """

    secrets = ("passphrase",)
    required = ("phone_number_id", "managed_by", "store", "backups", "key_id", "locations")

    def check(self, _olds: Props, news: Props) -> CheckResult:
        """Validates what every resource has."""
        inputs = Inputs(news)
        inputs.parse_number_and_stores()
        return self.checked(inputs.values, inputs.failures)

    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        """Another number is another document; all else is recorded in place."""
        self.run.keys.note_guard(olds["phone_number_id"])
        moved = news["phone_number_id"] != olds.get("phone_number_id")
        updates = [name for name in _IN_PLACE if news.get(name) != olds.get(name)]
        return DiffResult(changes=bool(moved or updates), replaces=["phone_number_id"] if moved else [])

    def create(self, props: Props) -> CreateResult:
        """Records where the document is and what opens it."""
        self.run.keys.note_guard(props["phone_number_id"])
        return CreateResult(self.run.new_id(), props)

    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        """Records it again."""
        return UpdateResult(news)

    def read(self, id_: str, props: Props) -> ReadResult:
        """The registration looks at the document."""
        return ReadResult(id_, props)

    def delete(self, _id: str, props: Props) -> None:
        """Deletes the document, if the live key owns it and no served key is lost with it or with the passphrase."""
        passphrase_goes = props.get("passphrase_is_generated") is True
        remove_document(self, props, props["key_id"], passphrase_goes=passphrase_goes)
