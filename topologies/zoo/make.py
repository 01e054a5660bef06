#!/usr/bin/env python3
"""Turns a map of the Internet Topology Zoo into a design.

    make.py Abilene.graphml 100 > abilene.yaml

The second argument is the number of prefixes that both neighbours announce: one entry with
`count`, or with a third argument, `--apart`, an entry for each, with a community of its own: else
pnilab would treat them as one, since all is alike. Needs the standard library only; equal inputs
give equal bytes. The maps are those of Knight, Nguyen, Falkner, Bowden, Roughan,
"The Internet Topology Zoo", IEEE JSAC 29(9), 2011; NOTICE tells more.

What is made of a map is a workload for comparing simulators of routing:
* Nodes are routers, in the order of the file. Edges are links without direction; duplicates and
  loops are left out. Links are sorted by the lower and the higher index of their ends, and link k
  (from 0) has the metric 10 + 7k mod 11 both ways.
* AS 100 is a neighbour of node 0, AS 200 of the node farthest from it in hops, of those the one of
  lowest index: one session each. Both announce the same prefixes with two ASes in the path. Both
  are peers, so that neither is told what the other announces.
* The two routers with most links, of equals those of lowest index, reflect to all others and are
  peers of each other.
"""

import math
import re
import sys
import textwrap
import unicodedata
import xml.etree.ElementTree as ElementTree
from pathlib import Path

SPACE = "{http://graphml.graphdrawing.org/xmlns}"
# Where an end of a link has no position.
DEFAULT_KM = 100
EARTH_KM = 6371.0
# Names have up to 63 characters, those of links are two of routers.
LONGEST = 28
# What readers of YAML 1.1 take for something else than a text, among them the code of Norway.
NO_TEXT = re.compile("(y|n|yes|no|on|off|true|false|null)|[0-9-]+(e[0-9]+)?")
# What there is beside the map.
TAKEN = {"as-100", "as-200", "content-100", "content-200"}


class Node:
    """A node of the map: its label, position and name in the design."""

    def __init__(self, label, position, name):
        self.label = label
        self.position = position
        self.name = name


def read(path):
    """The name of the network, its nodes and its links as pairs of indices, sorted."""
    root = ElementTree.parse(path).getroot()
    keys = {(k.get("for"), k.get("id")): k.get("attr.name") for k in root.iter(SPACE + "key")}
    graph = root.find(SPACE + "graph")

    def data(element, kind):
        return {keys[kind, d.get("key")]: d.text for d in element.findall(SPACE + "data")}

    index, nodes, names = {}, [], set(TAKEN)
    for element in graph.findall(SPACE + "node"):
        fields = data(element, "node")
        label = (fields.get("label") or "None").strip()
        position = None
        if "Latitude" in fields and "Longitude" in fields:
            position = (fields["Latitude"], fields["Longitude"])
        index[element.get("id")] = len(nodes)
        nodes.append(Node(label, position, name_of(label, len(nodes), names)))
    links = set()
    for edge in graph.findall(SPACE + "edge"):
        ends = sorted((index[edge.get("source")], index[edge.get("target")]))
        if ends[0] != ends[1]:
            links.add(tuple(ends))
    return data(graph, "graph").get("Network", "").strip(), nodes, sorted(links)


def name_of(label, index, names):
    """A valid name that is not among `names`, and is from now on."""
    ascii_only = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    base = re.sub("[^a-z0-9]+", "-", ascii_only.lower()).strip("-")[:LONGEST]
    # The Zoo labels nodes without a name "None".
    if base in ("", "none"):
        base = f"node-{index}"
    if NO_TEXT.fullmatch(base):
        base = f"node-{base}"
    name, count = base, 1
    while name in names:
        count += 1
        name = f"{base}-{count}"
    names.add(name)
    return name


def hops_from_first(size, links):
    """How many links each node is away from node 0; absent: it cannot be reached."""
    near = [[] for _ in range(size)]
    for a, b in links:
        near[a].append(b)
        near[b].append(a)
    hops, queue = {0: 0}, [0]
    for node in queue:
        for other in near[node]:
            if other not in hops:
                hops[other] = hops[node] + 1
                queue.append(other)
    return hops


def most_links(size, links):
    """The two nodes with most links."""
    degree = [0] * size
    for a, b in links:
        degree[a] += 1
        degree[b] += 1
    return sorted(range(size), key=lambda node: (-degree[node], node))[:2]


def kilometres(a, b):
    """Great-circle distance, at least 1 km; None where a position is lacking."""
    if a.position is None or b.position is None:
        return None
    (lat1, lon1), (lat2, lon2) = (
        tuple(math.radians(float(degrees)) for degrees in node.position) for node in (a, b)
    )
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return max(1, round(2 * EARTH_KM * math.asin(math.sqrt(min(1.0, half)))))


