"""`make tour`: plays the scenes in a browser, takes their pictures and writes docs/experience.md."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.tour.book import PAGE, PICTURES, written
from tests.tour.chapters import CHAPTERS
from tests.tour.play import played


def main() -> int:
    """Play all scenes, or those named; return how many failed."""
    known = {scene.name: scene for chapter in CHAPTERS for scene in chapter.scenes}
    parser = argparse.ArgumentParser(prog="make tour", description=__doc__)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=f"of: {', '.join(known)}; all without one")
    parser.add_argument("--to", type=Path, default=PICTURES, help="where the pictures are written")
    asked = parser.parse_args()
    if unknown := [name for name in asked.scenes if name not in known]:
        parser.error(f"there is no scene {', '.join(unknown)}")
    PAGE.write_text(written(CHAPTERS))
    asked.to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="roomkey-tour-") as root:
        wanted = [known[name] for name in asked.scenes] or list(known.values())
        failed = asyncio.run(played(wanted, Path(root), asked.to))
    for name, reason in failed.items():
        sys.stderr.write(f"{name}: {reason}\n")
    return min(len(failed), 1)


if __name__ == "__main__":
    sys.exit(main())
