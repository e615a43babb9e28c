# SPDX-License-Identifier: Apache-2.0
"""Instances are killed, or stopped in an orderly way, under load."""
import time

from checks import until
from creator import Creator
from deployment import Deployment


def run(checks, trial):
    """Any instance is killed, and starts again after up to two seconds. At times two are down."""
    with Deployment(trial, "kills") as site:
        site.account.lost = 0.15
        site.join()
        down = []
        for _kill in range(trial.kills):
            time.sleep(trial.chance.uniform(0.2, 1.5))
            if len(down) == 2 or (down and trial.chance.random() < 0.5):
                down.pop(0).start()
            instance = trial.chance.choice([instance for instance in site.instances if instance not in down])
            instance.kill()
            down.append(instance)
        for instance in down:
            instance.start()
        for instance in site.instances:
            checks.that(f"{instance.name} serves after {instance.kills} kills", instance.serves(), instance.text())
        site.moves("after the last kill")
        site.finish()


def leaders(checks, trial):
    """The leader is killed; another one leads, and then the killed one starts again."""
    with Deployment(trial, "leader-kills") as site:
        site.account.lost = 0.15
        site.join()
        for number in range(2 if trial.short else 20):
            time.sleep(trial.chance.uniform(0.2, 1.5))
            leader = site.leading()
            site.takes_over(f"kill {number + 1} of the leader, {leader.name}", leader.kill)
            leader.start()
            checks.that(f"{leader.name} serves again", leader.serves(), leader.text())
        site.finish()


def restarts(checks, trial):
    """One instance after the other is stopped with SIGTERM and starts again, as in an upgrade. Nobody is refused anything."""
    with Deployment(trial, "rolling-restart") as site:
        site.join(creators=0)
        site.creators = [Creator(f"visitor {number}", site.balancer.server, [], trial.chance, pause=0.02) for number in range(2)]
        for _round in range(1 if trial.short else 5):
            for instance in site.instances:
                term, led = site.audit.term, instance.leads
                checks.equal(f"{instance.name} stops in an orderly way", instance.end(), 0, instance.text())
                if led:
                    checks.that("another instance leads within 2 s", until(lambda: site.audit.term > term, 2), site.text())
                instance.start()
                checks.that(f"{instance.name} serves again", instance.serves(), instance.text())
        site.moves("after the restarts")
        for creator in site.creators:
            creator.end()
        checks.equal("no creation was refused", sum(c.attempts for c in site.creators), sum(len(c.made) for c in site.creators),
                     [c.refusals[:5] for c in site.creators], site.text())
        site.finish()
