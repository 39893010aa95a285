"""Who serves the public keys of numbers: a port, and a folder for each kind of registrar."""
