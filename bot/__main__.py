"""`python -m bot` is `cardops`."""

import sys

from bot.cli import main

sys.exit(main())
