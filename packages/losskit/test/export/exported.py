"""Answers requests to run exported files: JSON in, one JSON line per case out."""

import json
import sys


class Module:
    """An exported file, as if it had been imported."""

    def __init__(self, text):
        exec(compile(text, "exported.py", "exec"), self.__dict__)


def tuples(value):
    """Lists of JSON as the tuples that constructors take."""
    return tuple(tuples(one) for one in value) if isinstance(value, list) else value


def answer(run):
    """Calls `run` with the module and the case of each, and prints what it gives, or what it raised."""
    request = json.load(sys.stdin)
    modules = {}
    for case in request["cases"]:
        name = case["module"]
        try:
            if name not in modules:
                modules[name] = Module(request["modules"][name])
            # What is not finite is an error.
            line = json.dumps(run(modules[name], case), allow_nan=False)
        except Exception as error:
            line = json.dumps({"error": f"{type(error).__name__}: {error}"})
        print(line)
