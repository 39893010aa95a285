"""The places that hold a key ring document: a folder for each kind, behind one protocol."""
