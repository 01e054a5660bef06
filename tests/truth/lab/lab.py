"""A lab of real routers: BIRD or FRR in network namespaces, faults, probes and clocks.

Needs root, Linux, iproute2, `ping`, and either bird2 or frr as Debian packages them; for FRR root must
be in the group frrvty. Every process is stopped by its own pid, and nothing outside of the
namespaces is touched.
"""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from datetime import datetime
from pathlib import Path

PROBE = Path(__file__).with_name("probe.py")

FLOWS = 8


def sh(cmd, check=True):
    return subprocess.run(cmd, shell=True, check=check, capture_output=True, text=True).stdout


class Topology:
    """Routers, links between them through bridges of a middle namespace, and two hosts."""

    def __init__(self, kind):
        self.kind = kind
        if kind == "b2b":
            self.asn = {"r1": 64500, "r2": 64501}
            self.links = [("x-a", "r1", "r2"), ("x-b", "r1", "r2")]
            self.core = {64500: "r1", 64501: "r2"}
            self.p, self.q = "r1", "r2"
        else:
            self.asn = {
                r: 64500 if r[0] == "p" else 64501 for r in ["pc", "pa", "pb", "qc", "qa", "qb"]
            }
            self.links = [
                ("x-a", "pa", "qa"),
                ("x-b", "pb", "qb"),
                ("w-pa", "pc", "pa"),
                ("w-pb", "pc", "pb"),
                ("w-qa", "qc", "qa"),
                ("w-qb", "qc", "qb"),
            ]
            self.core = {64500: "pc", 64501: "qc"}
            self.p, self.q = "pa", "qa"
        self.ecmp = kind in ("b2b", "pni-ecmp")
        self.hostnet = {64500: "198.51.100", 64501: "203.0.113"}

    def number(self, link):
        return [l[0] for l in self.links].index(link)

    def addr(self, link, router):
        n = self.number(link)
        l = self.links[n]
        return f"10.0.{n}.{1 if l[1] == router else 2}"

    def sessions(self, router):
        """(link, peer, peer address, own address, ebgp)"""
        for l in self.links:
            if router in l[1:]:
                peer = l[2] if l[1] == router else l[1]
                yield l[0], peer, self.addr(l[0], peer), self.addr(l[0], router), self.asn[
                    peer
                ] != self.asn[router]

    def statics(self, router):
        """Core links of the same network that are not its own: (prefix, via)."""
        core = self.core[self.asn[router]]
        if router == core:
            return
        own = [l for l in self.links if set(l[1:]) == {router, core}][0]
        for l in self.links:
            if core in l[1:] and router not in l[1:]:
                yield f"10.0.{self.number(l[0])}.0/24", self.addr(own[0], core)


