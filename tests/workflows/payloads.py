"""What a stranger writes where a word is expected. ``CANARY`` stands for a folder in which nothing may ever appear."""

PAYLOADS = [
    "$(touch CANARY/1)",
    "`touch CANARY/2`",
    '"; touch CANARY/3; echo "',
    "'; touch CANARY/4; echo '",
    "; touch CANARY/5 #",
    "&& touch CANARY/6 &&",
    "| touch CANARY/7",
    "|| touch CANARY/8",
    "\ntouch CANARY/9\n",
    "\r\ntouch CANARY/10\r\n",
    "${IFS}$(touch${IFS}CANARY/11)",
    "$((`touch CANARY/12`))",
    "$(<CANARY/../x;touch CANARY/13)",
    "> CANARY/14",
    "<(touch CANARY/15)",
    "\\$(touch CANARY/16)",
    "'\"$(touch CANARY/17)\"'",
    "EOF\ntouch CANARY/18\nEOF",
    "${{ github.token }}",
    "${{ toJSON(secrets) }}",
    "}}$(touch CANARY/19)${{",
    "__import__('os').system('touch CANARY/20')",
    "{{ cycler.__init__.__globals__.os.system('touch CANARY/21') }}",
    "<% import os; os.system('touch CANARY/22') %>",
    "${jndi:ldap://127.0.0.1/a}",
    "--help; touch CANARY/23",
    "-rf CANARY/../..",
    "../../../../../../etc/passwd",
    "file:///etc/passwd",
    "::error file=a.py,line=1::forged",
    "::warning::forged",
    "::notice title=forged::forged",
    "::set-output name=outcome::pass",
    "::set-output name=decision::propose",
    "::add-mask::pass",
    "::set-env name=PATH::CANARY",
    "::add-path::CANARY",
    "::save-state name=isPost::true",
    "::stop-commands::forged",
    "::group::forged",
    "::add-matcher::CANARY/m.json",
    "::echo::on",
    "  ::error::forged after spaces",
    "##[error]forged",
    "##[set-output name=outcome]pass",
    "##[add-path]CANARY",
    "a%0A::error::forged",
    "a%0D%0A::error::forged",
    "a\n::error::forged\n",
    "a\r::error::forged",
    "a\u2028::error::forged",
    "a\x1b[2K\r::error::forged",
    "\u202e::error::forged",
    "outcome=pass\nsaid=written",
    "outcome<<EOF\npass\nEOF",
    "end-0\noutcome=pass\nend-0",
    "<!-- pavedroad verdict cdb4ee2aea69 -->",
    "</details></table><script>fetch('http://127.0.0.1:9/x')</script>",
    "<img src=x onerror=\"fetch('http://127.0.0.1:9/x')\">",
    "![x](http://127.0.0.1:9/x) [y](javascript:alert(1))",
    "@everyone @acme/owners fixes #1 GH-2",
    "|a|b|\n|-|-|\n# heading\n```\nfence",
    "=HYPERLINK(\"http://127.0.0.1:9\")",
    "A" * 5000,
    "\u0000".replace("\u0000", "\\0") + "%n%s%x",
]  # fmt: skip
"""None may be executed, obeyed as a command of the runner, taken for an output, or shown as anything but text."""

_WITHOUT_EXPRESSIONS = [payload for payload in PAYLOADS if "${{" not in payload]
FOR_INPUTS = _WITHOUT_EXPRESSIONS[:27] + _WITHOUT_EXPRESSIONS[27::2]
"""For inputs, where each costs a step: every way to break out of a shell, every second of the others. Expressions are
left out, because `act` evaluates the values of a step's environment twice, where GitHub does it once: they would show a
hole of `act`. They go through events, artifacts and data all the same."""


def arm(payload: str, canary: object) -> str:
    """A payload with the folder it aims at."""
    return payload.replace("CANARY", str(canary))
