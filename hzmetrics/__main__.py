"""`python -m hzmetrics`."""

import sys

from hzmetrics.cli import main

sys.exit(main())
