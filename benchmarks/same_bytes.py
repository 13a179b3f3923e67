"""Whether both ways of reading a film give the same bytes: SHA-256 of every patch of the samples.

    python benchmarks/same_bytes.py [--clips 16] [--seconds 30] [--sample 24 240 sdr]

Runs the program as it is, then the program made to read every clip by one ffmpeg of its own, and holds the
trees against each other and each clip's `reader` against what was asked for. Exits 1 where anything differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.clip_approaches import configuration, run_program
from benchmarks.clip_samples import KINDS, Sample, make_sample

CLIP_BY_CLIP = """
import sys
from tui_gen.jobs.superres.extraction.reading import reader
reader.rejection_reason_of = lambda stretch: "asked for"
from tui_gen.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def hashes(output: Path) -> dict[str, str]:
    """Return the SHA-256 of every patch by its path."""
    return {
        str(path.relative_to(output)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(output.rglob("*.png"))
    }


def readers(output: Path) -> Counter[str]:
    """Count who read the clips, by the ledger."""
    lines = (output / ".tui-gen" / "ledger.jsonl").read_text().splitlines()
    clips = [event for event in map(json.loads, lines) if event["kind"] == "clip"]
    return Counter(str(clip["reader"]) for clip in clips)


def compare(sample: Sample, clips: int, folder: Path) -> bool:
    """Run both ways and say whether they agree."""
    fast, slow = folder / "reader", folder / "clips"
    run_program(configuration(sample, clips, fast), clips)
    command = [sys.executable, "-c", CLIP_BY_CLIP, "run", str(configuration(sample, clips, slow))]
    subprocess.run([*command, "--limit", str(clips)], check=True, stdout=subprocess.DEVNULL)
    one, other = hashes(fast), hashes(slow)
    differing = [path for path in sorted({*one, *other}) if one.get(path) != other.get(path)]
    print(
        f"{sample.kind.words}: {len(one)} and {len(other)} files, {len(differing)} differ;"
        f" read by {dict(readers(fast))} and {dict(readers(slow))}"
    )
    for path in differing:
        print(f"  {path}")
    return not differing and bool(one) and not readers(fast).keys() & readers(slow).keys()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--seconds", type=int, default=30, help="length of the samples")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "tui-gen-bench")
    parser.add_argument("--sample", choices=KINDS, nargs="+", default=list(KINDS))
    options = parser.parse_args()
    are_same = True
    for name in options.sample:
        sample = make_sample(options.cache, KINDS[name], options.seconds)
        with tempfile.TemporaryDirectory(prefix="tui-gen-bench-") as folder:
            are_same &= compare(sample, options.clips, Path(folder))
    return 0 if are_same else 1


if __name__ == "__main__":
    sys.exit(main())
