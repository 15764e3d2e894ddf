"""The configuration and envelope file of the service: its fields, and how it is read."""
