"""SPDX expressions: which of them a list of licences satisfies, and which are none."""

import pytest

from pavedroad.foundation.gate.licences import allows

LISTED = ["MIT", "Apache-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"]


@pytest.mark.parametrize(
    "expression",
    [
        "MIT",
        "mit",
        " MIT ",
        "(MIT)",
        "MIT AND Apache-2.0",
        "MIT OR GPL-3.0-only",
        "GPL-3.0-only OR MIT",
        "MIT OR GPL-3.0-only AND Zlib",
        "(GPL-3.0-only OR MIT) AND Apache-2.0",
        "((MIT))",
        "GPL-2.0-only with Classpath-exception-2.0",
        "GPL-2.0-only WITH Classpath-exception-2.0 AND MIT",
    ],
)
def test_an_expression_that_listed_licences_satisfy(expression):
    assert allows(expression, LISTED)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        " ",
        "GPL-3.0-only",
        "MIT AND GPL-3.0-only",
        "GPL-3.0-only AND MIT",
        "(MIT OR GPL-3.0-only) AND Zlib",
        "Zlib AND MIT OR GPL-3.0-only",
        "GPL-2.0-only",
        "MIT WITH Classpath-exception-2.0",
        "MIT MIT",
        "MIT OR",
        "OR MIT",
        "AND",
        "(MIT",
        "MIT)",
        "()",
        "(MIT OR (Apache-2.0)",
        "MIT WITH",
        "MIT, Apache-2.0",
        "MIT/Apache-2.0",
        "not MIT",
    ],
)
def test_an_expression_that_listed_licences_do_not_satisfy_or_that_is_none(expression):
    assert not allows(expression, LISTED)
