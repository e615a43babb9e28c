# SPDX-License-Identifier: Apache-2.0
"""10,000 sessions. Times are printed and not checked, because they depend on the machine."""
from checks import until
from page import Jules, Page
from programs import Daemon

FIRST = """
new MutationObserver((_, observer) => {
    if (!document.querySelector('.row')) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.firstRow = performance.now(); }));
}).observe(document, {subtree: true, childList: true});
"""


def run(checks):
    jules = Jules("--sessions", "10000")
    daemon = Daemon(jules)
    total = until(lambda: (lambda n: n if n >= 10_000 else 0)(sum(daemon.server.get("/api/status").json["sessions"].values())), 120)
    page = Page(daemon, view="#/sessions")
    page.see(".lead", f"{total:,} sessions", seconds=60)
    page.call("Page.addScriptToEvaluateOnNewDocument", page.session, source=FIRST)
    page.reload()
    page.see(".row")
    first = until(lambda: page.run("window.firstRow"))
    page.see(".lead", f"{total:,} sessions", seconds=60)
    whole = page.run("performance.now()")
    checks.that("the page contains only the visible rows", page.count(".row") < 80, page.count(".row"))
    page.run("window.slowest = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) slowest = Math.max(slowest, e.duration); }).observe({type: 'longtask'})")
    scroll = page.run("""(async () => {
        const rows = document.querySelector('.rows');
        const times = [];
        let last = performance.now();
        for (let step = 0; step < 120; step += 1) {
            rows.scrollTop += step < 60 ? 400 : rows.scrollHeight / 70;
            await new Promise(requestAnimationFrame);
            times.push(performance.now() - last);
            last = performance.now();
        }
        times.sort((a, b) => a - b);
        return [times[60], times[114], times[119]];
    })()""")
    checks.that("the end of the list can be reached", page.run("(r => { r.scrollTop = r.scrollHeight; return r.scrollTop > 300000; })(document.querySelector('.rows'))"))
    page.run("document.querySelector('.rows').scrollTop = 0")
    newest = daemon.sessions("?limit=1")[0]["id"]
    page.see(f"#row-{newest}")
    page.run(f"""window.shown = new Promise(done => {{
        const chip = document.querySelector('#row-{newest} .chip');
        const before = chip.innerText;
        new MutationObserver(() => chip.innerText !== before && requestAnimationFrame(() => setTimeout(() => done(performance.now())))).observe(chip, {{subtree: true, childList: true, characterData: true}});
    }}); null""")
    page.run("""(() => { const real = JSON.parse; JSON.parse = text => { if (text.includes?.('session_update')) window.heard ??= performance.now(); return real(text); }; })()""")
    jules.command(newest, "fail", reason="x")
    shown = page.run("shown.then(at => at - heard)")
    page.fill("[type=search]", "cache")
    page.see(".lead", "session")
    checks.that("a search through all sessions finds some", until(lambda: f"{total:,}" not in page.text(".lead")), page.text(".lead"))
    checks.equal("the page reports no errors", page.troubles, [])
    print(f"      {total:,} sessions: first rows after {first:.0f} ms, all after {whole:.0f} ms; a change from the feed shown after {shown:.0f} ms;"
          f" a frame while scrolling {scroll[0]:.0f} ms (median), {scroll[1]:.0f} ms (95 %), {scroll[2]:.0f} ms (longest)")
