"""`python -m tui_gen`."""

import sys

from tui_gen.cli.main import program

if __name__ == "__main__":
    sys.exit(program())
