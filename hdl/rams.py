"""What memories of an ECP5 are made of."""

__all__ = ["SHALLOW"]

#: Rows of a memory that is made of one layer of look-up tables. More take several of them and a choice behind each bit;
#: block RAM has 512 rows at its widest.
SHALLOW = 16
