"""The web page: what `pennywire watch` shows, with charts, on the loopback address."""
