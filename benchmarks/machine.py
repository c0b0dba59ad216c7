"""This machine: what it is, and how much of it others use while something is measured.

Standard library only, so that any interpreter can run it.
"""

import os
import platform
import subprocess
import time
from pathlib import Path

DISTURBED = 0.06  # share of the machine used by others above which a round is measured again
TICK = 1 / os.sysconf("SC_CLK_TCK")


# ---------------------------------------------------------------- what else is going on


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


# ---------------------------------------------------------------- what it is


def describe():
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
    folder = Path(__file__).resolve().parent
    run = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=folder, capture_output=True, text=True)
    return run.stdout.strip() or "?"
