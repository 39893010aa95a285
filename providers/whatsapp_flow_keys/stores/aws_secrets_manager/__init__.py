"""AWS Secrets Manager through boto3. ``store`` is the :class:`Store`."""
