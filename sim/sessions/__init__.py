"""Sessions: days of ITCH messages, read, written, framed and made."""
