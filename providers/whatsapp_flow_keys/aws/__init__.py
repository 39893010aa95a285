"""AWS through boto3, for every part that asks one of its services: shared clients, places, and what goes wrong."""
