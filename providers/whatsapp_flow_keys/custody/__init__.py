"""Who holds a private key and unwraps with it: a port, and PEMs in the key ring as its first kind."""
