"""A bulk write that fails for some rows -> the rows it fails for; all others are written."""

from collections.abc import Callable

import polars as pl

from data_pipeline.errors import DestinationError
from data_pipeline.persist.destinations.shipment import Refusal
from data_pipeline.persist.protection import RowsRefused


class Bisection:
    """Writes ranges of rows; one that is refused is halved until single rows are left."""

    def __init__(
        self,
        write: Callable[[int, pl.DataFrame], None],
        *,
        name: str,
        most_refused: int,
        on_refusal: Callable[[Refusal], None] = lambda _: None,
        already_refused: int = 0,
    ) -> None:
        """`write` takes the first row's position and rows, writes all or none, and raises RowsRefused for none."""
        self._write, self._name = write, name
        self._most_refused, self._on_refusal = most_refused, on_refusal
        self._count = already_refused
        self.refusals: list[Refusal] = []

    def run(self, first: int, rows: pl.DataFrame) -> None:
        """Writes rows in order; `first`: position of the first.

        Raises: DestinationError when more rows are refused than the declaration allows.
        """
        try:
            if rows.height:
                self._write(first, rows)
        except RowsRefused as refused:
            if rows.height == 1:
                self._refuse(Refusal(first, str(refused)))
                return
            half = rows.height // 2
            self.run(first, rows.head(half))
            self.run(first + half, rows.slice(half))

    def _refuse(self, refusal: Refusal) -> None:
        self._count += 1
        if self._count > self._most_refused:
            raise DestinationError(
                "TOO_MANY_REFUSED",
                f"destination {self._name!r} refused more than {self._most_refused} rows, the last with: "
                f"{refusal.reason}. Compare its declaration with what it takes.",
            )
        self.refusals.append(refusal)
        self._on_refusal(refusal)
