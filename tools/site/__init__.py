"""`make docs`: the site of the documentation, by MkDocs. `mkdocs.yml` says what is in it; this is the rest."""
