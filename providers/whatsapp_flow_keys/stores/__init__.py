"""The places that hold a key ring document: one file for each kind, behind one protocol."""
