"""The replay of docs/ledger.md once more: `python independent_replay.py LEDGER ARM ARM...`, without this project."""

import hashlib
import hmac
import json
import sys
from collections import Counter
from pathlib import Path

file, *arms = sys.argv[1:]
entries = [json.loads(line)["entry"] for line in Path(file).read_bytes().splitlines()]
commitments = next(entry for entry in entries if entry["kind"] == "open")["data"]["commitments"]
seeds = next(entry for entry in entries if entry["kind"] == "reveal")["data"]["seeds"]
seeds = {name: bytes.fromhex(digits) for name, digits in seeds.items()}
problems = [
    f"list {name}: not the seed committed to"
    for name, seed in seeds.items()
    if hashlib.sha256(seed).hexdigest() != commitments[name]
]
used, replayed = Counter(), 0


def drawn(seed, text):
    return int.from_bytes(hmac.new(seed, text.encode(), hashlib.sha256).digest()[:8], "big")


def choose(probabilities, u):
    top, bottom = 0, 1
    for arm in arms:
        n, _, d = probabilities[arm].partition("/")
        top, bottom = top * int(d or 1) + int(n) * bottom, bottom * int(d or 1)
        if top << 64 > u * bottom:
            return arm
    return None


for entry in entries:
    data = entry["data"]
    if entry["kind"] != "allocate" or data["method"] == "classified":
        continue
    stratum, seed, block = f"{data['list']}|{data['stratum']}", seeds[data["list"]], data.get("block") or {}
    used[stratum] += 1
    u = drawn(seed, f"{stratum}|{data['k']}")
    checks = {"is not the next draw": data["k"] == used[stratum]}
    if data["method"] != "by-hand":
        checks["not the draw of the seed"] = str(u) == data["draw"]
        checks["not the arm of the draw"] = choose(data["probabilities"], u) == data["arm"]
        size = drawn(seed, f"{stratum}|block|{block['number']}") if block.get("draw") else None
        checks["not the draw of the block's size"] = size is None or str(size) == block["draw"]
        replayed += 1
    problems += [f"entry {entry['seq']}: {what}" for what, fine in checks.items() if not fine]
sys.stdout.write(("\n".join(problems) or f"{replayed} draws replayed") + "\n")
sys.exit(bool(problems))
