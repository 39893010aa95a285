"""Getting the Pulumi engine: the person's own, one from Pulumi's installer, or one built from Go modules.

The folders `engine`, `language` and `random` are the Go modules of such a build. `ensure_engine` is the way in.
"""
