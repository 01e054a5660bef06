"""Measures the cases of held_out.json: measure.py OUT [--topology T] [--daemon D] [--case NAME] [--runs N].

Takes some hours in all. OUT gets one case a line, in the form of held_out.json; what each run is left out for
is told. Nothing else should run meanwhile: the kernel makes changes of any link wait for those of others.
"""

import argparse
import json
import os
import random
import re
import signal
import sys
import tempfile
import time

from lab import Lab

KEYS = [
    "detect_p_s",
    "detect_q_s",
    "control_converged_s",
    "outage_pq_s",
    "outage_qp_s",
    "up_after_restore_s",
    "route_after_restore_s",
]


def case_list(kind, daemon):
    """(name, lab parameters, fault, watch s, probe period s)"""
    h9, b50, b100 = {}, {"bfd": 50}, {"bfd": 100}
    h30, h90 = {"hold": 30, "keep": 10}, {"hold": 90, "keep": 30}
    if kind == "b2b":
        return [
            ("process-killed", h9, "kill", 2, 0.002),
            ("process-frozen", h9, "freeze", 14, 0.005),
            ("link-restored-quick", h9, "restore", 12, 0.005),
            ("silent-bfd50", b50, "silent", 2, 0.001),
            ("one-way-bfd50", b50, "deaf", 2, 0.001),
            ("process-frozen-bfd50", b50, "freeze", 14, 0.005),
            ("silent-hold30", h30, "silent", 36, 0.01),
            ("one-way-hold30", h30, "deaf", 46, 0.01),
            ("silent-hold90", h90, "silent", 98, 0.01),
        ]
    both = [
        ("one-way", h9, "deaf", 17, 0.005),
        ("site-lost", h9, "site", 3, 0.002),
        ("site-silent", h9, "site-silent", 14, 0.005),
        ("link-restored-quick", h9, "restore", 12, 0.005),
        ("silent-bfd100", b100, "silent", 3, 0.002),
        ("site-silent-bfd100", b100, "site-silent", 3, 0.002),
        ("process-frozen-bfd100", b100, "freeze", 14, 0.005),
    ]
    if kind == "pni-pb":
        return both
    return [
        ("link-down", h9, "link", 3, 0.002),
        ("silent", h9, "silent", 14, 0.005),
        ("admin-shutdown", h9, "shutdown", 3, 0.002),
        ("process-killed", h9, "kill", 3, 0.002),
        ("process-frozen", h9, "freeze", 14, 0.005),
    ] + both[1:]


def late(par, name):
    """How late a probe may have been sent at most."""
    if "restored" in name or par.get("hold", 9) > 9:
        return 3.0
    if "frozen" in name or name in ("silent", "one-way", "site-silent"):
        return 0.2
    return 0.06 if "bfd" in par else 0.03


