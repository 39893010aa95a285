"""What WhatsApp and a Flow endpoint say to each other: the message, its signature, and a ping to a live endpoint."""
