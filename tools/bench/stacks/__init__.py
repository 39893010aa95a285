"""The Pulumi programs of `make bench ARGS=stacks`: the project's own resources, `keys` and `native`, and as many that
do nothing, `floor`.

They read `program.json` beside them: ``numbers`` (phone number IDs), ``stores`` (one URL for each),
``rotation_trigger`` and, in `keys`, ``providers`` (how many explicit WhatsAppProviders share the numbers; 0: the
default provider).
"""

TEMPLATE = "BENCH_TEMPLATE"
"""The environment variable that names the file of what the floor's resources record: see `tools.bench.template`."""
