# SPDX-License-Identifier: Apache-2.0
"""What people do at any instance, the budget that all instances share, and how soon a change is told everywhere."""
import time

from checks import until
from deployment import Deployment
from follower import followers


def nobody_leads(checks, trial):
    """The leader is stopped. Until another one leads, people create, write and acknowledge at each other instance."""
    with Deployment(trial, "nobody-leads") as site:
        site.join(creators=0)
        waiting = iter(site.account.waiting)
        for number in range(1 if trial.short else 5):
            site.ready()
            leader, term = site.leading(), site.audit.term
            leader.freeze()
            for instance in site.others(leader):
                for what, method, path, body, status in [
                        ("create", "POST", "/api/sessions", {"prompt": f"Round {number} at {instance.name}"}, 201),
                        ("message", "POST", f"/api/sessions/{next(waiting)['id']}/message", {"message": "Go on."}, 200),
                        ("acknowledge", "POST", f"/api/sessions/{next(waiting)['id']}/acknowledge", None, 204)]:
                    answer = instance.ask(method, path, body)
                    checks.that(f"nobody leads: {what} at {instance.name}", answer and answer.status == status, time.strftime("%T"), answer, instance.text())
            if site.audit.term != term:
                print("      another instance led before all was done", flush=True)
            checks.that("then another instance leads", until(lambda: site.audit.term > term, 15), site.text())
            leader.thaw()
            site.moves("after the stop")
        counts = site.account.created()
        checks.equal("nothing was created twice", {prompt: count for prompt, count in counts.items() if count != 1}, {})
        site.finish()


def budget(checks, trial):
    """All instances together keep UPSTREAM_BUDGET, while people act at all of them and the leader is killed."""
    limit = 120
    with Deployment(trial, "budget", UPSTREAM_BUDGET=str(limit)) as site:
        site.join(count=6, creators=3)
        end = time.monotonic() + (65 if trial.short else 200)
        while time.monotonic() < end:
            time.sleep(trial.chance.uniform(5, 15))
            leader = site.leading()
            leader.kill()
            leader.start()
            leader.serves()
        busiest = site.account.busiest(60)
        checks.that(f"never more than {limit} requests in 60 s", busiest <= limit, busiest, site.text())
        checks.that("the budget was needed", busiest > limit * 0.8, busiest)
        print(f"      at most {busiest} of {limit} requests in any 60 s, {len(site.account.requests)} in all", flush=True)


def delay(checks, trial):
    """From the commit of a change to the clients of each instance, by the clock of this machine."""
    with Deployment(trial, "delay") as site:
        site.join(count=1, creators=0)
        leader = site.leading()
        told = {instance.name: followers(instance.server, 3, trial.chance, stay=None) for instance in site.instances}
        time.sleep(10 if trial.short else 40)
        commits = site.audit.commits()
        for instance in site.instances:
            for follower in told[instance.name]:
                delays = sorted(1000 * (at - commits[seq]) for seq, at in follower.arrivals.items() if seq in commits)[1:]
                checks.that(f"{follower.name} at {instance.name} gets changes", len(delays) > 20, len(delays), instance.text())
                follower.ending.set()
                if delays:
                    p50, p99 = (delays[int(len(delays) * share)] for share in (0.5, 0.99))
                    print(f"      {'leader' if instance is leader else 'another instance'}, {follower.channel}: {len(delays)} changes, "
                          f"p50 {p50:.1f} ms, p99 {p99:.1f} ms", flush=True)
