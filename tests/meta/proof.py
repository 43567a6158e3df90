"""Proof figures: what the long runs measured, and of which code.

A test marked ``proof`` calls ``record`` once its assertions have held; ``make proof`` then
merges the parts into ``docs/reference/proof.json``. ``test_proof_file.py`` fails in
``make test`` when a figure listed in ``proof_figures.json`` is missing or speaks of code
that changed since. Imports the standard library only.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PARTS = ROOT / "build" / "proof"
PROOF_FILE = ROOT / "docs" / "reference" / "proof.json"
FIGURES = ROOT / "tests" / "meta" / "proof_figures.json"
CODE_SUFFIXES = {".py", ".json", ".gz", ".yaml", ".toml"}


def record(
    name: str,
    *,
    command: str,
    seed: int | None,
    numbers: Mapping[str, int | float | str],
    code_paths: Sequence[str],
    parts: Path = PARTS,
    root: Path = ROOT,
) -> None:
    """Keep one measured figure for ``make proof`` to publish.

    Args:
        name: Key in proof.json, as listed in proof_figures.json: ``relay-round-trip``.
        command: What to type to measure it again, from the project root.
        seed: The seed of everything random in it; ``None`` when nothing is.
        numbers: At least one measured number; keys carry units (``p99_ms``).
        code_paths: Files and folders, relative to the root, the figure speaks of.

    Raises:
        ValueError: no number, a NaN or infinity, or a path without code.
    """
    if not any(isinstance(value, int | float) for value in numbers.values()):
        raise ValueError(f"proof {name}: no number in {dict(numbers)}")
    if any(isinstance(value, float) and not math.isfinite(value) for value in numbers.values()):
        raise ValueError(f"proof {name}: a number is not finite in {dict(numbers)}")
    entry = {
        "command": command,
        "seed": seed,
        "numbers": dict(numbers),
        "code": {"paths": list(code_paths), "sha256": code_hash(code_paths, root=root)},
        "machine": {
            "python": ".".join(map(str, sys.version_info[:3])),
            "platform": sys.platform,
            "cores": os.cpu_count(),
        },
    }
    parts.mkdir(parents=True, exist_ok=True)
    _write(parts / f"{name}.json", entry)


def code_hash(code_paths: Iterable[str], *, root: Path = ROOT) -> str:
    """SHA-256 over names and bytes of the code under ``code_paths``, in a stable order.

    Raises:
        ValueError: a path holds no code, so the hash would speak of nothing.
    """
    digest = hashlib.sha256()
    for path in code_paths:
        files = _code_files(root / path)
        if not files:
            raise ValueError(f"no code under {path}: name the files the figure speaks of")
        for file in files:
            digest.update(f"{file.relative_to(root).as_posix()}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _code_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = (p for p in path.rglob("*") if p.suffix in CODE_SUFFIXES and p.is_file())
    return sorted(p for p in found if "__pycache__" not in p.parts)


def problems(proof: Mapping[str, Any], required: Iterable[str], *, root: Path = ROOT) -> list[str]:
    """Why required figures do not hold: missing, or measured on other code."""
    found = []
    for name in required:
        if name not in proof:
            found.append(f"{name}: not in proof.json; run `make proof`")
            continue
        entry = proof[name]
        try:
            now = code_hash(entry["code"]["paths"], root=root)
        except ValueError as exc:
            found.append(f"{name}: {exc}")
            continue
        if now != entry["code"]["sha256"]:
            paths = ", ".join(entry["code"]["paths"])
            found.append(f"{name}: {paths} changed since; run `{entry['command']}`")
    return found


def load(path: Path = PROOF_FILE) -> dict[str, Any]:
    """The published figures by name; empty before the first ``make proof``."""
    known: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return known


def merge(
    *, parts: Path = PARTS, target: Path = PROOF_FILE, wanted: Iterable[str] | None = None
) -> list[str]:
    """Publish the recorded parts; return their names.

    Figures that were not measured anew stay; of ``wanted`` only, where it is given.
    """
    kept = None if wanted is None else set(wanted)
    proof = {name: entry for name, entry in load(target).items() if kept is None or name in kept}
    names = []
    for part in sorted(parts.glob("*.json")):
        proof[part.stem] = json.loads(part.read_text("utf-8"))
        names.append(part.stem)
    if names:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, dict(sorted(proof.items())))
    return names


def _write(path: Path, content: Mapping[str, Any]) -> None:
    fresh = path.with_suffix(".tmp")
    fresh.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
    os.replace(fresh, path)


if __name__ == "__main__":
    published = merge(wanted=json.loads(FIGURES.read_text("utf-8")))
    sys.stdout.write(f"proof.json: {', '.join(published) or 'nothing recorded'}\n")
