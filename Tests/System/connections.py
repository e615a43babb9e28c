# SPDX-License-Identifier: Apache-2.0
"""Opens argv[2] connections per second to 127.0.0.1:3001, each for one GET /healthz, until the file argv[1] is removed.

Prints how many were answered, refused, and lost (reset or closed before an answer), and the first error.
The file argv[1].ended has the number of connections that have ended so far.
"""
import asyncio
import collections
import os
import sys

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def tell_of(path, count):
    """Writes a number so that no reader sees half of it."""
    with open(f"{path}.new", "w") as file:
        file.write(str(count))
    os.rename(f"{path}.new", path)


async def ask():
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", 3001)
    except ConnectionRefusedError as error:
        return "refused", error
    except OSError as error:
        return "lost", error
    try:
        writer.write(REQUEST)
        answer = await asyncio.wait_for(reader.read(4096), 30)
        return ("answered", None) if answer.startswith(b"HTTP/1.1 200") else ("lost", answer)
    except (OSError, asyncio.TimeoutError) as error:
        return "lost", error
    finally:
        writer.close()


async def main(flag, rate):
    loop = asyncio.get_running_loop()
    counts = collections.Counter(answered=0, refused=0, lost=0)
    began = due = loop.time()
    asking = set()
    first = None

    def note(task):
        nonlocal first
        asking.discard(task)
        outcome, trouble = task.result()
        counts[outcome] += 1
        if counts.total() % 50 == 0:
            tell_of(f"{flag}.ended", counts.total())
        first = first or (outcome != "answered" and repr(trouble)) or None

    while os.path.exists(flag):
        task = asyncio.create_task(ask())
        asking.add(task)
        task.add_done_callback(note)
        due += 1 / rate
        await asyncio.sleep(max(0, due - loop.time()))
    seconds = loop.time() - began
    while asking:
        await asyncio.wait(asking)
    print(*(f"{name}={count}" for name, count in counts.items()), f"rate={sum(counts.values()) / seconds:.0f}/s")
    if first:
        print("the first error:", first)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
