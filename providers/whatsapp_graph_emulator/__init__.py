"""An emulator of Meta's Graph API edge for the WhatsApp business encryption key, for development and tests; and of
WhatsApp's client, which fills in Flows with that key.

This is not Meta's software. It was written from Meta's public documentation ("WhatsApp Business Encryption" guide,
OpenAPI description of the Business Messaging API, error code page) and from what public clients report. Where the
documentation is silent, the module that decides says so. It serves on 127.0.0.1 only.

As a program: ``python -m whatsapp_graph_emulator --port 8420 --state emulator.json --config emulator-config.json``.
In a test::

    with Emulator(tokens=["a-token"], numbers=["106540352242922"]) as emulator:
        requests.get(f"{emulator.url}/v26.0/106540352242922/whatsapp_business_encryption", ...)

The client half is an emulation from documentation, too ("Implementing Endpoint for Flows"; it is no WhatsApp code): it
encrypts and signs, keeps the public key, fetches it again on a 421 and sends once more, gives up after 10 s. One device
is ``emulator.flow_client("106540352242922", "http://127.0.0.1:8080/flows").ping()``; many at a steady rate, against a
running emulator and endpoint, are ``python -m whatsapp_graph_emulator.flow_load --help``.
"""

from whatsapp_graph_emulator.emulator import Emulator
from whatsapp_graph_emulator.errors import BadField, EmulatorError, PortTaken, SettingsError, StateFileError
from whatsapp_graph_emulator.journal import RequestEntry

__all__ = ["BadField", "Emulator", "EmulatorError", "PortTaken", "RequestEntry", "SettingsError", "StateFileError"]
