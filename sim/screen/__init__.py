"""Of a day of every symbol: how much each traded, and how long its spread was one tick; over stored days, averages."""
