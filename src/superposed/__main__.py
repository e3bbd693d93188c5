"""`python -m superposed`: the command line."""

import sys

from superposed.cli import main

sys.exit(main())
