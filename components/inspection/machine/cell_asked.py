"""Which number is asked for, and what its arithmetic needs of the block around it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from components.inspection import rounding
from components.inspection.edits import PARTS
from components.inspection.edits import Part as EditedPart
from components.inspection.errors import InspectionError
from components.inspection.machine.cell_sums import Operand, Sum, Term
from components.inspection.machine.matching import weights_of
from components.inspection.machine.normed import Normed
from components.inspection.machine.opening import Opening, checked
from components.inspection.machine.projected import product_share
from components.inspection.machine.streams import Sub, same
from components.inspection.machine.wiring import SUBS

OF_KEYS = ("key", "turned key", "value")
"""Stations whose token is a key token."""


@dataclass(frozen=True, eq=False)
class Asked:
    """One number of an open block."""

    opened: Opening
    head: int
    place: int
    station: str
    index: int

    def check(self) -> None:
        """Go on if there is such a head and such a token.

        Raises:
            InspectionError: there is not.
        """
        if self.station in OF_KEYS and self.opened.kind == "cross":
            checked(self.opened, self.head, 0)
            self.within("key token", self.place, len(self.opened.keys))
        else:
            checked(self.opened, self.head, self.place)

    def within(self, what: str, number: int, count: int) -> None:
        """Go on if there is such a number.

        Raises:
            InspectionError: there is not.
        """
        if not 0 <= number < count:
            raise InspectionError(
                f"There is no {what} {number}: there are {count}, counted from 0 to {count - 1}."
            )

    def one_of(self, row: Float32[np.ndarray, " column"]) -> float:
        """Return the number asked for out of its row.

        Raises:
            InspectionError: the row is not so long.
        """
        self.within(self.station, self.index, len(row))
        return float(row[self.index])

    def unknown(self, why: str) -> InspectionError:
        """Return an error that says that this station is not known here, and why."""
        return InspectionError(
            f"What '{self.station}' is made of is not known in layer {self.opened.layer} of "
            f"'{self.opened.model.name}': {why}"
        )

    def unchanged(
        self, part: EditedPart, layer: int | None = None, head: int | None = None
    ) -> None:
        """Go on if the part is what it is by itself.

        Raises:
            InspectionError: it was changed in this pass.
        """
        if self.opened.edited(part, layer, head):
            raise self.unknown(
                f"{PARTS[part]} was changed in this pass, so it is made of nothing else."
            )

    @property
    def dtype(self) -> str:
        """In which the network computes."""
        return self.opened.dtype

    @property
    def sub(self) -> Sub:
        """The part of the block whose attention is shown."""
        return SUBS[self.opened.kind]

    @property
    def token(self) -> str:
        """The token asked about, in quotes."""
        texts = self.opened.keys if self.station in OF_KEYS else self.opened.read_by.tokens
        return f"'{texts[self.place]}'"

    def name(self, what: str = "", of_head: bool = False) -> str:
        """Say what the number is."""
        head = f", head {self.head}" if of_head else ""
        return (
            f"{what or f'{self.station} {self.index}'} of {self.token}, layer "
            f"{self.opened.layer}{head}"
        )

    def row(self) -> slice:
        """Return the token as a slice of one row."""
        return slice(self.place, self.place + 1)

    def norm(self, where: str) -> Normed | None:
        """Return the block's norm at a place, at this token alone."""
        return next((one for one in self.opened.norms(self.row()) if one.where == where), None)

    def fed_by(self, read: Float32[np.ndarray, "token _"]) -> tuple[Operand, ...]:
        """Return the station that a map reads at this token, by its numbers; none if unknown."""
        opened = self.opened
        if opened.kind == "cross" and self.station in OF_KEYS:
            return (Operand("encoder", self.place, "all"),)
        stations = {"norm1": f"before {self.sub}", "norm2": "before MLP"}
        row = read[self.row()]
        for station, where in stations.items():
            norm = self.norm(where)
            if norm is not None and same(norm.gives, row):
                return (Operand(station, self.place, "all"),)
        streams = opened.streams()
        places: dict[str, Sub] = {"before cross": "cross-attention", "between": "MLP"}
        if same(opened.entered, read):
            return (Operand("entered", self.place, "all"),)
        for station, sub in places.items():
            if streams is not None and same(streams.read.get(sub), read):
                return (Operand(station, self.place, "all"),)
        return ()


def of_map(asked: Asked, path: str, number: int, read: Float32[np.ndarray, " inputs"]) -> Sum:
    """Return output `number` of a linear map as a sum over what it reads."""
    weight, bias = weights_of(asked.opened.module(path), [number])
    x: Float64[np.ndarray, " inputs"] = read.astype(np.float64)
    found = Sum.of_products(lambda n: f"number {n}", weight[0].astype(np.float64), x)
    return biased(found, bias, len(x), asked.dtype)


def biased(found: Sum, bias: Float32[np.ndarray, " outputs"] | None, terms: int, dtype: str) -> Sum:
    """Add a bias to a sum of products, and say how far it may be off."""
    if bias is not None:
        found.more.append(Term("bias", None, None, float(bias[0])))
    found.off = product_share(terms, dtype) * found.sizes + rounding.least(dtype)
    return found
