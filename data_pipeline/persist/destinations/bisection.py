"""A bulk write that fails for some rows -> the rows it fails for; all others are written."""

from collections.abc import Callable

from data_pipeline.errors import DestinationError
from data_pipeline.persist.destinations.shipment import Refusal
from data_pipeline.persist.protection import RowsRefused


class Bisection:
    """Writes ranges of rows; one that is refused is halved until single rows are left."""

    def __init__(
        self,
        write: Callable[[int, int], None],
        *,
        name: str,
        most_refused: int,
        on_refusal: Callable[[Refusal], None] = lambda _: None,
        already_refused: int = 0,
    ) -> None:
        """`write` takes the first row and a count, writes all of them or none, and raises RowsRefused for none."""
        self._write, self._name = write, name
        self._most_refused, self._on_refusal = most_refused, on_refusal
        self._count = already_refused
        self.refusals: list[Refusal] = []

    def run(self, first: int, count: int) -> None:
        """Writes a range in order.

        Raises: DestinationError when more rows are refused than the declaration allows.
        """
        try:
            if count:
                self._write(first, count)
        except RowsRefused as refused:
            if count == 1:
                self._refuse(Refusal(first, str(refused)))
                return
            half = count // 2
            self.run(first, half)
            self.run(first + half, count - half)

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
