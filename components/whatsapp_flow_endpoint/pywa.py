"""pywa's handlers with the keys of a key ring: a request decryptor that follows rotations, as an endpoint of ours does.

::

    wa = WhatsApp(
        server=app,
        business_private_key="in the key ring",  # pywa wants one, and hands it to the decryptor, which needs none
        flows_request_decryptor=RequestDecryptor.from_env(),
    )

pywa answers 421 whatever a decryptor raises, and logs nothing of it; so the log ``whatsapp_flow_endpoint`` says why.
It doesn't check who signed a request to a Flow endpoint.

Source: pywa 4.5, ``pywa.utils.FlowRequestDecryptor``.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from whatsapp_flow_endpoint.answer import UNDECRYPTABLE
from whatsapp_flow_endpoint.awaited import is_in_a_loop
from whatsapp_flow_endpoint.flow_keys import FlowKeys
from whatsapp_flow_endpoint.live_keys import LiveKeys
from whatsapp_flow_endpoint.log_lines import LogLines
from whatsapp_flow_endpoint.numbers import Numbers
from whatsapp_flow_endpoint.opening import Opening, why_none_opens
from whatsapp_flow_endpoint.steps import Pending
from whatsapp_flow_endpoint.watching import watch_of_this_process
from whatsapp_flow_keys.clock import Clock, SystemClock
from whatsapp_flow_keys.custody.decryption_key import DecryptionKey
from whatsapp_flow_keys.errors import FlowMessageError, NoKeyOpensError, StoreError
from whatsapp_flow_keys.flow_protocol.message import Decrypted, SealedRequest


class RequestDecryptor:
    """For pywa's ``flows_request_decryptor=`` or ``request_decryptor=``. Thread-safe."""

    def __init__(
        self, keys: Numbers | LiveKeys | FlowKeys | Iterable[LiveKeys | FlowKeys], *, clock: Clock | None = None
    ) -> None:
        self._keys, self._clock = Numbers.of(keys), clock or SystemClock()
        self._log, self._watch = LogLines(self._clock), watch_of_this_process()
        self._keys.tell(self._watch)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "RequestDecryptor":
        """From the variables of ``endpoint_env``. Raises as :meth:`FlowEndpoint.from_env`."""
        return cls(Numbers.from_env(environ))

    def __call__(
        self,
        encrypted_flow_data: str,
        encrypted_aes_key: str,
        initial_vector: str,
        private_key: str | None = None,
        password: str | None = None,
        /,
    ) -> tuple[Any, bytes, bytes]:
        """The decrypted request, the AES key and the nonce that its answer is encrypted with.

        Where no key opens it, waits up to 3 s for the keys to be read again; in an event loop, as pywa calls it under
        FastAPI and Starlette, it doesn't wait: the keys are read behind it, and WhatsApp sends the request once more.
        Raises :class:`FlowMessageError`, and :class:`StoreError` where a key service was not of use.
        """
        try:
            opened = self._opened(encrypted_flow_data, encrypted_aes_key, initial_vector)
        except NoKeyOpensError as error:
            self._log.say(f"answered {UNDECRYPTABLE}", why_none_opens(error, self._keys))
            raise
        except (FlowMessageError, StoreError) as error:
            self._log.say(f"answered {UNDECRYPTABLE}", str(error))
            raise
        return opened.payload, opened.session.aes_key, opened.session.iv

    def _opened(self, data: str, aes_key: str, vector: str) -> Decrypted[DecryptionKey]:
        sealed = SealedRequest.read(
            {"encrypted_flow_data": data, "encrypted_aes_key": aes_key, "initial_vector": vector}
        )
        watch = self._watch.request()
        steps = Opening(sealed, self._keys, self._clock, watch, holds_a_thread=True).steps()
        try:
            while True:
                step = next(steps)
                if isinstance(step, Pending):
                    if is_in_a_loop():
                        raise NoKeyOpensError("none of the private keys opens the request; they are read again now")
                    step.wait()
        except StopIteration as end:
            opened: Decrypted[DecryptionKey] = end.value
            number, role = self._keys.opened(opened.key)
            watch.opened(opened.key.fingerprint, role, number)
            return opened
