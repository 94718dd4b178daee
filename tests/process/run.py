#!/usr/bin/python3
"""Runs the process tests against $SEKI_BINARY; arguments choose modules, classes or tests. The last line is the tally.

    tests/process/run.py
    tests/process/run.py -j2            # two modules at a time; each shows what it printed when it has ended
    tests/process/run.py test_http test_crash.Crash.test_a_killed_worker_is_replaced
"""
import pathlib
import re
import subprocess
import sys
import unittest
from concurrent import futures

HERE = pathlib.Path(__file__).resolve().parent
TALLY = re.compile(r"(\d+) passed, (\d+) failed")


def tell(passed, failed):
    """The exit code. `failed`: what the report of ./check names."""
    for name in failed:
        print(f"failed: {name}")
    print(f"{passed} passed, {len(failed)} failed", flush=True)
    return 1 if failed else 0


def run_here(names):
    sys.path.insert(0, str(HERE))
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(names) if names else loader.discover(str(HERE), pattern="test_*.py")
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    # A test with several failing subtests, or one that fails in its cleanup too, is still one.
    failed = {getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors}
    return tell(result.testsRun - len(failed) - len(result.skipped), sorted(failed))


def run_module(name):
    """(what it printed, how many passed, which failed) of a module in a process of its own."""
    done = subprocess.run([sys.executable, __file__, name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False)
    tally = TALLY.fullmatch(done.stdout.rpartition("\n")[0].rpartition("\n")[2])
    if tally is None:
        return done.stdout, 0, [f"{name} (it died before it could tell)"]
    return done.stdout, int(tally[1]), re.findall(r"^failed: (.*)", done.stdout, re.MULTILINE)


def run_beside(jobs):
    # Those with much to do come first, so that none of them ends alone.
    modules = sorted(HERE.glob("test_*.py"), key=lambda path: -path.stat().st_size)
    passed, failed, bad_ones = 0, [], []
    with futures.ThreadPoolExecutor(jobs) as pool:
        for done in futures.as_completed(pool.submit(run_module, path.stem) for path in modules):
            printed, good, bad = done.result()
            passed, failed = passed + good, failed + bad
            if bad:  # where who reads the end finds it
                bad_ones.append(printed)
            else:
                print(printed, flush=True)
    print(*bad_ones, sep="\n")
    return tell(passed, failed)


def main():
    names = sys.argv[1:]
    if names and (jobs := re.fullmatch(r"-j(\d+)", names[0])):
        return run_beside(int(jobs[1]))
    return run_here(names)


if __name__ == "__main__":
    sys.exit(main())
