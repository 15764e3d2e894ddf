"""Where an order reference may lie: remainders of polynomials over GF(2), one polynomial a bank.

The remainder modulo a polynomial of degree n whose constant term is 1 is different for any two references which
differ only within n neighbouring bits. So references that count up, by one or by any power of two (in real data
each is 4k + 1), fill a bank evenly; and for coprime polynomials a pair that meets in one bank does not meet in the
next. Each bit of the address is the exclusive or of some 32 bits of the reference: three levels of look-up tables.
Bit i of a remainder of n bits is bit i of the reference and some of its upper 64 - n bits: references in one row whose
upper bits are alike are the same.
"""

from amaranth import Cat, Value

__all__ = ["BANKS", "LEAST_ROWS", "address_of", "polynomials"]

#: Banks of the order table; every order has one place in each.
BANKS = 4
#: Rows of a bank, at least: below this there are not enough polynomials.
LEAST_ROWS = 8


def _remainder(value: int, polynomial: int) -> int:
    length = polynomial.bit_length()
    while value.bit_length() >= length:
        value ^= polynomial << (value.bit_length() - length)
    return value


def polynomials(degree: int) -> list[int]:
    """Give one polynomial a bank, bit i the coefficient of x**i; irreducible ones first.

    Raises
    ------
    ValueError
        The degree is below 3: use at least ``LEAST_ROWS`` rows.
    """
    if degree < 3:
        raise ValueError(f"a bank of {2**degree} rows is too small to hash into: use at least {LEAST_ROWS} rows")
    candidates = range((1 << degree) | 1, 1 << (degree + 1), 2)
    divisors = range(2, 1 << (degree // 2 + 1))

    def reducible(polynomial: int) -> bool:
        return any(_remainder(polynomial, divisor) == 0 for divisor in divisors)

    found = []
    for candidate in candidates:
        if not reducible(candidate):
            found.append(candidate)
            if len(found) == BANKS:
                return found
    rest = [candidate for candidate in candidates if candidate not in found]
    return (found + rest)[:BANKS]


def address_of(reference: Value, bank: int, address_bits: int) -> Value:
    """Give the row of ``bank`` at which a reference may lie."""
    polynomial = polynomials(address_bits)[bank]
    columns = [_remainder(1 << bit, polynomial) for bit in range(len(reference))]
    return Cat(
        Cat(reference[i] for i, column in enumerate(columns) if column >> bit & 1).xor() for bit in range(address_bits)
    )
