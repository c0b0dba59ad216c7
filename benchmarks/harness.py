"""How everything here is measured: processes, rounds in rotation, clocks, what else was going on, and what is written.

Standard library only, so that any interpreter can run it.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
VENVS = "TSRNN_BENCHMARK_VENVS"  # environment variable: the folder that setup_peers.py has filled
RUN = os.environ.get("TSRNN_BENCHMARK_RUN") or f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"

# name -> (virtual environment, file in peers/, what its process needs to be told)
PEERS = {
    "tsrnn": ("tsrnn", "tsrnn", {}),
    "numpy": ("tsrnn", "numpy", {}),
    "torch": ("torch", "torch", {}),
    "jax": ("jax", "jax", {"JAX_PLATFORMS": "cpu"}),
    "keras": ("keras", "keras", {"KERAS_BACKEND": "tensorflow"}),
    "keras-jax": ("jax", "keras", {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}),
}
THREAD_VARIABLES = (
    "BENCHMARK_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip

DISTURBED = 0.06  # share of the machine used by others above which a round is measured again
TRIES = 3  # times the rounds asked for, at most
TICK = 1 / os.sysconf("SC_CLK_TCK")


# ---------------------------------------------------------------- command line


def make_parser(doc, peers=("tsrnn", "torch", "jax", "keras"), rounds=7, chunk=0.3):
    """Return an argument parser with the options that all benchmarks share."""
    parser = argparse.ArgumentParser(
        description=doc.strip().splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--peers", nargs="*", default=list(peers), choices=list(PEERS), help="who is measured")
    parser.add_argument("--venvs", default=os.environ.get(VENVS), help=f"folder filled by setup_peers.py (or ${VENVS})")
    parser.add_argument(
        "--python", nargs="*", default=[], metavar="PEER=FILE", help="interpreter of a peer outside that folder"
    )
    parser.add_argument("--threads", type=int, default=2, help="of every peer")
    parser.add_argument("--rounds", type=int, default=rounds, help="undisturbed rounds of each series")
    parser.add_argument("--chunk", type=float, default=chunk, help="seconds of work per round")
    parser.add_argument("--out", type=Path, default=FOLDER / "results" / "results.jsonl", help="lines are added to it")
    return parser


def interpreter(peer, arguments):
    """Return the Python of a peer, or None if there is none; tsrnn and numpy default to the one that runs this."""
    named = dict(pair.split("=", 1) for pair in arguments.python)
    if peer in named:
        return named[peer]
    venv = PEERS[peer][0]
    if venv == "tsrnn":
        return named.get("tsrnn", sys.executable)
    file = Path(arguments.venvs or ".") / venv / "bin" / "python"
    return str(file) if file.exists() else None


def environment(peer, n_threads):
    """Return the environment variables for a process of a peer."""
    threads = dict.fromkeys(THREAD_VARIABLES, str(n_threads))
    return {**os.environ, **threads, "PYTHONWARNINGS": "ignore", **PEERS[peer][2]}


# ---------------------------------------------------------------- processes


class Worker:
    """A process that serves one library; see ``worker.py`` for what it can be asked."""

    def __init__(self, peer, arguments, n_threads=None):
        self.peer, self._python = peer, interpreter(peer, arguments)
        self._environment = environment(peer, n_threads or arguments.threads)
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._start()

    def _start(self):
        self._process = subprocess.Popen(
            [self._python, FOLDER / "worker.py", PEERS[self.peer][1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._log, text=True, env=self._environment,
        )  # fmt: skip

    @property
    def pid(self):
        """Number of the process."""
        return self._process.pid

    def ask(self, what, **request):
        """Send a request and return the answer, a dict with "ok"; a process that dies is started anew."""
        try:
            self._process.stdin.write(json.dumps({"what": what, **request}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if line:
            return json.loads(line)
        self._process.wait()
        self._log.seek(0)
        last = (self._log.read().strip().splitlines() or ["no message"])[-1]
        self._start()
        return {"ok": False, "error": f"the process ended: {last}"[:300]}

    def close(self):
        """End the process."""
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()


class Workers:
    """The processes of all peers that were asked for and can be had, as a context."""

    def __init__(self, arguments, n_threads=None):
        self.workers = []
        for peer in arguments.peers:
            if interpreter(peer, arguments) is None:
                note(f"{peer} is left out: no interpreter; give --venvs or --python {peer}=FILE")
                continue
            worker = Worker(peer, arguments, n_threads)
            answer = worker.ask("versions")
            if not answer["ok"]:
                note(f"{peer} is left out: {answer['error']}")
                worker.close()
                continue
            self.workers.append(worker)
            write(arguments.out, "versions", peer=peer, versions=answer["versions"])

    def __enter__(self):
        return self.workers

    def __exit__(self, *error):
        for worker in self.workers:
            worker.close()


def fresh_process(command, variables):
    """Run a command to its end in a new process.

    Returns
    -------
    dict
        What it printed as JSON on its last line, and wall (seconds), cpu (seconds), rss_mb (peak) and foreign.
    """
    wait_until_quiet()
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        before, started = busy_seconds(), time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=errors, env=variables)
        _, status, usage = os.wait4(process.pid, 0)
        wall, busy = time.perf_counter() - started, busy_seconds() - before
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        lines = output.read().strip().splitlines()
        if process.returncode or not lines:
            return {"error": (errors.read().strip().splitlines() or [f"exit {process.returncode}"])[-1][:300]}
        cpu = usage.ru_utime + usage.ru_stime
        facts = {"wall": wall, "cpu": cpu, "rss_mb": usage.ru_maxrss / 1024, "foreign": foreign(busy, cpu, wall)}
        return {**json.loads(lines[-1]), **facts}


def repeat_fresh(series, n_runs):
    """Run fresh processes in rotation until each of `series` has `n_runs` undisturbed runs, within bounds.

    Parameters
    ----------
    series : dict of name to (callable that returns a dict of numbers, see `fresh_process`)
    n_runs : int

    Returns
    -------
    dict of name to dict
        The median of each number; "runs" and "disturbed"; or "error".
    """
    runs = {name: [] for name in series}
    errors = {}
    for turn in range(TRIES * n_runs):
        left = [name for name in series if name not in errors and _n_clean(runs[name]) < n_runs]
        for name in _rotate(left, turn):
            answer = series[name]()
            if "error" in answer:
                errors[name] = {"error": answer["error"]}
            else:
                runs[name].append(answer)
    medians = {}
    for name, rounds in runs.items():
        rounds, disturbed = best_rounds(rounds, n_runs)
        keys = rounds[0] if rounds else ()
        numbers = {key: statistics.median(one[key] for one in rounds) for key in keys if _is_number(rounds[0][key])}
        medians[name] = errors.get(name) or {**numbers, "runs": len(rounds), "disturbed": disturbed}
    return medians


# ---------------------------------------------------------------- rounds


class Series:
    """One thing that is measured, round after round, in rotation with others.

    Attributes
    ----------
    answer : dict
        What the worker said to the preparation: "first" and "second" are what the first two runs gave back.
    rounds : list of dict
        seconds of one turn, foreign.
    """

    def __init__(self, worker, task, case, label, multiple=1):
        self.worker, self.label, self.multiple, self.rounds = worker, label, multiple, []
        self.name = f"{label} {task}"
        self.answer = worker.ask("prepare", name=self.name, task=task, case=case, n=multiple)
        self.n = multiple

    def choose_length(self, chunk):
        """Set how many turns make a round of about `chunk` seconds."""
        self.n = max(1, round(chunk / max(self.answer["seconds"], 1e-9) / self.multiple)) * self.multiple

    def measure(self):
        """Measure one round; False if the worker failed."""
        time.sleep(0.02)  # threads of the one before go to sleep
        before, started = busy_seconds(), time.perf_counter()
        answer = self.worker.ask("run", name=self.name, n=self.n)
        wall, busy = time.perf_counter() - started, busy_seconds() - before
        if not answer["ok"]:
            self.answer = answer
            return False
        share = foreign(busy, answer["cpu"], wall)
        self.rounds.append({"seconds": answer["seconds"] / self.n, "cpu": answer["cpu"] / self.n, "foreign": share})
        return True

    def numbers(self, n_rounds):
        """Return what goes into the results: median, extremes, how many rounds, whether they were disturbed."""
        rounds, disturbed = best_rounds(self.rounds, n_rounds)
        seconds = [one["seconds"] for one in rounds]
        return {
            "seconds": statistics.median(seconds), "fastest": min(seconds), "slowest": max(seconds),
            "cpu": statistics.median(one["cpu"] for one in rounds), "rounds": len(rounds), "turns_per_round": self.n,
            "disturbed": disturbed, "foreign": max(one["foreign"] for one in rounds),
        }  # fmt: skip


def prepare(workers, task, case, multiple=1, variants_of=None):
    """Return the Series of all peers, in all their variants, that can do a task.

    `variants_of` is the task whose variants are taken, if another one; a worker without the task is left out.
    """
    series = []
    for worker in workers:
        answer = worker.ask("variants", task=variants_of or task)
        for variant in answer.get("variants", []):
            label = worker.peer if variant == "default" else f"{worker.peer}:{variant}"
            one = Series(worker, task, {**case, "variant": variant}, label, multiple)
            if one.answer["ok"]:
                series.append(one)
            else:
                note(f"  {label} {task}: {one.answer['error']}")
    return series


def measure(series, n_rounds, chunk):
    """Measure all series in rotation, until each has `n_rounds` rounds in which others left the machine alone.

    A disturbed round is measured again, at most until TRIES times the rounds were made; see `best_rounds`.
    """
    for one in series:
        one.choose_length(chunk)
    alive = list(series)
    for turn in range(TRIES * n_rounds):
        left = [one for one in alive if _n_clean(one.rounds) < n_rounds]
        if not left:
            break
        if turn >= n_rounds:
            wait_until_quiet()
        for one in _rotate(left, turn):
            if not one.measure():
                note(f"  {one.label}: {one.answer['error']}")
                alive.remove(one)
    return [one for one in alive if one.rounds]


def best_rounds(rounds, n_rounds):
    """Return the undisturbed rounds and False; or, if there are fewer than three, the least disturbed and True."""
    clean = [one for one in rounds if one["foreign"] <= DISTURBED]
    if len(clean) >= min(3, n_rounds):
        return clean, False
    return sorted(rounds, key=lambda one: one["foreign"])[: min(3, n_rounds)], True


def forget(workers):
    """Let all workers drop what they hold."""
    for worker in workers:
        worker.ask("forget")


def _n_clean(rounds):
    return sum(one["foreign"] <= DISTURBED for one in rounds)


def _rotate(items, turn):
    k = turn % len(items) if items else 0
    return items[k:] + items[:k]


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# ---------------------------------------------------------------- what else was going on


def busy_seconds():
    """Return the CPU seconds that everybody has used since the machine started, stolen ones included; 0 off Linux."""
    try:
        with open("/proc/stat") as stat:
            user, nice, system, _, _, irq, softirq, steal = (int(word) for word in stat.readline().split()[1:9])
    except OSError:
        return 0.0
    return (user + nice + system + irq + softirq + steal) * TICK


def cpu_seconds(pid):
    """Return the CPU seconds that a process has used."""
    with open(f"/proc/{pid}/stat") as stat:
        user, system = stat.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) * TICK


def foreign(busy, own, wall):
    """Return the share of the machine that others had during `wall` seconds; two clock ticks are below what is seen."""
    return max(0.0, busy - own - 2 * TICK) / (wall * os.cpu_count())


def wait_until_quiet(limit=20.0):
    """Wait until others leave the machine alone, at most `limit` seconds."""
    end = time.perf_counter() + limit
    while time.perf_counter() < end:
        before, started = busy_seconds(), time.perf_counter()
        time.sleep(0.3)
        if foreign(busy_seconds() - before, 0.0, time.perf_counter() - started) < DISTURBED:
            return


# ---------------------------------------------------------------- what is written


def note(text):
    """Tell the one who waits."""
    print(text, file=sys.stderr, flush=True)


def write(out, benchmark, **facts):
    """Add one line to the results."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with open(out, "a") as file:
        file.write(json.dumps({"benchmark": benchmark, "run": RUN, "date": time.strftime("%F %T"), **facts}) + "\n")


