"""Strategies: what the card wants to do about the book it sees. The gate decides whether it may."""
