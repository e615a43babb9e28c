# SPDX-License-Identifier: Apache-2.0
"""The leader is stopped and goes on later, or has a wrong clock."""
import time

from checks import until
from deployment import Deployment


def stopped(checks, trial):
    """SIGSTOP, a takeover, SIGCONT: the stopped one must not write what it had begun."""
    with Deployment(trial, "stopped-leader") as site:
        site.join()
        for number in range(1 if trial.short else 10):
            time.sleep(trial.chance.uniform(0.2, 1))
            leader = site.leading()
            site.takes_over(f"stop {number + 1} of the leader, {leader.name}", leader.freeze)
            time.sleep(trial.chance.uniform(0, 3))
            leader.thaw()
            checks.that(f"{leader.name} notices that it does not lead any more", until(lambda: leader.metric("julesd_leader") == 0, 15), leader.text())
            site.moves("after the stop")
        site.finish()


def clock(checks, trial):
    """The leader's clock is set an hour ahead, then another's an hour back; each leads for a while and is killed."""
    with Deployment(trial, "clock") as site:
        site.join()
        for shift in 3600, -3600:
            leader = site.leading()
            leader.set_clock(shift)
            site.moves(f"with the leader's clock off by {shift} s")
            time.sleep(3)
            site.takes_over(f"the leader, whose clock is off by {shift} s, is killed", leader.kill)
            leader.start()
            checks.that(f"{leader.name} serves with its wrong clock", leader.serves(), leader.text())
        # The one with the wrong clock leads at last.
        wrong = leader
        for other in site.others(wrong):
            other.kill()
        checks.that("the instance with the wrong clock leads", until(lambda: wrong.leads, 15), wrong.text())
        for other in site.others(wrong):
            other.start()
        site.moves("led by the instance with the wrong clock")
        checks.equal("no session is reported as stalled", sum(instance.told("session_stalled") for instance in site.instances), 0)
        checks.equal("no delivery is dead", wrong.deliveries("dead"), [])
        site.finish()
