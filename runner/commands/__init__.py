"""What each command does: options value → run(options). Parsing is the command line's."""
