"""What a run came to: numbers, pictures, a page and a table in the terminal."""
