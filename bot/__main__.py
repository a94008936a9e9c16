"""`python -m bot` is `cardops`."""

import sys

from bot.cli.main import main

sys.exit(main())