def quoted(text):
    """A double-quoted YAML text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def head(source, network, nodes, links, count):
    """What the file says before its entries."""
    lacking = sum(1 for a, b in links if kilometres(nodes[a], nodes[b]) is None)
    lengths = "Lengths are great-circle distances"
    if lacking:
        lengths += f", {DEFAULT_KM} km for {lacking} links where the map lacks a position"
    announced = "the same prefix" if count == 1 else f"the same {count} prefixes"
    about = f"""{network}, {len(nodes)} routers and {len(links)} links: a map of the Internet Topology
        Zoo (Knight et al., IEEE JSAC 29(9), 2011) with a workload for comparing simulators of
        routing. AS 100 at the first router and AS 200 far away announce {announced}, and nothing
        but the way there tells them apart; two reflectors tell all others. {lengths}; metrics,
        speeds, reflectors and neighbours are made up."""
    return f"""\
# yaml-language-server: $schema=../../schemas/topology.schema.json
# Written by make.py, not by hand: make.py {source.name} {" ".join(sys.argv[2:])}
pnilab: topology/1
name: zoo-{source.stem.lower()}
about: >-
{textwrap.indent(textwrap.fill(" ".join(about.split()), 98), "  ")}
"""


def places(nodes):
    """Each node is a metro with one site."""
    yield "\nmetros:"
    for node in nodes:
        position = f", position: [{', '.join(node.position)}]" if node.position else ""
        yield f"  {node.name}: {{about: {quoted(node.label)}{position}}}"
    yield "sites:"
    for node in nodes:
        yield f"  {node.name}: {{metro: {node.name}}}"


def routers(nodes, first, far, reflectors):
    """Networks and routers."""
    named = ", ".join(nodes[node].name for node in reflectors)
    yield f"""
networks:
  zoo: {{asn: 65000, ibgp: {{mode: reflection, reflectors: [{named}]}}}}
  as-100: {{asn: 100, kind: transit}}
  as-200: {{asn: 200, kind: transit}}
  # A prefix belongs to one network, so what both announce is that of a customer of both: of this AS
  # behind each of them, without a way between its routers. So paths are two ASes long.
  content: {{asn: 300, ibgp: {{mode: none}}, igp: {{kind: static}}}}
routers:"""
    for node in nodes:
        yield f"  {node.name}: {{network: zoo, site: {node.name}}}"
    for number, node in ((100, first), (200, far)):
        yield f"  as-{number}: {{network: as-{number}, site: {nodes[node].name}}}"
        yield f"  content-{number}: {{network: content, site: {nodes[node].name}}}"


def lags(nodes, links, first, far):
    """Links, and PNIs with neighbours."""
    yield "\nlinks:"
    for k, (a, b) in enumerate(links):
        name = f"{nodes[a].name}--{nodes[b].name}"
        length = kilometres(nodes[a], nodes[b]) or DEFAULT_KM
        yield (
            f"  {name}: {{ends: [{nodes[a].name}, {nodes[b].name}], metric: {10 + 7 * k % 11}, "
            f"circuits: {{{name}: {{speed: 100G, length: {length}km}}}}}}"
        )
    yield "pnis:"
    for number, node in ((100, first), (200, far)):
        for name, ends, relation in (
            (f"pni-{number}", f"{nodes[node].name}, as-{number}", "peer"),
            (f"content-{number}", f"as-{number}, content-{number}", "customer"),
        ):
            yield f"  {name}:"
            yield f"    ends: [{ends}]"
            yield f"    relation: {relation}"
            yield f"    circuits: {{{name}: {{speed: 100G, length: 1km}}}}"
            yield "    sessions: {ipv4: {}}"


def traffic(nodes, hops, count, apart):
    """Prefixes and demands."""
    by_hops = [min(n for n in hops if hops[n] == k * max(hops.values()) // 4) for k in range(5)]
    by_hops = list(dict.fromkeys(by_hops))
    sources = ", ".join(nodes[node].name for node in by_hops)
    served = "routers: [content-100, content-200]"
    yield "\nprefixes:"
    if apart:
        for k in range(count):
            own = f'communities: ["65000:{k}"]'
            yield f"  10.{k // 256}.{k % 256}.0/24: {{network: content, {served}, {own}}}"
    else:
        yield f"  10.0.0.0/24: {{network: content, {served}, count: {count}}}"
    yield "  # Where traffic comes from; beside the workload, since demands need one."
    yield f"  192.168.0.0/24: {{network: zoo, routers: [{sources}]}}"
    yield "# From the lowest-index routers at no, a quarter, half, three quarters and all of the"
    yield "# greatest distance in hops from AS 100."
    yield "demands:"
    for node in by_hops:
        yield (
            f"  from-{nodes[node].name}: {{at: {nodes[node].name}, from: 192.168.0.0/24, "
            f"to: 10.0.0.0/24, rate: 10G}}"
        )


def main():
    source, count, apart = Path(sys.argv[1]), int(sys.argv[2]), "--apart" in sys.argv[3:]
    network, nodes, links = read(source)
    hops = hops_from_first(len(nodes), links)
    far = min(node for node in hops if hops[node] == max(hops.values()))
    sys.stdout.write(head(source, network, nodes, links, count))
    for part in (
        places(nodes),
        routers(nodes, 0, far, most_links(len(nodes), links)),
        lags(nodes, links, 0, far),
        traffic(nodes, hops, count, apart),
    ):
        for line in part:
            print(line)


if __name__ == "__main__":
    main()
