"""Tables: sentences with a label, measurements with a number to predict."""

import csv
import json
from pathlib import Path

import numpy as np

SEED = 7
NUM_ROWS = 200
THINGS = ("delivery", "screen", "battery", "invoice", "keyboard", "support team", "manual", "update", "box")
OPENINGS = {
    "praise": ("I love the {}", "The {} is excellent", "What a great {}", "Very happy with the {}"),
    "complaint": ("The {} is broken", "I am angry about the {}", "The {} never worked", "What a bad {}"),
    "question": ("Where is the {}", "How do I use the {}", "Can I change the {}", "When does the {} come"),
}
ENDINGS = ("", " again", " this week", " for my office", " after two days", " as ordered")
MARKS = {"praise": "!", "complaint": ".", "question": "?"}
MATERIALS = {"oak": 12.0, "pine": 7.5, "steel": 40.0}


def make_sentences(path: Path) -> None:
    """JSONL: a sentence and what it is; each sentence once."""
    random = np.random.default_rng(SEED)
    every = [
        {"text": f"{opening.format(thing)}{ending}{MARKS[label]}", "label": label}
        for label, openings in OPENINGS.items()
        for opening in openings
        for thing in THINGS
        for ending in ENDINGS
    ]
    chosen = random.choice(len(every), NUM_ROWS, replace=False)
    path.write_text("".join(json.dumps(every[number]) + "\n" for number in chosen))


def make_measurements(path: Path) -> None:
    """CSV: the load that a beam carries, by its sizes and material."""
    random = np.random.default_rng(SEED)
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["length_m", "width_cm", "height_cm", "humidity", "material", "target"])
        for _ in range(NUM_ROWS):
            length, width, height = random.uniform((1, 4, 8), (6, 14, 30))
            humidity, material = random.uniform(0.3, 0.9), str(random.choice(list(MATERIALS)))
            load = MATERIALS[material] * width * height**2 / (600 * length) * (1.1 - 0.3 * humidity)
            row = [length, width, height, humidity, material, load + random.normal(0, 0.5)]
            table.writerow([cell if isinstance(cell, str) else f"{cell:.3f}" for cell in row])
