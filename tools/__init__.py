"""What develops the project: the verbs behind the Makefile, the Pulumi toolchain, the local stack."""
