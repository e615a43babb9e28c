# SPDX-License-Identifier: Apache-2.0
"""The queue, and the room that the account has left."""
from checks import until
from page import Jules, Page
from programs import Daemon


def run(checks):
    jules = Jules()
    daemon = Daemon(jules, TASKS_PER_DAY="2")
    page = Page(daemon)
    page.go("#/health")
    page.see(".quiet", "Nothing is queued.")
    for title in ("<b>First</b>", "Second", "Third", "Fourth"):
        daemon.server.post("/api/sessions", {"prompt": title, "title": title, "queue": True})
    until(lambda: sum(entry["state"] == "started" for entry in entries(daemon)) == 2)
    page.see("p.quiet", "Tasks in 24 hours: 2 of 2")
    page.see("p.quiet", "Next free place in 23 h")
    checks.that("the room that is left is shown as a bar", page.count("p.quiet meter[aria-label='Tasks in 24 hours']") == 1)
    page.see("td", "<b>First</b>")
    waiting = [entry["id"] for entry in entries(daemon) if entry["state"] == "waiting"]
    page.click(f"[data-key='{waiting[1]}Sooner']", "Sooner")
    checks.that("a task can be moved forward", until(lambda: entries(daemon)[0]["id"] == waiting[1]), entries(daemon))
    page.see("td", "10")
    page.click(f"[data-key='{waiting[0]}Cancel']", "Cancel")
    page.see(".chip", "cancelled")
    checks.equal("a task can be cancelled", next(entry["state"] for entry in entries(daemon) if entry["id"] == waiting[0]), "cancelled")
    moving(checks, daemon, page)
    checks.equal("the page reports no errors", page.troubles, [])


def moving(checks, daemon, page):
    """The priority by keys, and by dragging a row."""
    names = {}
    for title in "ABCDE":
        answer = daemon.server.post("/api/sessions", {"prompt": title, "title": title, "queue": True, "priority": -50})
        names[answer.json["id"]] = title
    row = {title: f"tr[data-key='{id}']" for id, title in names.items()}

    def id_of(title):
        return next(id for id in names if names[id] == title)

    def order():
        return "".join(names[entry["id"]] for entry in entries(daemon) if entry["state"] == "waiting" and entry["id"] in names)

    def comes(wanted):
        return until(lambda: order() == wanted) and until(lambda: "".join(filter(str.isalpha, page.run(
            "[...document.querySelectorAll('tr[draggable] td:nth-child(2)')].map(e => e.innerText).filter(e => e.length === 1).join('')"))) == wanted)

    page.see(row["E"])
    page.press("?")
    page.see("dialog", "One place sooner")
    page.press("Escape")
    page.run(f'document.querySelector("{row["D"]}").focus()')
    page.press("ArrowUp", alt=True)
    checks.that("Alt and an arrow move a task one place among tasks of the same priority", comes("ABDCE"), order())
    checks.that("the focus stays on its row", page.run(f'document.activeElement === document.querySelector("{row["D"]}")'), page.focused)
    page.press("ArrowDown", alt=True)
    page.see("td", "D")
    checks.that("and back", comes("ABCDE"), order())
    page.press("k")
    page.press("ArrowUp", alt=True)
    checks.that("k goes to the row above", comes("ACBDE"), order())
    page.run(f'document.querySelector("{row["B"]} button").focus()')
    page.press("ArrowDown", alt=True)
    checks.that("the keys act from a button of the row too", comes("ACDBE"), order())
    checks.that("and the button keeps the focus", page.run(f'document.activeElement === document.querySelector("{row["B"]} button")'), page.focused)
    page.drag(row["E"], row["C"])
    checks.that("a row that is dropped on the upper half of another goes before it", comes("AECDB"), order())
    page.drag(row["A"], row["D"], below=True)
    checks.that("on the lower half, after it", comes("ECDAB"), order())
    page.drag(row["B"], row["B"])
    for title in "EC":
        daemon.server.ask("PATCH", f"/api/queue/{id_of(title)}", {"priority": 100})
    until(lambda: order() == "CEDAB")
    page.see("td", "100")
    page.drag(row["B"], row["C"])
    checks.that("there is room before the highest priority too", comes("BCEDA"), order())
    daemon.server.ask("DELETE", f"/api/queue/{id_of('A')}")
    checks.that("after a drag the table goes on being read", page.gone(row["A"]))


def entries(daemon):
    return daemon.server.get("/api/queue").json["entries"]
