"""A set of numbers that costs a bit each, as long as most of a range are in it. Pure.

A demo of an hour has tens of millions of records, and its proof has to remember every one.
"""

from __future__ import annotations

_BITS = 12
_NUMBERS = 1 << _BITS


class Numbers:
    """Whole numbers, in pieces of 4,096; a piece takes 512 bytes from its first number on."""

    def __init__(self) -> None:
        self._pieces: dict[int, bytearray] = {}

    def __len__(self) -> int:
        return sum(int.from_bytes(piece).bit_count() for piece in self._pieces.values())

    def __contains__(self, number: int) -> bool:
        piece = self._pieces.get(number >> _BITS)
        place = number % _NUMBERS
        return piece is not None and bool(piece[place >> 3] & (1 << (place & 7)))

    def add(self, number: int) -> bool:
        """Put it in; return whether it is new."""
        piece = self._pieces.get(number >> _BITS)
        if piece is None:
            piece = self._pieces[number >> _BITS] = bytearray(_NUMBERS // 8)
        place = number % _NUMBERS
        byte, bit = place >> 3, 1 << (place & 7)
        if piece[byte] & bit:
            return False
        piece[byte] |= bit
        return True

    def below(self, limit: int) -> int:
        """How many of 0, 1, 2, … limit - 1 are in it."""
        whole, rest = divmod(max(0, limit), _NUMBERS)
        full = [p for number, p in self._pieces.items() if 0 <= number < whole]
        within = sum(int.from_bytes(piece).bit_count() for piece in full)
        last = int.from_bytes(self._pieces.get(whole, b""), "little")
        return within + (last & ((1 << rest) - 1)).bit_count()
