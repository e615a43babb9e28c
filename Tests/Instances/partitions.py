# SPDX-License-Identifier: Apache-2.0
"""Instances lose their way to the server, and no connection is closed."""
import os
import time

import network as namespaces
from checks import until
from deployment import INSTANCES, Deployment
from relay import Relay


def cut_and_join(checks, trial, site, cut, join):
    """Cuts the leader off, then an instance that does not lead; each comes back."""
    for number in range(1 if trial.short else 5):
        time.sleep(trial.chance.uniform(0.2, 1))
        leader = site.leading()
        index = site.instances.index(leader)
        site.takes_over(f"cut {number + 1} of the leader, {leader.name}", lambda: cut(index))
        checks.that(f"{leader.name}, cut off, does not think that it leads", until(lambda: leader.metric("julesd_leader") == 0, 15), leader.text())
        checks.that(f"{leader.name}, cut off, is alive", (answer := leader.ask("GET", "/healthz")) and answer.status == 200, answer)
        checks.that(f"{leader.name}, cut off, is not ready", (answer := leader.ask("GET", "/readyz")) and answer.status == 503, answer)
        join(index)
        site.ready(f"{leader.name} is ready again")
        site.moves("after the leader was cut off")
        other = trial.chance.choice(site.others(site.leading()))
        index = site.instances.index(other)
        cut(index)
        time.sleep(trial.chance.uniform(0, 12))
        join(index)
        site.ready(f"{other.name} is ready again")
        site.moves(f"after {other.name} was cut off")
    site.finish()


def relay(checks, trial):
    """A relay between each instance and the server stops forwarding; what waited in it arrives later."""
    relays = []

    def address(number):
        relays.append(Relay(("127.0.0.1", site.primary.port)))
        return "127.0.0.1", relays[-1].port

    site = Deployment(trial, "relay", address=address)
    try:
        with site:
            site.join()
            cut_and_join(checks, trial, site, lambda index: relays[index].cut(), lambda index: relays[index].join_again())
    finally:
        for each in relays:
            each.end()


def network(checks, trial):
    """The server is in a network namespace, and its link to an instance goes down: packets are lost."""
    if os.geteuid() != 0:
        print("      left out: only root can make network namespaces", flush=True)
        return
    net = namespaces.Network(INSTANCES)
    try:
        site = Deployment(trial, "network", network=net, address=lambda number: (net.address(number), site.primary.port))
        with site:
            site.join()
            cut_and_join(checks, trial, site, net.cut, net.join)
    finally:
        net.close()
