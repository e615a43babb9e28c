# SPDX-License-Identifier: Apache-2.0
"""The control room in a real browser. The tests read it, type into it and click, like a person."""
import base64
import json

from browser import Chromium
from checks import until
from programs import TOKEN, Simulator

# Collects what the browser would only print in its console.
LISTEN = """
window.troubles = [];
addEventListener('securitypolicyviolation', event => troubles.push(`violation: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
addEventListener('error', event => troubles.push(`error: ${event.message}`));
addEventListener('unhandledrejection', event => troubles.push(`rejection: ${event.reason?.stack ?? event.reason}`));
"""
KEYS = {"Enter": ("Enter", 13, "\r"), "Escape": ("Escape", 27, ""), "Tab": ("Tab", 9, ""), " ": ("Space", 32, " "),
        "ArrowDown": ("ArrowDown", 40, ""), "ArrowUp": ("ArrowUp", 38, ""), "ArrowRight": ("ArrowRight", 39, ""),
        "End": ("End", 35, ""), "Home": ("Home", 36, "")}


class Jules(Simulator):
    """A simulator in which nothing happens by itself. One second passes before each thing that a test makes happen."""

    def __init__(self, *arguments):
        super().__init__("--set", "activitiesDelay=0s", *arguments)

    def pass_time(self, time="1s"):
        self.control("/clock", {"advance": time})

    def add(self, **members):
        self.pass_time()
        return super().add(**members)

    def command(self, session, action, **members):
        self.pass_time()
        return super().command(session, action, **members)


