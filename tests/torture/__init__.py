"""Every entry point, killed or without disk space at every point where something becomes lasting.

`make test` does one kill and one full disk, which takes half a minute of CPU time. `make torture` does everything; one
entry point is chosen with `-k`, as in `-k "summarize-month-sqlite and kills_at_every"`.

Three things keep it short. All kills of an entry point are taken from one run that waits at each boundary, while what
lies there is kept: that is what a killed process leaves. Equal remains are judged once (`Hub.digest`). And from equal
states cron ends in equal states, so a way that was gone once is not gone again (`Hub.end`).

What decides the time is a unit of work of the invented hub, 4 s of CPU time, once for each different state: about 3
minutes for the kills of `run` or of a tick of the live side on SQLite, less than one for those of single steps. A full
disk needs a run for each boundary, and on MariaDB each state costs a copy of both databases. The whole takes a night on
two cores.
"""
