"""What the card tells the host: event records, their queue and their datagrams."""
