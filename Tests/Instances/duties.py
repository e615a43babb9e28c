# SPDX-License-Identifier: Apache-2.0
"""What only the leader does for people, the queue and the rules, is done once although leaders are killed and stopped."""
import time

from checks import until
from deployment import Deployment
from tasks import Tasks, check_started, queue_tasks
from waiting import WaitingAccount, check_answered, write_rules


def change_leaders(trial, site, count):
    """Kills and stops leaders by turns. The next one waits until somebody leads."""
    for number in range(count):
        time.sleep(trial.chance.uniform(0.1, 1.5))
        leader = site.leading()
        if number % 3 == 2:
            leader.freeze()
            until(lambda: any(other.leads for other in site.others(leader)), 15)
            leader.thaw()
        else:
            leader.kill()
            leader.start()


def queue(checks, trial):
    """Tasks are queued at all instances. Creations are lost, refused, or refused although they were done."""
    with Deployment(trial, "queue", account=Tasks(trial.chance), TASKS_AT_ONCE="3") as site:
        site.watch(6)
        wanted = queue_tasks(checks, lambda: trial.chance.choice(site.instances).server, 20 if trial.short else 60)
        change_leaders(trial, site, 3 if trial.short else 40)
        site.account.fickle = False
        # A new leader does not know of the pause after a refusal.
        leader = site.leading()
        leader.kill()
        leader.start()
        checks.that(f"{leader.name} serves again", leader.serves(), leader.text())
        check_started(checks, site.balancer.server, site.account, wanted, site.text)
        site.finish()


def rules(checks, trial):
    """Plans, questions and failures come up all the time. Each must be answered once."""
    folder = write_rules(f"{trial.work}/rules.d")
    with Deployment(trial, "rules", account=WaitingAccount(trial.seed), RULES_DIR=folder, UPSTREAM_TIMEOUT="2s") as site:
        site.watch(6)
        site.account.moving = True
        change_leaders(trial, site, 3 if trial.short else 40)
        time.sleep(2)
        site.account.moving = False
        made = check_answered(checks, site.balancer.server, site.account, site.text)
        print(f"      {len(site.account.acts)} acts, {dict(made)}", flush=True)
        site.finish()
