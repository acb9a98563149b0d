"""The process that reads a source: `python -m services.datasets.run spec.json`.

Processes of its pool begin with loading this file, too, and need little of what it needs.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    from services.datasets.reading import main

    main(Path(sys.argv[1]))
