// SPDX-License-Identifier: Apache-2.0
// Which priorities put a task of the queue where somebody wants it. The highest comes first, then the oldest.

const HIGHEST = 100;
/** Each change is a request, and too many would meet the rate limit. */
const MOST_CHANGES = 20;

/**
 * The changes that bring the task `id` to the place `to`, counted among the others; null if that takes too many, or no priority is
 * left. `tasks` are {id, priority, queuedAt} in the order of the queue. The answer is a list of {id, priority}: made in this order,
 * no change lets other tasks overtake each other.
 */
export function changesToMove(tasks, id, to) {
  const byAge = [...tasks].sort((a, b) => (a.queuedAt < b.queuedAt ? -1 : +(a.queuedAt > b.queuedAt)));
  const ages = new Map(byAge.map((task, age) => [task.id, age]));
  const all = tasks.map((task) => ({ id: task.id, priority: task.priority, age: ages.get(task.id) }));
  const from = all.findIndex((task) => task.id === id);
  if (from < 0 || from === to) return [];
  const [task] = all.splice(from, 1);
  const above = all.slice(0, to).reverse();
  const below = all.slice(to).map(mirrored);
  const most = above.length ? mostBehind(above[0], task) : HIGHEST;
  const least = below.length ? -mostBehind(below[0], mirrored(task)) : -HIGHEST;
  if (least <= most) {
    const middle = Math.round((least + most) / 2);
    return [{ id, priority: above.length && below.length ? middle : Math.min(Math.max(task.priority, least), most) }];
  }
  // No priority fits between the two: those above go up, or those below go down.
  const up = lifted(task, least, above);
  const down = lifted(mirrored(task), -most, below)?.map(mirrored);
  const [best] = [up, down].filter((way) => way && way.length <= MOST_CHANGES).sort((a, b) => a.length - b.length);
  return best?.map((change) => ({ id: change.id, priority: change.priority })) ?? null;
}

/** The highest priority with which `task` still comes after `other`. */
function mostBehind(other, task) {
  return other.age < task.age ? other.priority : other.priority - 1;
}

/** Gives `task` a priority, and to those above it, the nearest first, what keeps them above. */
function lifted(task, priority, above) {
  let last = { ...task, priority };
  const changes = [last];
  for (const other of above) {
    const least = other.age < last.age ? last.priority : last.priority + 1;
    if (other.priority >= least) break;
    last = { ...other, priority: least };
    changes.unshift(last);
  }
  return last.priority > HIGHEST ? null : changes;
}

/** The same task in a queue that is read from its end. */
function mirrored({ id, priority, age }) {
  return { id, priority: -priority, age: -age };
}
