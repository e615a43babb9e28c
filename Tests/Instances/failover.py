# SPDX-License-Identifier: Apache-2.0
"""The server restarts, goes away, or is killed and replaced by a standby."""
import signal
import time

from checks import until
from deployment import LONGEST_TAKEOVER, Deployment
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
    site.ready("the server is back: every instance is ready")


def promote(checks, site):
    """Kills the primary and promotes the standby. Checks that the instances begin a new epoch there."""
    told = {(follower.epoch, follower.seq) for follower in site.followers}
    epoch, newest = next(iter(told))[0], max(seq for _, seq in told)
    began = time.time()
    site.primary.kill()
    site.standby.promote()
    promoted = time.time()
    site.primary, site.standby = site.standby, None
    site.require("the log has a new epoch", lambda: site.primary.value("SELECT epoch FROM log") != epoch, 40)
    checks.that("the new numbers lie above all that were told", int(site.primary.value("SELECT origin FROM log")) >= newest)
    first = until(site.audit.first_of_epoch, 20)
    took = first - promoted if first else None
    checks.that(f"the first change of the new epoch within {LONGEST_TAKEOVER} s of the promotion", took and took <= LONGEST_TAKEOVER, took, site.text())
    print(f"      the promotion took {promoted - began:.1f} s, the first change came {took or 0:.1f} s later", flush=True)


def goes_on(checks, site):
    checks.that("every follower is in the new epoch", until(lambda: {f.epoch for f in site.followers} == {site.primary.value("SELECT epoch FROM log")}, 40),
                [(f.name, f.epoch, f.seq) for f in site.followers], site.text())
    site.moves("after the promotion")
    site.ready()
    site.finish(gaps=1)


def synchronous(checks, trial):
    """The primary is killed, and its synchronous standby, which has every commit, is promoted."""
    with Deployment(trial, "synchronous", standby="synchronous") as site:
        site.join()
        time.sleep(2)
        promote(checks, site)
        goes_on(checks, site)


def asynchronous(checks, trial):
    """The primary is killed, and a standby that lacks commits which have been told is promoted.

    It lacks the present leader's term too. That leader is stopped meanwhile, and must not go on in a term that is now another's."""
    with Deployment(trial, "asynchronous", standby="asynchronous") as site:
        # A creation whose key is lost with the commits could not be known again.
        site.join(creators=0)
        site.standby.cut_off()
        leader = site.leading()
        site.takes_over("a change of leader that the standby lacks", leader.kill)
        leader.start()
        checks.that(f"{leader.name} serves again", leader.serves(), leader.text())
        site.moves("the standby lacks what comes now")
        leader = site.leading()
        leader.freeze()
        promote(checks, site)
        leader.thaw()
        goes_on(checks, site)
