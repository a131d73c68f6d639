"""Every entry point, killed or without disk space at every point where something becomes lasting.

`make test` does one kill and one full disk of a tick, and all kills of `publish`. `make torture` does everything; one
entry point is chosen with `-k`, as in `-k "summarize-month-sqlite and kills_at_every"`.

Three things keep it short. All kills of an entry point are taken from one run that waits at each boundary, while what
lies there is kept: that is what a killed process leaves. Equal remains are judged once (`Hub.digest`). And from equal
states cron ends in equal states, so a way that was gone once is not gone again (`Hub.end`).

What decides the time is the number of different remains, each of which costs a tick, 2 s of CPU time. On SQLite, a kill
of a tick leaves 84 (of 269 boundaries), one of `run --all` 96 (of 390), of `process --next` 38 (of 56), of `import` 8,
of `publish` 6 (of 233). All boundaries of `summarize-month` (kills, full disk, short writes) take 31 s of CPU time,
those of the live side 69 s, the part of `make test` 34 s. A full disk and the death of the database server need a run
for each boundary, and on MariaDB each state costs a copy of both databases: `migrate --apply` takes minutes. The whole
takes a night on two cores.
"""
