"""A number's keys move to another store, or its resource to another number: what may, and why the rest may not."""

from whatsapp_flow_keys.resources.properties import KeyInputs
from whatsapp_flow_keys.resources.schema import is_known
from whatsapp_flow_keys.stores.urls import STACK, is_same_place, open_store


def is_moved(olds: KeyInputs, news: KeyInputs) -> bool:
    """Whether the keys are to live in another place than the recorded one; False while a preview doesn't know."""
    return is_known(news.store) and not is_same_place(news.store, olds.store)


def refused_moves(olds: KeyInputs | None, news: KeyInputs) -> list[str]:
    """What would leave forms in flight unreadable, or the keys of two numbers in one document."""
    if olds is None or not (olds.phone_number_id and olds.store):
        return []
    if news.phone_number_id == olds.phone_number_id:
        return _refused_store(olds, news) if is_moved(olds, news) else []
    if is_known(news.phone_number_id) and not news.in_stack and is_same_place(news.store, olds.store):
        return [
            f"phone_number_id: {news.store} holds the keys of {olds.phone_number_id}; give the new number another store"
        ]
    return []


def _refused_store(olds: KeyInputs, news: KeyInputs) -> list[str]:
    """A store that holds none of the old keys would leave forms in flight unreadable."""
    if news.in_stack:
        return [
            f"store: from {olds.store} into the stack is not offered; a private key should not go back into the state"
        ]
    if not any(is_same_place(news.store, backup) for backup in olds.backups):
        old, new = (url if url == STACK else open_store(url).url for url in (olds.store, news.store))
        return [
            f"store: to move the keys from {old} to {new}, first add it to `backups` and run `pulumi up`, which copies "
            f"them; then make it the store. If you meant no move, your environment names another place than it did "
            f"(AWS_REGION, VAULT_ADDR, a folder)"
        ]
    return []
