"""Tables as the repo's functions want them: pandas, or Polars; the road itself works with pandas."""

from typing import TYPE_CHECKING, Any, Protocol, cast

from pavedroad.foundation.engines import load_engine

if TYPE_CHECKING:
    import pandas as pd


class FrameEngine(Protocol):
    """An engine for another kind of frame."""

    def from_table(self, table: "pd.DataFrame") -> Any:  # noqa: ANN401
        """The table as such a frame."""
        ...

    def from_column(self, column: "pd.Series") -> Any:  # noqa: ANN401
        """The column as such a series."""
        ...

    def to_table(self, frame: Any) -> "pd.DataFrame":  # noqa: ANN401
        """Such a frame as a pandas table."""
        ...

    def is_frame(self, made: object) -> bool:
        """Whether this is such a frame."""
        ...


def lend(table: "pd.DataFrame", frame: str) -> Any:  # noqa: ANN401
    """A table that a function may change without changing ours, of the kind that ``model.frame`` names."""
    if frame == "pandas":
        return table.copy(deep=not _copies_on_write())
    return _load(frame).from_table(table)


def lend_column(column: "pd.Series", frame: str) -> Any:  # noqa: ANN401
    """A column that a function may change without changing ours."""
    if frame == "pandas":
        return column.copy(deep=not _copies_on_write())
    return _load(frame).from_column(column)


def take_back(made: object) -> object:
    """What a function gave, as pandas when it is a frame of another kind, whatever the function was lent."""
    kind = type(made).__module__.partition(".")[0]
    if kind == "polars":
        engine = _load(kind)
        if engine.is_frame(made):
            return engine.to_table(made)
    return made


def _load(frame: str) -> FrameEngine:
    return cast("FrameEngine", load_engine("frames", frame))


def _copies_on_write() -> bool:
    """From version 3 on pandas copies what somebody changes, so lending costs no memory."""
    import pandas as pd

    return int(pd.__version__.partition(".")[0]) >= 3
