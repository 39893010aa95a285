"""The HTTP servers that are measured, one process each; some run where only their own packages are installed."""
