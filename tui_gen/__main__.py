"""`python -m tui_gen`."""

import sys

from tui_gen.cli import main

if __name__ == "__main__":
    sys.exit(main())
