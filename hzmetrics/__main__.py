"""The program: `hzmetrics`, or `python -m hzmetrics`."""

import gc
import sys


def run() -> int:
    """Run the command line of this process; its exit code."""
    gc.set_threshold(50_000)  # what imports make stays: looking through it again and again is a tenth of a tick
    from hzmetrics.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(run())
