# For scripts that take minutes: what they are doing, with the time, for people who watch and for logs.

say() { printf '%(%T)T  %s\n' -1 "$*"; }
