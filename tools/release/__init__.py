"""What a release consists of: see docs/releasing.md."""
