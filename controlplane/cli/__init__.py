"""The command line. Every heavy import waits until the command that needs it is called."""
