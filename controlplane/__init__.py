"""The slow half: service, agent, reports, command line. Reaches the card through libpennywire only."""
