"""The moments in a key ring's document: another time zone is the same moment."""

import json
from datetime import UTC, datetime

from whatsapp_flow_keys import document
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PEM = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    ring = KeyRing(
        "106540352242922", "acme/flows/prod", "owner-1", 7, (RingKey("a" * 64, Role.CURRENT, "2026-08-25", NOON, PEM),)
    )
    written = json.loads(document.dump(ring))
    written["keys"][0]["offered_at"] = "2026-11-24T14:00:00+02:00"
    assert document.load(json.dumps(written), "file:///ring.json").keys[0].offered_at == NOON