class Page(Chromium):
    """A browser with the page of one daemon."""

    def __init__(self, daemon, width=1280, height=860, dark=False, token=TOKEN, view=""):
        super().__init__()
        self.daemon = daemon
        self.address = f"http://127.0.0.1:{daemon.port}/"
        for domain in ("Page", "Runtime"):
            self.call(f"{domain}.enable", self.session)
        self.call("Page.addScriptToEvaluateOnNewDocument", self.session, source=LISTEN)
        # A page in its own window has the focus. A page without a window needs this call.
        self.call("Emulation.setFocusEmulationEnabled", self.session, enabled=True)
        self.size(width, height)
        self.theme(dark)
        self.open(self.address + view)
        if token:
            self.sign_in(token)

    def size(self, width, height=860, scale=1):
        self.call("Emulation.setDeviceMetricsOverride", self.session, width=width, height=height, deviceScaleFactor=scale, mobile=False)

    def theme(self, dark, calm=True):
        self.call("Emulation.setEmulatedMedia", self.session, features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if calm else "no-preference"}])

    def sign_in(self, token=TOKEN, remember=False):
        self.see("form.signin")
        self.fill("#token", token)
        if remember:
            self.click("form.signin [type=checkbox]")
        self.press("Enter")
        self.see(".bar", seconds=30)

    def go(self, hash):
        self.run(f"location.hash = {json.dumps(hash)}")

    def reload(self):
        self.run("window.isOld = true")
        self.call("Page.reload", self.session)
        until(lambda: self.run("document.readyState === 'complete' && !window.isOld"))

    # Looking

    def count(self, selector):
        return self.run(f"[...document.querySelectorAll({json.dumps(selector)})].filter(e => e.checkVisibility({{visibilityProperty: true}})).length")

    def text(self, selector="body"):
        """The visible text of the first element that matches."""
        return self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def texts(self, selector):
        return self.run(f"[...document.querySelectorAll({json.dumps(selector)})].filter(e => e.checkVisibility()).map(e => e.innerText.trim())")

    def see(self, selector, text=None, seconds=20):
        """Waits until a matching element with this text is visible. Returns whether it appeared."""
        found = until(lambda: any(text is None or text in shown for shown in self.texts(selector)), seconds)
        if not found:
            raise AssertionError(f"{selector} {'with ' + repr(text) if text else ''} does not show; the page says:\n{self.text()[:1500]}")
        return True

    def gone(self, selector, text=None, seconds=20):
        return until(lambda: not any(text is None or text in shown for shown in self.texts(selector)), seconds)

    @property
    def focused(self):
        return self.run("(e => e ? [e.localName, e.id, e.getAttribute('aria-label') ?? e.innerText?.slice(0, 40) ?? ''].join(' ') : '')(document.activeElement)")

    @property
    def troubles(self):
        """The errors of the page's scripts and the violations of its policy."""
        return self.run("window.troubles")

    # Acting

    def click(self, selector, text=None):
        """Clicks with the mouse on the element's position."""
        wanted = json.dumps(text)
        spot = until(lambda: self.run(f"""(() => {{
            const found = [...document.querySelectorAll({json.dumps(selector)})].find(e => e.checkVisibility() && ({wanted} === null || e.innerText.includes({wanted})));
            if (!found) return null;
            found.scrollIntoView({{block: 'nearest'}});
            const box = found.getBoundingClientRect();
            const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
            const top = document.elementFromPoint(x, y);
            return found.contains(top) || top?.contains(found) ? [x, y] : `covered by ${{top?.outerHTML.slice(0, 200)}}`;
        }})()"""), 5)
        if isinstance(spot, str):
            raise AssertionError(f"{selector} {text or ''} cannot be clicked: {spot}")
        if spot is None:
            raise AssertionError(f"nothing to click: {selector} {text or ''}; the page says:\n{self.text()[:1500]}")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", self.session, type=kind, x=spot[0], y=spot[1], button="left", clickCount=1)

    def drag(self, source, target, below=False):
        """Takes one element with the mouse and drops it on the upper or lower half of another."""
        def spot(selector, share):
            return self.run(f"""(e => {{
                e.scrollIntoView({{block: 'nearest'}});
                const box = e.getBoundingClientRect();
                return {{x: box.x + 20, y: box.y + box.height * {share}}};
            }})(document.querySelector({json.dumps(selector)}))""")
        # The browser hands the drag over instead of asking the window system for it.
        self.call("Input.setInterceptDrags", self.session, enabled=True)
        start = spot(source, .5)
        self.call("Input.dispatchMouseEvent", self.session, type="mousePressed", button="left", buttons=1, clickCount=1, **start)
        for step in (5, 10, 15):
            self.call("Input.dispatchMouseEvent", self.session, type="mouseMoved", button="left", buttons=1, x=start["x"] + step, y=start["y"])
        end = spot(target, .9 if below else .1)
        data = {"items": [{"mimeType": "text/plain", "data": "dragged"}], "dragOperationsMask": 16}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.call("Input.dispatchDragEvent", self.session, type=kind, data=data, **end)
        self.call("Input.dispatchMouseEvent", self.session, type="mouseReleased", button="left", clickCount=1, **end)
        self.call("Input.setInterceptDrags", self.session, enabled=False)

    def press(self, key, control=False, shift=False, alt=False):
        code, number, text = KEYS[key] if key in KEYS else (f"Key{key.upper()}", ord(key.upper()), key)
        modifiers = (1 if alt else 0) + (2 if control else 0) + (8 if shift else 0)
        self.call("Input.dispatchKeyEvent", self.session, type="keyDown", key=key, code=code, windowsVirtualKeyCode=number, modifiers=modifiers,
                  **({"text": text} if text and not control and not alt else {}))
        self.call("Input.dispatchKeyEvent", self.session, type="keyUp", key=key, code=code, windowsVirtualKeyCode=number, modifiers=modifiers)

    def type(self, text):
        self.call("Input.insertText", self.session, text=text)

    def fill(self, selector, text):
        """Replaces the text of a field."""
        self.run(f"(e => {{ e.focus(); e.select(); }})(document.querySelector({json.dumps(selector)}))")
        self.type(text) if text else self.press("Delete")

    def picture(self, path):
        data = self.call("Page.captureScreenshot", self.session, format="png", captureBeyondViewport=False)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
