"""One library in its own process: each request is one line of JSON, so is each answer. Started by ``processes.py``."""

import gc
import importlib
import json
import os
import resource
import sys
import time
import traceback

ENOUGH_SECONDS = 0.02  # a run this long tells how long a turn takes


def main():
    """Serve the library named on the command line until asked to quit."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints goes to the log
    library = importlib.import_module(f"peers.{sys.argv[1]}_peer").Library()
    runs = {}
    for line in sys.stdin:
        try:
            answer = {"ok": True, **_serve(library, runs, json.loads(line))}
        except NotImplementedError:
            answer = {"ok": False, "error": "not offered"}
        except Exception as error:  # a library that cannot do this is a result, too
            traceback.print_exc()
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _serve(library, runs, request):
    match request["what"]:
        case "versions":
            return {"versions": {"python": sys.version.split()[0], **library.versions()}}
        case "variants":
            return {"variants": library.variants(request["task"])}
        case "prepare":  # builds, compiles, runs at least twice: the last time tells how long a turn takes
            n, started = request["n"], time.perf_counter()
            run = runs[request["name"]] = getattr(library, request["task"])(request["case"])
            first = _numbers(run(n))
            prepared = time.perf_counter()
            second = _numbers(run(n))
            seconds = time.perf_counter() - prepared
            while seconds < ENOUGH_SECONDS:
                n, again = 4 * n, time.perf_counter()
                run(n)
                seconds = time.perf_counter() - again
            seconds /= n
            return {"first": first, "second": second, "seconds": seconds, "preparation_s": prepared - started}
        case "run":
            before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
            runs[request["name"]](request["n"])
            ended, after = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            return {"seconds": ended - started, "cpu": cpu}
        case "forget":
            runs.clear()
            library.forget()
            gc.collect()
            return {}
    raise ValueError(request["what"])


def _numbers(values):
    """Return what a run gave back as a flat list of float."""
    import numpy as np

    return [float(value) for value in np.ravel(values)]


if __name__ == "__main__":
    main()
