"""The contestant's side of the pipe, for those that run in Python; serve.mjs describes the orders."""

import json
import sys
import time


def read_arguments():
    return dict(argument.split("=", 1) for argument in sys.argv[1:])


def answer(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def skip(reason):
    answer({"skip": reason})
    sys.exit(0)


def serve(facts, call, check):
    """Serves until stdin ends. `check` gives (value or None, array to write)."""
    answer({"ready": facts})
    # readline, not iteration: the latter reads ahead.
    for line in iter(sys.stdin.readline, ""):
        order, *words = line.rstrip("\n").split(" ")
        if order == "check":
            value, output = check()
            output.tofile(line.rstrip("\n")[len("check "):])
            answer({"value": value})
            continue
        untimed, timed, idle = int(words[0]), int(words[1]), float(words[2])
        for _ in range(untimed):
            call()
        ms, cpu = [], []
        for _ in range(timed):
            if idle > 0:
                time.sleep(idle / 1000)
            used = time.process_time()
            start = time.perf_counter()
            call()
            ms.append((time.perf_counter() - start) * 1000)
            cpu.append((time.process_time() - used) * 1000)
        answer({"ms": ms, "cpu": cpu})
