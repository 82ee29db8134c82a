"""A Spark session to judge with: the one that is there, or a local one that says nothing and serves no page."""

import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark import SparkConf
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from pavedroad.errors import JudgementError, UsageError
from pavedroad.foundation.validation.judging import Limits

_FIXED = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
}
"""What a judgement depends on, so that no machine's own settings can decide it."""
LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
}
_MEMORY = re.compile(r"(\d+) ?([MGT])")


for _name in ("DataFrameQueryContextLogger", "SQLQueryContextLogger"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)  # what they print is an answer here, and goes into the report


def open_session(limits: Limits) -> SparkSession:
    """A session of our own in the Spark that runs already, or in a local one, which then stays until the process ends.

    Raises:
        UsageError: there is no Java to run Spark with.
        JudgementError: Spark does not start.
    """
    session = SparkSession.getActiveSession() or _start(limits)
    own = session.newSession()
    for key, value in _FIXED.items():
        own.conf.set(key, value)
    return own


def _start(limits: Limits) -> SparkSession:
    _require_java()
    conf = SparkConf()  # reads what spark-submit or spark-defaults.conf say, which goes before what is set here
    conf.setIfMissing("spark.master", f"local[{limits.threads or '*'}]")
    if conf.get("spark.master", "").startswith("local"):
        for key, value in LOCAL.items():
            conf.setIfMissing(key, value)
    memory = _MEMORY.match(limits.memory)
    if memory:
        conf.setIfMissing("spark.driver.memory", f"{memory[1]}{memory[2].lower()}")
    with _hush() as said:
        try:
            session = SparkSession.builder.appName("pavedroad").config(conf=conf).getOrCreate()
        except PySparkException as error:
            raise JudgementError(
                f"Spark did not start: {_find_reason(said()) or ' '.join(str(error).split())[:300]}",
                next_step="It needs Java 17 or newer, and room for its memory.",
            ) from error
    session.sparkContext.setLogLevel("OFF")
    return session


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = Path(home, "bin", "java") if home else None
    if shutil.which("java" if java is None else str(java)):
        return
    where = "on the PATH" if java is None else f"in JAVA_HOME ({home})"
    raise UsageError(
        f"Spark needs Java, and there is none {where}.",
        next_step="Install Java 17 or newer (Debian: apt-get install openjdk-17-jre-headless), "
        'or set [validation] engine to "auto", which needs no Spark.',
    )


@contextmanager
def _hush() -> Iterator[Callable[[], str]]:
    """Keep what Java says while it starts, and ever after, from the terminal; gives a function that tells it."""
    with tempfile.TemporaryFile() as kept:
        terminal = os.dup(2)
        os.dup2(kept.fileno(), 2)

        def tell() -> str:
            kept.seek(0)
            return kept.read(1 << 20).decode("utf-8", errors="replace")

        try:
            yield tell
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


def _find_reason(said: str) -> str:
    """The line of Java's last words that names the trouble."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"error|exception|invalid|unsupported", line, re.IGNORECASE)]
    return (telling or lines or [""])[0][:300]
