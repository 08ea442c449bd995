"""The random generator of the programs, for the same seeds of episodes as `dqn-play`."""

from __future__ import annotations

MASK = (1 << 64) - 1


class RandomStream:
    """xoshiro256++ 1.0, seeded by SplitMix64 and the name of a stream."""

    def __init__(self, seed: int, stream: str) -> None:
        name = 0xCBF29CE484222325
        for byte in stream.encode():
            name = ((name ^ byte) * 0x100000001B3) & MASK
        self._mixer = seed & MASK
        self._mixer = self._mix() ^ name
        self._words = [self._mix() for _ in range(4)]

    def _mix(self) -> int:
        self._mixer = (self._mixer + 0x9E3779B97F4A7C15) & MASK
        mixed = self._mixer
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        return mixed ^ (mixed >> 31)

    def next(self) -> int:
        """The next 64 bits."""
        a, b, c, d = self._words
        total = (a + d) & MASK
        result = (((total << 23) | (total >> 41)) + a) & MASK
        shifted = (b << 17) & MASK
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        self._words = [a, b, c, ((d << 45) | (d >> 19)) & MASK]
        return result

    def uniform(self) -> float:
        """A number from 0 to 1, without 1."""
        return float(self.next() >> 11) * 2.0**-53

    def below(self, bound: int) -> int:
        """An integer from 0 to a bound, without it, without bias."""
        product = self.next() * bound
        if (product & MASK) < bound:
            threshold = ((1 << 64) - bound) % bound
            while (product & MASK) < threshold:
                product = self.next() * bound
        return product >> 64
