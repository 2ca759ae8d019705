"""`python -m tests.crash.chaos --seconds 300 --seed 7`: bad weather for as long as you like."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
from pathlib import Path

from tests.crash.chaos.story import tell
from tests.crash.chaos.weather import LONG


def main() -> None:
    """Run, and print what happened. Fails at whatever is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long it blows")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="of everything that is random")
    parser.add_argument("--logs", type=Path, help="folder for the logs of the processes")
    options = parser.parse_args()
    sys.stdout.write(f"seed {options.seed}\n")
    report = asyncio.run(tell(options.seconds, options.seed, LONG, options.logs))
    sys.stdout.write(f"{report}\n")


if __name__ == "__main__":
    main()