def once(l, fault, watch, period):
    t = l.t
    xa = [t.links[0]]
    site = l.links_of(t.p) + [x for x in l.links_of(t.q) if x not in l.links_of(t.p)]
    time.sleep(random.random() * l.keep)
    l.monitors()
    restore = fault == "restore"
    h = l.probes(period, 1.5 + watch + (10 if restore else 0))
    time.sleep(1.0 + random.random() * 0.4)
    again = None
    begun = time.time()
    if fault == "link":
        t0 = l.carrier(xa, False)
    elif fault == "silent":
        t0 = l.silent(xa, True)
    elif fault == "deaf":
        t0 = l.deaf("x-a", t.q, True)
    elif fault == "shutdown":
        t0 = l.shutdown(t.p, "x-a", True)
    elif fault == "kill":
        t0 = time.time()
        l.main_daemon(t.p).kill()
    elif fault == "freeze":
        t0 = time.time()
        l.main_daemon(t.p).send_signal(signal.SIGSTOP)
    elif fault == "site":
        t0 = l.carrier(site, False)
    elif fault == "site-silent":
        t0 = l.silent(site, True)
    elif restore:
        t0 = l.carrier(xa, False)
        cut = time.time() - t0
        time.sleep(10 - cut)
        again = l.carrier(xa, True)
        cut = max(cut, time.time() - again)
    took = cut if restore else time.time() - begun
    loss = l.losses(h, t0)
    fib = [e for e in l.stop_monitors() if e[0] >= t0 and re.search("proto (bird|bgp)", e[2])]
    logs = l.logs(t0)
    s = {"at": t0, "inject_s": round(took, 4), **loss}
    events = {}
    for link, a, b in t.links:
        for ts, r, what in l.session_events(logs, link):
            events.setdefault(f"{link}/{r}", [])
            if not events[f"{link}/{r}"] or events[f"{link}/{r}"][-1][1] != what:
                events[f"{link}/{r}"].append([round(ts - t0, 6), what])
    s["sessions"] = events
    s["fib"] = [[round(ts - t0, 6), r, text] for ts, r, text in fib]
    end = again or 1e18
    for key, r in (("detect_p_s", t.p), ("detect_q_s", t.q)):
        e = [x for x in events.get(f"x-a/{r}", []) if x[1] == "down"]
        if e:
            s[key] = e[0][0]
    before = [x for x in s["fib"] if x[0] + t0 < end]
    if before:
        s["control_converged_s"] = before[-1][0]
    if again:
        ups = []
        for r in (t.p, t.q):
            e = [x for x in events.get(f"x-a/{r}", []) if x[1] == "up" and x[0] + t0 > again]
            if e:
                ups.append(e[0][0] + t0 - again)
        if len(ups) == 2:
            s["up_after_restore_s"] = round(max(ups), 6)
        after = [x for x in s["fib"] if x[0] + t0 > again]
        if after:
            s["route_after_restore_s"] = round(after[-1][0] + t0 - again, 6)
    # repair
    if fault == "link":
        l.carrier(xa, True)
    elif fault == "silent":
        l.silent(xa, False)
    elif fault == "deaf":
        l.deaf("x-a", t.q, False)
    elif fault == "shutdown":
        l.shutdown(t.p, "x-a", False)
    elif fault == "kill":
        l.start_router(t.p, only="bird" if l.daemon == "bird" else "bgpd")
    elif fault == "freeze":
        l.main_daemon(t.p).send_signal(signal.SIGCONT)
    elif fault == "site":
        l.carrier(site, True)
    elif fault == "site-silent":
        l.silent(site, False)
    return s


def measured(lab, name, par, fault, watch, period, runs):
    """The runs of a case that the host did not disturb."""
    for run in range(1, runs + 1):
        # A daemon remembers errors; each repair begins with one that has none.
        if fault == "restore" or run == 1 or lab.broken:
            lab.destroy()
            lab.build()
            lab.start()
            lab.broken = False
        if not lab.wait_ready(90):
            lab.broken = True
            continue
        sample = once(lab, fault, watch, period)
        disturbed = (
            sample["lost_before"] > 0
            or sample["late_s"] > late(par, name)
            or sample["inject_s"] > 0.03
        )
        print(name, run, "left out" if disturbed else "taken", sample, file=sys.stderr)
        if not disturbed:
            yield {"run": run, **{key: round(sample[key], 6) for key in KEYS if key in sample}}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--topology", choices=["b2b", "pni-pb", "pni-ecmp"])
    parser.add_argument("--daemon", choices=["bird", "frr"])
    parser.add_argument("--case")
    parser.add_argument("--runs", type=int, default=8)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, open(args.out, "w") as out:
        for kind in ["b2b", "pni-pb", "pni-ecmp"]:
            for daemon in ["bird", "frr"]:
                if args.topology not in (None, kind) or args.daemon not in (None, daemon):
                    continue
                for name, par, fault, watch, period in case_list(kind, daemon):
                    if args.case not in (None, name):
                        continue
                    lab = Lab("lab-", kind, daemon, directory, **par)
                    try:
                        samples = list(measured(lab, name, par, fault, watch, period, args.runs))
                    finally:
                        lab.destroy()
                    parameters = {
                        "hold_s": par.get("hold", 9),
                        "keepalive_s": par.get("keep", 3),
                        "default_retry": False,
                        "probe_period_s": period,
                    }
                    if "bfd" in par:
                        parameters["bfd_ms"] = par["bfd"]
                    case = {
                        "case": f"{kind}-{daemon}-{name}",
                        "topology": kind,
                        "daemon": daemon,
                        "parameters": parameters,
                        "samples": samples,
                    }
                    out.write(json.dumps(case) + "\n")
                    out.flush()


if __name__ == "__main__":
    main()
