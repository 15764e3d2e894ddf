"""A headless Chromium, driven by its own DevTools protocol over a WebSocket."""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW = "no Chromium here: sudo apt-get install -y chromium, or set PENNYWIRE_CHROMIUM to one"
SECONDS = 60.0
DARK = [{"name": "prefers-color-scheme", "value": "dark"}]
LIGHT = [{"name": "prefers-color-scheme", "value": "light"}]


def chromium():
    """Give the program, or say how to get it: skipped, and an error where PENNYWIRE_CHROMIUM=needed says so."""
    told = os.environ.get("PENNYWIRE_CHROMIUM", "")
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if told not in ("", "needed"):
        assert shutil.which(told), f"PENNYWIRE_CHROMIUM names {told}, which is no program"
        return told
    if found is None and told == "needed":
        pytest.fail(HOW)
    if found is None:
        pytest.skip(HOW)
    return found


class Tab:
    """One tab; commands of the DevTools protocol, and what the tests ask of a page."""

    def __init__(self, browser, session):
        self._browser, self._session = browser, session
        #: Messages of the page's console that are errors, and exceptions nobody caught.
        self.wrong = []

    async def command(self, method, **parameters):
        return await self._browser.command(method, self._session, **parameters)

    async def run(self, script):
        """Evaluate a script's value; a promise is waited for."""
        found = await self.command("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    async def text(self, selector):
        return await self.run(f"document.querySelector({json.dumps(selector)})?.textContent ?? ''")

    async def until(self, script, seconds=SECONDS):
        """Wait until a script's value is true."""
        end = asyncio.get_running_loop().time() + seconds
        while not await self.run(f"Boolean({script})"):
            if asyncio.get_running_loop().time() > end:
                raise AssertionError(f"it did not come true: {script}; errors: {self.wrong}")
            await asyncio.sleep(0.05)

    async def click(self, selector):
        await self.until(f"document.querySelector({json.dumps(selector)})")
        await self.run(f"document.querySelector({json.dumps(selector)}).click()")

    async def type(self, selector, words):
        await self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        await self.command("Input.insertText", text=words)

    async def size(self, width, height, mobile=False):
        await self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile
        )

    async def theme(self, features):
        await self.command("Emulation.setEmulatedMedia", features=features)

    async def picture(self, path, whole=False):
        """Keep a screenshot."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # Two frames: what was asked for is drawn by then.
        await self.run("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
        found = await self.command("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))


class Browser:
    """The running program; use `started`."""

    def __init__(self, socket):
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers = {}
        self._tabs = {}
        self._hearing = asyncio.create_task(self._hear())

    async def _hear(self):
        async for words in self._socket:
            message = json.loads(words)
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message)
                continue
            tab, about = self._tabs.get(message.get("sessionId")), message.get("params", {})
            if tab and message["method"] == "Runtime.exceptionThrown":
                tab.wrong.append(about["exceptionDetails"].get("exception", {}).get("description", str(about)))
            if tab and message["method"] == "Log.entryAdded" and about["entry"]["level"] == "error":
                tab.wrong.append(f"{about['entry']['text']} {about['entry'].get('url', '')}")

    async def command(self, method, session=None, **parameters):
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": parameters}
        await self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        answer = await asyncio.wait_for(self._answers[number], SECONDS)
        assert "error" not in answer, (method, answer.get("error"))
        return answer["result"]

    async def open(self, url):
        """Open a tab at an address, wait until it is loaded."""
        target = await self.command("Target.createTarget", url="about:blank")
        session = (await self.command("Target.attachToTarget", targetId=target["targetId"], flatten=True))["sessionId"]
        tab = self._tabs[session] = Tab(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            await tab.command(f"{domain}.enable")
        await tab.size(1280, 800)
        await tab.theme(LIGHT)
        await tab.command("Page.navigate", url=url)
        await tab.until("document.readyState === 'complete' && location.href !== 'about:blank'")
        return tab

    def close(self):
        self._hearing.cancel()


@contextlib.asynccontextmanager
async def started(program, folder):
    """Start the program with a profile of its own; it is gone afterwards."""
    profile = Path(folder) / "profile"
    arguments = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", "--no-first-run"]
    # Its sandbox cannot be had by root nor in most containers; it only ever shows our own page.
    arguments += ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    with (Path(folder) / "chromium.log").open("w") as log:
        child = await asyncio.create_subprocess_exec(program, *arguments, "about:blank", stdout=log, stderr=log)
        try:
            said = profile / "DevToolsActivePort"
            end = asyncio.get_running_loop().time() + SECONDS
            while not (said.exists() and len(said.read_text().split()) == 2):
                assert child.returncode is None, (Path(folder) / "chromium.log").read_text()[-2000:]
                assert asyncio.get_running_loop().time() < end, "Chromium did not open its port"
                await asyncio.sleep(0.05)
            port, path = said.read_text().split()
            async with connect(f"ws://127.0.0.1:{port}{path}", max_size=None, proxy=None) as socket:
                browser = Browser(socket)
                try:
                    yield browser
                finally:
                    browser.close()
        finally:
            if child.returncode is None:
                child.kill()
            await child.wait()
