"""Who holds a private key and unwraps with it: PEMs in the key ring, or a key service that never hands one out.

A port for the services (:mod:`.service`), a folder for each kind, and what opens any key of a ring (:mod:`.opening`).
"""
