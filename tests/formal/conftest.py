"""The proofs' own modules are found beside the tests, as ``make formal`` finds them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
