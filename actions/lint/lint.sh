#!/usr/bin/env bash
# Run the repo's own sessions, deaf to what they print: tests and names of files are a stranger's words, and a line that
# begins with `::` would be a command to the runner. What ruff found is said again afterwards, beside its lines: only
# what has ruff's own form, which is an annotation and nothing else.
set -uo pipefail

word=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
said=$(mktemp)
printf '::stop-commands::%s\n' "$word"
nox -s lint tests 2>&1 | tee "$said"
status=$?
printf '\n::%s::\n' "$word"
grep -aE '^::error title=ruff \([A-Za-z0-9-]+\),file=[^:,%[:cntrl:]]+(,(line|col|endLine|endColumn)=[0-9]+)+::[^[:cntrl:]]*$' "$said" | head -n 50
rm -f "$said"
exit "$status"
