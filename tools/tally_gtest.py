#!/usr/bin/env python3
"""Counts single tests after a run of ctest, and shows why some failed: DIR holds ctest.xml and one GoogleTest JSON per
executable.

An executable that died left no JSON; it counts as one failed test. The last line is the tally.
"""
import json
import pathlib
import sys
import xml.etree.ElementTree as xml

LAST_LINES = 60  # lines of an executable that ended badly


def count(report):
    """(passed, what the failed ones said) in one executable's report."""
    passed, failed = 0, []
    for suite in report["testsuites"]:
        for test in suite["testsuite"]:
            if test.get("status") != "RUN" or test.get("result") == "SKIPPED":
                continue
            if failures := test.get("failures"):
                reasons = "\n".join(failure["failure"] for failure in failures)
                failed.append(f"{suite['name']}.{test['name']}\n{reasons}")
            else:
                passed += 1
    return passed, failed


def last_lines(entry):
    return "\n".join((entry.findtext("system-out") or "").splitlines()[-LAST_LINES:])


def main():
    results = pathlib.Path(sys.argv[1])
    passed, failed = 0, []
    for entry in xml.parse(results / "ctest.xml").getroot().iter("testcase"):
        name = entry.get("name")
        went_well = entry.get("status") == "run"
        report = results / f"test_{name}.json"
        good, bad = count(json.loads(report.read_text())) if report.exists() else (int(went_well), [])
        if not went_well and not bad:
            bad = [f"{name} (the executable ended badly)\n{last_lines(entry)}"]
        passed += good
        failed += bad

    for test in failed:
        print(f"failed: {test}")
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
