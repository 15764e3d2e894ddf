"""Bringing up a card: the steps a person with a board goes through, as many of them as a program can do."""
