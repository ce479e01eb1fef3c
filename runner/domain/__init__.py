"""The vocabulary: frozen, typed, pure. Imports nothing of ours."""
