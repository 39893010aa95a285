"""One component for each phone number, with the resources of a FlowEncryption and providers that do nothing."""

import json
from pathlib import Path

import pulumi

from tools.bench.stacks.floor.resources import Number

given = json.loads(Path("program.json").read_text())
for at, (number, store) in enumerate(zip(given["numbers"], given["stores"], strict=True)):
    name = f"line-{at:03}"
    pulumi.export(name, Number(name, number, store, given["rotation_trigger"]).fingerprint)
