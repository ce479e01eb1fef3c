"""One invocation: prepare, drive, close."""
