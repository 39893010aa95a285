"""The one tree of errors. Each is a sentence for the person who meets it: what happened, to what, what to do now.

No error ever holds a private key, a passphrase or a token.
"""

from whatsapp_flow_keys.quotation import quotable

_LONGEST_SENTENCE = 2000


class FlowKeysError(Exception):
    """Base of every error that this distribution raises on purpose."""


class InputError(FlowKeysError, ValueError):
    """A value that a person gave can't be used; the text names the field."""


class SettingError(InputError):
    """A setting is missing or can't be used.

    Args:
        setting: its name without the namespace, as in ``accessToken``.
        said: what is wrong with it.
        account: the namespace that it stands in, where that is not ``whatsapp``.
    """

    def __init__(self, setting: str, said: str, account: str | None = None) -> None:
        self.setting = setting
        self.said = said
        super().__init__(f"{account or 'whatsapp'}:{setting}: {said}")


class MissingInputError(InputError):
    """A resource got no value for what its program always gives: what the value comes from has failed."""


class PrivateKeyError(InputError):
    """A string is not a private key that WhatsApp Flows can use, or its passphrase does not open it."""


class MissingExtraError(InputError):
    """A store was asked for whose client library isn't installed.

    Args:
        field: where the store was named.
        said: what to install.
    """

    def __init__(self, field: str, said: str) -> None:
        self.said = said
        super().__init__(f"{field}: {said}")


class FlowMessageError(FlowKeysError):
    """A Flow request or answer can't be decrypted: not the documented shape, or none of the keys opens it."""


class NoKeyOpensError(FlowMessageError):
    """A Flow request of the right shape was encrypted with none of the keys at hand."""


class StoreError(FlowKeysError):
    """A secret store could not be read or written, or a key service not asked.

    Args:
        place: its URL, or what names it.
        said: what happened there, and what to do. It may name what the store answered.
    """

    def __init__(self, place: str, said: str) -> None:
        self.said = quotable(said, _LONGEST_SENTENCE)
        super().__init__(f"{place}: {self.said}")


class StoreUnavailableError(StoreError):
    """The store did not answer, or refused; nothing is known of what it holds."""


class StorePermissionError(StoreUnavailableError):
    """The store knows who asks and says no, or doesn't know who asks: credentials, a policy."""


class UnknownServiceError(StoreError):
    """A key ring names a key service that neither the program nor the environment names; it was not asked."""


class OutOfUseError(StoreError):
    """A key service has a key out of use, or has no such key: no form is decrypted with it until a person acts."""


class RingTooLargeError(StoreError):
    """The document is larger than the store takes; nothing was written."""


class StoreConflictError(StoreError):
    """Somebody else wrote the document between our read and our write; no key of theirs or ours was lost."""


class ForeignDocumentError(StoreError):
    """What the store holds is not this number's key ring, or is another stack's. It is never overwritten."""


class LifecycleError(FlowKeysError):
    """A step of the key's life was refused, or could not be finished. Every step can be repeated."""


class ForeignKeyError(LifecycleError):
    """Meta serves a key that is in no slot of the key ring, and nobody said that it may be replaced."""


class KeyNotInRingError(LifecycleError):
    """The key that should be registered is not in the ring, so publishing it would make forms unreadable."""


class KeyUnusableError(LifecycleError):
    """The service that holds a private key says that forms can't be decrypted with it now."""


class EndpointNotReadyError(LifecycleError):
    """The live endpoint did not prove that it holds the new key, so nothing was published."""


class RegistrationError(LifecycleError):
    """Meta accepted the key but does not serve it as it should."""


class RoundTripError(LifecycleError):
    """A request encrypted with the key that Meta serves was not decrypted with the key read from the store."""


class PassphraseChangeError(LifecycleError):
    """The passphrase changed again before the last change was finished."""


class UnsavedKeyError(LifecycleError):
    """The private key may not be saved yet, so its public key was not published."""


class StoppedError(LifecycleError):
    """The run was stopped, or its time was up, while it waited for Meta or for the endpoint."""


class DeletionRefusedError(LifecycleError):
    """Deleting would destroy the last copy of a key that Meta serves; ``fingerprint`` names it where it is known."""

    def __init__(self, text: str, fingerprint: str | None = None) -> None:
        super().__init__(text)
        self.fingerprint = fingerprint
