# SPDX-License-Identifier: Apache-2.0
"""The server restarts, goes away, or is killed and replaced by a standby."""
import signal
import time

from checks import until
from deployment import Deployment
from follower import followers


def restarts(checks, trial):
    """Fast and immediate restarts under load, and a server that is away for some seconds."""
    with Deployment(trial, "restarts") as site:
        site.join()
        for number in range(1 if trial.short else 5):
            for order, name in (signal.SIGINT, "fast"), (signal.SIGQUIT, "immediate"):
                site.primary.end(order)
                site.primary.start()
                site.moves(f"{name} restart {number + 1}")
        away(checks, site)
        site.finish()


def away(checks, site):
    staying = followers(site.balancer.server, 2, site.chance, stay=None)
    site.require("two followers stay", lambda: all(follower.seen for follower in staying))
    site.primary.end()
    for instance in site.instances:
        def asks(path, instance=instance):
            return instance.ask("GET", path)
        checks.that(f"server away: {instance.name} is not ready", until(lambda: (a := asks("/readyz")) and a.status == 503, 15), instance.text())
        checks.status(f"server away: {instance.name} is alive", asks("/healthz"), 200)
        for method, path, body in [("GET", "/api/sessions", None), ("GET", "/api/deltas?since=0", None), ("POST", "/api/sessions", {"prompt": "Away"}),
                                   ("POST", f"/api/sessions/{site.account.waiting[0]['id']}/acknowledge", None)]:
            answer = instance.ask(method, path, body)
            checks.status(f"server away: {instance.name} refuses {method} {path}", answer, 503, "store_unavailable")
            checks.that(f"server away: {method} {path} says when to come back", answer and answer.header("retry-after"), answer)
    time.sleep(3)
    connections = {follower.name: follower.connections for follower in staying}
    checks.equal("server away: connections stay open", set(connections.values()), {1}, connections)
    site.primary.start()
    site.moves("the server is back")
    known = [(follower, follower.seq) for follower in staying]
    checks.that("the server is back: the followers that stayed get changes", until(lambda: all(f.seq > seq for f, seq in known), 20), site.text())
    checks.equal("the server is back: on the same connections", {follower.connections for follower in staying}, {1})
    for follower in staying:
        checks.equal(f"{follower.name}, which stayed, saw every change once and in order", (follower.faults[:5], follower.gaps), ([], 0))
        follower.end()
    checks.that("the server is back: every instance is ready", until(lambda: all(
        (a := instance.ask("GET", "/readyz")) and a.status == 200 for instance in site.instances), 20), site.text())


def promote(checks, site, lacking):
    """Kills the primary and promotes the standby. `lacking`: the standby has stopped to follow before."""
    old = site.primary
    if lacking:
        site.standby.cut_off()
        site.moves("the standby lacks what comes now")
    known = {(follower.epoch, follower.seq) for follower in site.followers}
    epoch = next(iter(known))[0]
    old.kill()
    site.standby.promote()
    site.primary, site.standby = site.standby, None
    site.require("the log has a new epoch", lambda: site.primary.value("SELECT epoch FROM log") != epoch, 40)
    checks.that("every follower is in the new epoch", until(lambda: {f.epoch for f in site.followers} == {site.primary.value("SELECT epoch FROM log")}, 40),
                [(f.name, f.epoch, f.seq) for f in site.followers], site.text())
    checks.that("the new numbers lie above all that were told", int(site.primary.value("SELECT origin FROM log")) >= max(seq for _, seq in known))
    site.moves("after the promotion")
    checks.that("every instance is ready", until(lambda: all((a := i.ask("GET", "/readyz")) and a.status == 200 for i in site.instances), 30), site.text())
    site.finish(gaps=1)


def synchronous(checks, trial):
    """The primary is killed, and its synchronous standby, which has every commit, is promoted."""
    with Deployment(trial, "synchronous", standby="synchronous") as site:
        site.join()
        time.sleep(2)
        promote(checks, site, lacking=False)


def asynchronous(checks, trial):
    """The primary is killed, and a standby that lacks commits which have been told is promoted."""
    with Deployment(trial, "asynchronous", standby="asynchronous") as site:
        # A creation whose key is lost with the commits could not be known again.
        site.join(creators=0)
        time.sleep(2)
        promote(checks, site, lacking=True)
