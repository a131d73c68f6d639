"""Every entry point, killed or without disk space at every point where something becomes lasting.

`make test` does a few points of each entry point, `make torture` all of them.
"""
