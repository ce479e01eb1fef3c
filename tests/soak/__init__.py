"""`make soak`: ten minutes of everything that can go wrong, kept out of `make test`."""
