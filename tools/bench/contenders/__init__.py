"""The programs that are measured, one process each; some run where only their own package is installed."""
