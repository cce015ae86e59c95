"""`equipoise trials`: the trials that ship."""

from __future__ import annotations

from equipoise.cli.output import AsJson, print_json, print_table

NAME = "trials"
EXAMPLE = "Example: equipoise trials --json"


def run(as_json: AsJson = False) -> None:
    """List the shipped trials."""
    from equipoise.protocol import load
    from equipoise.trials import shipped

    protocols = [load(name) for name in shipped()]
    rows = [
        {
            "id": item.id,
            "title": item.title,
            "registrations": list(item.registrations),
            "arms": list(item.arms),
            "primary": item.design.primary if item.design else None,
        }
        for item in protocols
    ]
    if as_json:
        print_json(rows)
        return
    print_table(["trial", "registered as", "title"], [[p.id, ", ".join(p.registrations), p.title] for p in protocols])
