#!/usr/bin/env python3
"""Keeps a running Seki equal to a folder of JSON files, one for each cluster:

    shop.json   {"settings":  {"load_balancing": "LEAST_LOADED", "sticky_session": true},
                 "frontends": [{"listener": "127.0.0.1:8080", "hostname": "shop.example", "path": "/"}],
                 "backends":  [{"address": "127.0.0.1:9001", "weight": 10}, {"address": "[::1]:9002"}]}

Settings have the names of the message Cluster in proto/command.proto. Clusters, HTTP frontends and backends are the
folder's: what others add is taken away again. Listeners and certificates are not touched.

What is different goes to Seki as one transaction: it is made on all workers or not at all, and only if nobody changed the
state since it was read. A file that is wrong is named, and nothing is changed until it is right.
"""
import argparse
import ipaddress
import json
import pathlib
import sys
import time

from google.protobuf import json_format

from seki_client import Client, Refused, schema

# Which field of a Request adds a thing of ours, which one removes it, and what names the thing.
KINDS = {
    "add_cluster": ("remove_cluster", lambda it: it.cluster_id),
    "add_backend": ("remove_backend", lambda it: (it.cluster_id, it.backend_id, it.address.SerializeToString())),
    "add_http_frontend": ("remove_http_frontend",
                          lambda it: (it.address.SerializeToString(), it.hostname, it.path.kind, it.path.value, it.method)),
}


def address_of(text):
    host, _, port = text.rpartition(":")
    ip = ipaddress.ip_address(host.strip("[]"))
    address = schema.SocketAddress(port=int(port))
    if ip.version == 4:
        address.ip.v4 = int(ip)
    else:
        address.ip.v6.low, address.ip.v6.high = int(ip) & (2**64 - 1), int(ip) >> 64
    return address


def wanted_of(name, said):
    """The changes that make the cluster that a file tells of."""
    cluster = schema.Cluster(cluster_id=name, sticky_session=False, https_redirect=False,
                             load_balancing=schema.ROUND_ROBIN)
    json_format.ParseDict(said.get("settings", {}), cluster)
    yield schema.Request(add_cluster=cluster)
    for frontend in said.get("frontends", []):
        yield schema.Request(add_http_frontend=schema.RequestHttpFrontend(
            cluster_id=name, address=address_of(frontend["listener"]), hostname=frontend["hostname"],
            path=schema.PathRule(kind=schema.PREFIX, value=frontend.get("path", "")), position=schema.TREE))
    for backend in said.get("backends", []):
        weight = schema.LoadBalancingParams(weight=backend.get("weight", 100))
        yield schema.Request(add_backend=schema.AddBackend(
            cluster_id=name, backend_id=backend["address"], address=address_of(backend["address"]),
            load_balancing_parameters=weight))


def read_folder(folder):
    """All that is wanted. Raises a ValueError that names the file."""
    wanted = []
    for path in sorted(folder.glob("*.json")):
        try:
            wanted += wanted_of(path.stem, json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, AttributeError, json_format.ParseError) as error:
            raise ValueError(f"{path}: {error!r}") from error
    return wanted


def by_name(changes):
    """Those that add things of ours, by what they add."""
    things = {}
    for change in changes:
        verb = change.WhichOneof("request_type")
        if verb in KINDS:
            _, name_of = KINDS[verb]
            things[verb, name_of(getattr(change, verb))] = change
    return things


def is_same(wanted, present):
    """Whether they say the same: a field that one of them leaves out has its default."""
    verb = wanted.WhichOneof("request_type")
    a, b = getattr(wanted, verb), getattr(present, verb)
    return all(getattr(a, field.name) == getattr(b, field.name) for field in a.DESCRIPTOR.fields)


def removal(change):
    verb = change.WhichOneof("request_type")
    remove, _ = KINDS[verb]
    it = getattr(change, verb)
    if verb == "add_cluster":
        return schema.Request(remove_cluster=it.cluster_id)
    if verb == "add_backend":
        return schema.Request(remove_backend=schema.RemoveBackend(cluster_id=it.cluster_id, backend_id=it.backend_id,
                                                                  address=it.address))
    return schema.Request(**{remove: it})


def difference(wanted, present):
    """The changes that lead from `present` to `wanted`: what others rest on goes last and comes first."""
    wanted, present = by_name(wanted), by_name(present)
    changed = [key for key in wanted if key in present and not is_same(wanted[key], present[key])]
    gone = [key for key in present if key not in wanted]
    # A frontend that is there cannot be added again; clusters and backends are replaced by adding them.
    first = [key for key in gone + changed if key[0] == "add_http_frontend"]
    first += [key for key in gone if key[0] == "add_backend"] + [key for key in gone if key[0] == "add_cluster"]
    changes = [removal(present[key]) for key in first]
    for verb in ("add_cluster", "add_backend", "add_http_frontend"):
        changes += [wanted[key] for key in wanted if key[0] == verb and (key not in present or key in changed)]
    return changes


def bring_up_to_date(client, folder):
    """Returns how many changes that took."""
    wanted = read_folder(folder)
    while True:
        version, present = client.state()
        changes = difference(wanted, present)
        if not changes:
            return 0
        try:
            client.apply(changes, version)
            return len(changes)
        except Refused as refused:
            if refused.version in (None, version):
                raise
            # Somebody else changed the state since it was read.


def seen(folder):
    return sorted((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in folder.glob("*.json"))


def follow(options):
    last = None
    while True:
        now = seen(options.folder)
        if now != last or options.every_time:
            try:
                with Client(options.socket) as client:
                    count = bring_up_to_date(client, options.folder)
                if count or last is None:
                    print(f"{count} changes made", flush=True)
                last = now
            except (OSError, ValueError, Refused) as error:
                print(error, file=sys.stderr, flush=True)
                if options.once:
                    return 1
        if options.once:
            return 0
        time.sleep(options.interval)


def main():
    parser = argparse.ArgumentParser(description="Keeps Seki equal to a folder of JSON files.")
    parser.add_argument("socket", help="Seki's command socket")
    parser.add_argument("folder", type=pathlib.Path, help="one NAME.json for each cluster")
    parser.add_argument("--once", action="store_true", help="once, instead of as long as it runs")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between two looks at the folder")
    parser.add_argument("--every-time", action="store_true", help="compare though no file was changed")
    return follow(parser.parse_args())


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
