"""A model over several GPUs: whole blocks in their order, as accelerate's device_map="auto" lays
them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pieces:
    """What is laid on GPUs. No piece is cut."""

    sizes: tuple[float, ...]
    """Bytes of the embeddings, of each block with its cache, and of the head."""
    beside: float
    """Bytes that each of the GPUs needs beside its pieces, for what is computed."""

    def needed(self, room: float) -> int:
        """Return how many GPUs with `room` bytes hold all pieces; 0 if one piece is too large.

        >>> Pieces((2, 5, 5, 1), beside=1).needed(7), Pieces((2, 5, 5, 1), beside=1).needed(8)
        (3, 2)
        """
        room -= self.beside
        count, free = 0, 0.0
        for size in self.sizes:
            if size > room:
                return 0
            if not count or size > free:
                count, free = count + 1, room
            free -= size
        return count

    def fullest(self, gpus: int) -> float:
        """Return the bytes on the fullest of `gpus`, laid so that it holds as little as can be.

        >>> Pieces((2, 5, 5, 1), beside=1).fullest(1), round(Pieces((2, 5, 5, 1), 1).fullest(2))
        (14, 8)
        """
        whole = sum(self.sizes) + self.beside
        if gpus == 1:
            return whole
        low, high = self.beside, whole
        for _ in range(60):
            middle = (low + high) / 2
            if 0 < self.needed(middle) <= gpus:
                high = middle
            else:
                low = middle
        return high
