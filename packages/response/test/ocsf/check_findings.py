"""Reads findings as JSON, one a line; says of each what the models of OCSF 1.5.0 make of it, and which keys they do not know."""
import json
import sys

import py_ocsf_models
from py_ocsf_models.events.findings.detection_finding import DetectionFinding


def unknown(given, taken, path=""):
    """Keys that were given and that the model dropped."""
    if isinstance(given, dict) and isinstance(taken, dict):
        for key, value in given.items():
            if key not in taken:
                yield f"{path}{key}"
            else:
                yield from unknown(value, taken[key], f"{path}{key}.")
    elif isinstance(given, list) and isinstance(taken, list):
        for one, other in zip(given, taken):
            yield from unknown(one, other, path)


for line in sys.stdin:
    finding = json.loads(line)
    try:
        model = DetectionFinding.model_validate(finding)
        taken = json.loads(model.model_dump_json())
        answer = {"version": py_ocsf_models.OCSF_VERSION, "error": None, "unknown": sorted(set(unknown(finding, taken)))}
    except ValueError as error:
        answer = {"version": py_ocsf_models.OCSF_VERSION, "error": str(error), "unknown": []}
    print(json.dumps(answer))
