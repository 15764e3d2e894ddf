"""From a board and a configuration to a bitstream, and to a report of the clock that it reaches."""
