"""Writes the generated files of the gateway: `python -m nova_gateway.generator DESCRIPTOR_SET FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from nova_gateway.generator import generate

if __name__ == "__main__":
    generate(Path(sys.argv[1]), Path(sys.argv[2]))