class Lab:
    def __init__(
        self, ident, kind, daemon, directory, hold=9, keep=3, bfd=None, default_retry=False
    ):
        self.id, self.t, self.daemon = ident, Topology(kind), daemon
        self.hold, self.keep, self.bfd, self.default_retry = hold, keep, bfd, default_retry
        self.dir = f"{directory}/{ident}"
        self.procs = {}
        self.mon = []
        self.broken = False

    def ns(self, name):
        return f"{self.id}{name}"

    def at(self, name):
        return f"ip netns exec {self.ns(name)} "

    def names(self):
        return list(self.t.asn) + ["m", "h1", "h2"]

    # --- wires
    def build(self):
        self.destroy()
        sh(f"rm -rf {self.dir}")
        os.makedirs(self.dir)
        for n in self.names():
            sh(f"ip netns add {self.ns(n)}; {self.at(n)} ip link set lo up")
            sh(
                self.at(n)
                + "sysctl -qw net.ipv4.ip_forward=1 net.ipv4.fib_multipath_hash_policy=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1"
            )
        for name, a, b in self.t.links:
            m = self.at("m")
            br = f"br{name}"
            sh(
                f"{m} ip link add {br} type bridge stp_state 0 mcast_snooping 0; {m} ip link set {br} up"
            )
            for r in (a, b):
                port = f"{name}.{r}"
                sh(f"{m} ip link add {port} type veth peer name {name} netns {self.ns(r)}")
                sh(f"{m} ip link set {port} master {br} up")
                sh(f"{m} bridge link set dev {port} learning off flood on")
                sh(f"{self.at(r)} ip addr add {self.t.addr(name, r)}/24 dev {name}")
                sh(f"{self.at(r)} ip link set {name} up")
        for host, asn in (("h1", 64500), ("h2", 64501)):
            core, net = self.t.core[asn], self.t.hostnet[asn]
            sh(f"{self.at(host)} ip link add eth0 type veth peer name host netns {self.ns(core)}")
            sh(
                f"{self.at(host)} ip addr add {net}.10/24 dev eth0; {self.at(host)} ip link set eth0 up; {self.at(core)} ip addr add {net}.1/24 dev host; {self.at(core)} ip link set host up"
            )
            sh(f"{self.at(host)} ip route add default via {net}.1")

    def destroy(self):
        self.stop()
        for n in self.names():
            sh(f"ip netns del {self.ns(n)} 2>/dev/null", check=False)

    # --- daemons
    def bird_config(self, r, gshut=False):
        t = self.t
        asn = t.asn[r]
        core = t.core[asn] == r
        out = [
            f'log "{self.dir}/{r}.log" all;',
            f"router id 10.255.0.{list(t.asn).index(r)+1};",
            "timeformat log iso long us;",
            "debug protocols { states, events };",
            "protocol device { scan time 10; }",
            "protocol direct { ipv4; }",
            "protocol kernel { "
            + ("merge paths on; " if t.ecmp else "")
            + "ipv4 { import none; export where source != RTS_DEVICE; }; }",
        ]
        statics = "".join(f" route {p} via {v};" for p, v in t.statics(r))
        if statics:
            out.append("protocol static { ipv4;" + statics + " }")
        if self.bfd:
            out.append(
                f'protocol bfd {{ interface "*" {{ min rx interval {self.bfd} ms; min tx interval {self.bfd} ms; multiplier 3; }}; }}'
            )
        for link, peer, pa, own, ebgp in t.sessions(r):
            name = link.replace("-", "_")
            gs = gshut and link == "x-a"
            lp = "" if t.ecmp or not ebgp else f"bgp_local_pref = {200 if link == 'x-a' else 100}; "
            imp = f"{lp}if (65535,0) ~ bgp_community then bgp_local_pref = 0; " + (
                "bgp_local_pref = 0; " if gs else ""
            )
            exp = "bgp_community.add((65535,0)); " if gs else ""
            retry = (
                ""
                if self.default_retry
                else "connect delay time 1; connect retry time 2; error wait time 1, 2;"
            )
            out.append(
                f"""protocol bgp {name} {{ local {own} as {asn}; neighbor {pa} as {t.asn[peer]}; direct;
 hold time {self.hold}; keepalive time {self.keep}; {retry} {'bfd on;' if self.bfd else ''} {'rr client;' if core and not ebgp else ''}
 ipv4 {{ import filter {{ {imp} accept; }}; export filter {{ if source = RTS_STATIC || net ~ 10.0.0.0/8 then reject; {exp} accept; }}; {'next hop self;' if not core or ebgp else ''} {'gateway recursive;' if not ebgp else ''} }}; }}"""
            )
        return "\n".join(out)

    def frr_config(self, r):
        t = self.t
        asn = t.asn[r]
        core = t.core[asn] == r
        bgp = [
            f"log file {self.dir}/{r}.log debugging",
            "log timestamp precision 6",
            f"router bgp {asn}",
            f" bgp router-id 10.255.0.{list(t.asn).index(r)+1}",
            " bgp log-neighbor-changes",
            " no bgp ebgp-requires-policy",
            " no bgp network import-check",
        ]
        af = []
        for link, peer, pa, own, ebgp in t.sessions(r):
            bgp += [
                f" neighbor {pa} remote-as {t.asn[peer]}",
                f" neighbor {pa} timers {self.keep} {self.hold}",
                f" neighbor {pa} advertisement-interval 0",
            ]
            if not self.default_retry:
                bgp.append(f" neighbor {pa} timers connect 2")
            if self.bfd:
                bgp.append(f" neighbor {pa} bfd 3 {self.bfd} {self.bfd}")
            if not ebgp:
                if core:
                    af.append(f"  neighbor {pa} route-reflector-client")
                else:
                    af.append(f"  neighbor {pa} next-hop-self")
            elif not t.ecmp:
                af.append(f"  neighbor {pa} route-map {link} in")
        if core:
            af.append(f"  network {t.hostnet[asn]}.0/24")
        af += (
            ["  maximum-paths 8", "  maximum-paths ibgp 8"]
            if t.ecmp
            else ["  maximum-paths 1", "  maximum-paths ibgp 1"]
        )
        bgp += (
            [" address-family ipv4 unicast"]
            + af
            + [
                " exit-address-family",
                "exit",
                "route-map x-a permit 10",
                " set local-preference 200",
                "route-map x-b permit 10",
                " set local-preference 100",
            ]
        )
        z = [f"log file {self.dir}/{r}.zebra.log"] + [f"ip route {p} {v}" for p, v in t.statics(r)]
        return "\n".join(bgp) + "\n", "\n".join(z) + "\n"

    def start_router(self, r, only=None):
        d = f"{self.dir}/{r}"
        os.makedirs(d, exist_ok=True)

        def run(name, cmd):
            if only and name != only:
                return
            self.procs[(r, name)] = subprocess.Popen(
                ("ip netns exec " + self.ns(r) + " " + cmd).split(),
                stdout=open(f"{d}/{name}.out", "w"),
                stderr=subprocess.STDOUT,
            )

        if self.daemon == "bird":
            open(f"{d}/bird.conf", "w").write(self.bird_config(r))
            open(f"{d}/gshut.conf", "w").write(self.bird_config(r, True))
            run("bird", f"bird -f -c {d}/bird.conf -s {d}/bird.ctl -P {d}/bird.pid")
        else:
            bgp, z = self.frr_config(r)
            open(f"{d}/bgpd.conf", "w").write(bgp)
            open(f"{d}/zebra.conf", "w").write(z)
            open(f"{d}/bfdd.conf", "w").write("\n")
            open(f"{d}/staticd.conf", "w").write(z)
            base = f"-F traditional -u root -g root --vty_socket {d} -z {d}/zserv.api"
            run("zebra", f"/usr/lib/frr/zebra {base} -f {d}/zebra.conf -i {d}/zebra.pid")
            if not only:
                time.sleep(0.3)
            run("staticd", f"/usr/lib/frr/staticd {base} -f {d}/staticd.conf -i {d}/staticd.pid")
            if self.bfd:
                run(
                    "bfdd",
                    f"/usr/lib/frr/bfdd {base} -f {d}/bfdd.conf -i {d}/bfdd.pid --bfdctl {d}/bfdd.sock",
                )
            run("bgpd", f"/usr/lib/frr/bgpd {base} -f {d}/bgpd.conf -i {d}/bgpd.pid -p 179")

    def start(self):
        for r in self.t.asn:
            self.start_router(r)

    def main_daemon(self, r):
        return self.procs[(r, "bird" if self.daemon == "bird" else "bgpd")]

    def stop(self):
        for p in self.procs.values():
            if p.poll() is None:
                p.send_signal(signal.SIGCONT)
                p.kill()
                p.wait()
        self.procs = {}

    # --- commands
    def ctl(self, r, commands):
        d = f"{self.dir}/{r}"
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(10)
        out = ""
        if self.daemon == "bird":
            s.connect(f"{d}/bird.ctl")
            s.recv(4096)
            for c in commands:
                s.sendall(c.encode() + b"\n")
                got = b""
                while not re.search(rb"(?m)^\d{4}( .*)?\n\Z", got):
                    b = s.recv(65536)
                    if not b:
                        break
                    got += b
                out += got.decode()
        else:
            s.connect(f"{d}/bgpd.vty")
            for c in commands:
                s.sendall(c.encode() + b"\0")
                got = b""
                while not (len(got) >= 4 and got[-4:-1] == b"\0\0\0"):
                    b = s.recv(65536)
                    if not b:
                        break
                    got += b
                out += got[:-4].decode()
        s.close()
        return out

    def established(self):
        for r in self.t.asn:
            n = len(list(self.t.sessions(r)))
            try:
                if self.daemon == "bird":
                    up = self.ctl(r, ["show protocols"]).count("Established")
                else:
                    up = self.ctl(r, ["enable", "show bgp summary json"]).count(
                        '"state":"Established"'
                    )
            except OSError:
                return False
            if up < n:
                return False
        return True

    def wait_ready(self, timeout=60, quiet=3.0):
        end = time.time() + timeout
        while time.time() < end:
            if self.established():
                time.sleep(quiet)
                if self.established() and self.reachable() and self.balanced():
                    return True
            time.sleep(0.3)
        return False

    def reachable(self):
        return (
            subprocess.run(
                (self.at("h1") + "ping -c1 -W1 203.0.113.10").split(), capture_output=True
            ).returncode
            == 0
        )

    def balanced(self):
        if not self.t.ecmp:
            return True
        for asn, other in ((64500, 64501), (64501, 64500)):
            core = self.t.core[asn]
            if sh(self.at(core) + f"ip route show {self.t.hostnet[other]}.0/24").count("via") < 2:
                return False
        return True

    # --- faults; each returns the instant it began
    def links_of(self, r):
        return [l for l in self.t.links if r in l[1:]]

    def carrier(self, links, up):
        batch = "".join(
            f"link set dev {l[0]}.{r} {'up' if up else 'down'}\n" for l in links for r in l[1:]
        )
        t0 = time.time()
        subprocess.run((self.at("m") + "ip -batch -").split(), input=batch, text=True, check=True)
        return t0

    def silent(self, links, on):
        batch = "".join(
            f"link set dev {l[0]}.{r} state {0 if on else 3}\n" for l in links for r in l[1:]
        )
        t0 = time.time()
        subprocess.run(
            (self.at("m") + "bridge -batch -").split(), input=batch, text=True, check=True
        )
        return t0

    def deaf(self, link, router, on):
        f = "off" if on else "on"
        t0 = time.time()
        sh(
            f"{self.at('m')} bridge link set dev {link}.{router} flood {f} mcast_flood {f} bcast_flood {f}"
        )
        return t0

    def shutdown(self, r, link, on):
        t0 = time.time()
        if self.daemon == "bird":
            self.ctl(r, [f"{'disable' if on else 'enable'} {link.replace('-', '_')}"])
        else:
            pa = [s[2] for s in self.t.sessions(r) if s[0] == link][0]
            self.ctl(
                r,
                [
                    "enable",
                    "configure terminal",
                    f"router bgp {self.t.asn[r]}",
                    ("" if on else "no ") + f"neighbor {pa} shutdown",
                    "end",
                ],
            )
        return t0

    def gshut(self, r, on):
        t0 = time.time()
        if self.daemon == "bird":
            self.ctl(r, [f'configure "{self.dir}/{r}/{"gshut" if on else "bird"}.conf"'])
        else:
            self.ctl(
                r,
                [
                    "enable",
                    "configure terminal",
                    f"router bgp {self.t.asn[r]}",
                    ("" if on else "no ") + "bgp graceful-shutdown",
                    "end",
                ],
            )
        return t0

    # --- clocks
    def monitors(self):
        self.lines = {r: [] for r in self.t.asn}
        for r in self.t.asn:
            p = subprocess.Popen(
                (self.at(r) + "ip -ts -o monitor route nexthop").split(),
                stdout=subprocess.PIPE,
                text=True,
            )

            def read(p=p, r=r):
                for line in p.stdout:
                    self.lines[r].append(line)

            th = threading.Thread(target=read, daemon=True)
            th.start()
            self.mon.append(p)
        time.sleep(0.3)

    def stop_monitors(self):
        for p in self.mon:
            p.terminate()
            p.wait()
        self.mon = []
        time.sleep(0.1)
        out = []
        for r, lines in self.lines.items():
            for line in lines:
                m = re.match(r"\[([\d\-T:.]+)\] (.*)", line)
                if m:
                    out.append((datetime.fromisoformat(m[1]).timestamp(), r, m[2].strip()))
        return sorted(out)

    def logs(self, since):
        out = []
        for r in self.t.asn:
            try:
                text = open(f"{self.dir}/{r}.log", errors="replace").read()
            except OSError:
                continue
            for line in text.splitlines():
                m = re.match(r"(\d{4}[-/]\d\d[-/]\d\d \d\d:\d\d:\d\d\.\d+) (.*)", line)
                if not m:
                    continue
                ts = datetime.fromisoformat(m[1].replace("/", "-")).timestamp()
                if ts >= since:
                    out.append((ts, r, m[2]))
        return sorted(out)

    def session_events(self, logs, link):
        """(instant, router, 'down'|'up') of the sessions on a link."""
        out = []
        for ts, r, text in logs:
            mine = [s for s in self.t.sessions(r) if s[0] == link]
            if not mine:
                continue
            if self.daemon == "bird":
                name = link.replace("-", "_")
                if text.startswith(f"<TRACE> {name}: State changed to"):
                    s = text.split()[-1]
                    if s == "up":
                        out.append((ts, r, "up"))
                    elif s in ("stop", "down", "flush", "start"):
                        out.append((ts, r, "down"))
                elif text.startswith(f"<TRACE> {name}: BGP session established"):
                    out.append((ts, r, "up"))
                elif text.startswith(f"<TRACE> {name}: BGP session closed") or text.startswith(
                    f"<TRACE> {name}: Neighbor lost"
                ):
                    out.append((ts, r, "down"))
            else:
                m = re.search(
                    r"%ADJCHANGE: neighbor (\S+?)\(.*?\) in vrf default (Down|Up)", text
                ) or re.search(r"%ADJCHANGE: neighbor (\S+) .*?(Down|Up)", text)
                if m and m[1] == mine[0][2]:
                    out.append((ts, r, m[2].lower()))
        return out

    def probes(self, period, duration):
        """Starts senders and receivers; returns handles."""
        hs = []
        for host, other, base in (("h1", "203.0.113.10", 20000), ("h2", "198.51.100.10", 30000)):
            far = "h2" if host == "h1" else "h1"
            rx = subprocess.Popen(
                (self.at(far) + f"python3 {PROBE} rx {base} {FLOWS} {duration + 2}").split(),
                stdout=subprocess.PIPE,
                text=True,
            )
            hs.append((host, rx))
        time.sleep(0.4)
        txs = []
        for host, other, base in (("h1", "203.0.113.10", 20000), ("h2", "198.51.100.10", 30000)):
            txs.append(
                (
                    host,
                    subprocess.Popen(
                        (
                            self.at(host)
                            + f"python3 {PROBE} tx {other} {base} {FLOWS} {period} {duration}"
                        ).split(),
                        stdout=subprocess.PIPE,
                        text=True,
                    ),
                )
            )
        return hs, txs, period

    def losses(self, handles, t0):
        """Per direction: worst flow's lost seconds after t0, and whether disturbed."""
        hs, txs, period = handles
        tx = {h: json.loads(p.communicate()[0]) for h, p in txs}
        rx = {h: json.loads(p.communicate()[0]) for h, p in hs}
        res = {}
        for host, key in (("h1", "outage_pq_s"), ("h2", "outage_qp_s")):
            sent = tx[host]["times"]
            worst = 0
            before = 0
            got = rx[host]
            for f in range(FLOWS):
                have = set(got[str(f)])
                lost = [i for i in range(len(sent)) if i not in have]
                before += sum(1 for i in lost if sent[i] < t0)
                after = sum(1 for i in lost if sent[i] >= t0)
                worst = max(worst, after)
            res[key] = round(worst * period, 4)
            res["late_s"] = max(res.get("late_s", 0), round(tx[host]["late"], 4))
            res["lost_before"] = res.get("lost_before", 0) + before
        return res
