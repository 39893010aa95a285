"""The places that hold a key ring document: one file or folder for each kind, behind one protocol."""