def write_machine(arguments):
    """Add what this machine is to the results."""
    write(arguments.out, "machine", threads=arguments.threads, **machine())


def write_series(arguments, benchmark, case, series, **facts):
    """Add one line per series, and print it."""
    for one in series:
        numbers = one.numbers(arguments.rounds)
        peer, _, variant = one.label.partition(":")
        losses = {key: one.answer[key] for key in ("first", "second", "preparation_s")}
        write(arguments.out, benchmark, case=case, peer=peer, variant=variant, **numbers, **losses, **facts)
        mark = "  disturbed" if numbers["disturbed"] else ""
        first = statistics.fmean(one.answer["first"]) if one.answer["first"] else float("nan")
        second = statistics.fmean(one.answer["second"]) if one.answer["second"] else float("nan")
        note(f"  {one.label:20s} {1e3 * numbers['seconds']:11.4f} ms   {first:.6f} {second:.6f}{mark}")


def machine():
    """Return what there is to know about this machine and this copy of the source."""
    return {
        "cpu": _cpu_model(), "cores": os.cpu_count(), "usable_cores": len(os.sched_getaffinity(0)),
        "caches": _caches(), "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(), "python": platform.python_version(), "commit": _commit(),
    }  # fmt: skip


def _cpu_model():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    facts = dict([part.strip() for part in line.split(":", 1)] for line in lines if ":" in line)
    flags = facts.get("flags", facts.get("Features", "")).split()
    vectors = next((name for name in ("avx512f", "avx2", "avx", "asimd", "sse2") if name in flags), "?")
    family = f"family {facts.get('cpu family', '?')} model {facts.get('model', '?')}"
    return f"{facts.get('model name', platform.machine())} ({family}, {vectors})"


def _caches():
    """Return the caches of core 0, such as {"L1d": "32K"}."""
    found = {}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        kind = {"Data": "d", "Instruction": "i"}.get((index / "type").read_text().strip(), "")
        found[f"L{(index / 'level').read_text().strip()}{kind}"] = (index / "size").read_text().strip()
    return found


def _commit():
    run = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=FOLDER, capture_output=True, text=True)
    return run.stdout.strip() or "?"
