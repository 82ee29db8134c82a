"""What somebody might write where we take free text, to be more than text."""

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=http://evil.example/x onerror=alert(1)>',
    "](javascript:alert(1)) [x](http://evil.example)",
    "a | b | c",
    "`code` ``` fence",
    "one\ntwo\r\n\r\n# three\n- four",
    "\u202edesrever\u2066",
    "@org/team @someone please",
    "::set-output name=x::y\n::error::z",
    "<!-- comment --> <!-- pavedroad -->",
    "{{ 7 * 7 }} {% raw %}",
    "$x^2$ ~~gone~~ **bold** _it_ #1 GH-2 org/repo#3",
    "\ud800 \x00 \x1b[31m",
    "www.evil.example https://evil.example/path?x=y",
    "</style></svg></details><base href=//evil.example>",
    "&lt;script&gt; &#64;team",
    "\\|\\`\\<b>",
    "1. list",
    "- item",
    "word " * 4000,
)
