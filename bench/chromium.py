"""Opens a page in headless Chromium with nothing in its cache, and reads Chromium's own trace of it.

    python -m bench.chromium --url http://127.0.0.1:8000/jobs/ --cookie name=value --telephone

Prints JSON: milliseconds from the start of the navigation to the first and to the largest contentful paint, the
cumulative layout shift, and kilobytes: as they came, and as they come where a proxy compresses what the site does not.
"""

import argparse
import gzip
import json
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import CDPSession, Page, Response, sync_playwright

from bench.clients import tell

CATEGORIES = ["blink.user_timing", "loading", "devtools.timeline"]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
QUIET_MS = 300  # after which what was painted last is taken for the largest
# Lighthouse's telephone of the middle and its slow 4G.
SLOWER, LATENCY_MS, BYTES_PER_SECOND = 4, 150, 1_638_400 / 8
SCREENS = {False: {"width": 1280, "height": 800}, True: {"width": 390, "height": 844}}


def chromium() -> str | None:
    """The path of one, if there is any."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def measure(url: str, cookie: str, telephone: bool) -> dict[str, float]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        page = browser.new_context(viewport=SCREENS[telephone]).new_page()  # type: ignore[arg-type]
        if cookie:
            name, _, value = cookie.partition("=")
            page.context.add_cookies([{"name": name, "value": value, "url": url}])
        if telephone:
            slow_down(page.context.new_cdp_session(page))
        responses: list[Response] = []
        page.on("response", lambda response: responses.append(response))
        browser.start_tracing(page=page, categories=CATEGORIES)
        open_page(page, url)
        compressed = sum(map(compressed_size, responses))
        trace = json.loads(browser.stop_tracing())["traceEvents"]
        browser.close()
    return {**read(trace, url), "compressed kB": compressed / 1000}


def slow_down(session: CDPSession) -> None:
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    network = {"offline": False, "latency": LATENCY_MS}
    speeds = dict.fromkeys(("downloadThroughput", "uploadThroughput"), BYTES_PER_SECOND)
    session.send("Network.emulateNetworkConditions", network | speeds)


def open_page(page: Page, url: str) -> None:
    """Until nothing more is fetched: a page of one who is logged in keeps its stream of events open."""
    answer = page.goto(url, wait_until="load")
    if answer is None or not answer.ok:
        raise RuntimeError(f"{url} answered {answer and answer.status}")
    page.wait_for_timeout(QUIET_MS)


def compressed_size(response: Response) -> int:
    """Of the body, as a proxy sends it; streams have no end and are left out."""
    if response.request.resource_type == "eventsource" or not response.ok:
        return 0
    return len(gzip.compress(response.body(), 6))


def read(trace: list[dict[str, Any]], url: str) -> dict[str, float]:
    """The figures of the last navigation to the page. Raises RuntimeError when it was never painted."""
    start = max(event["ts"] for event in named(trace, "navigationStart") if leads_to(event, url))
    later = [event for event in trace if event.get("ts", 0) >= start]
    paints = [event["ts"] for event in named(later, "firstContentfulPaint")]
    largest = [event["ts"] for event in named(later, "largestContentfulPaint::Candidate")]
    if not paints or not largest:
        raise RuntimeError(f"{url} was not painted")
    shifts = [event["args"]["data"] for event in named(later, "LayoutShift")]
    sent = [event["args"]["data"] for event in named(later, "ResourceSendRequest")]
    asked = {request["requestId"] for request in sent if is_there(request["url"], url)}
    ended = [event["args"]["data"] for event in named(later, "ResourceFinish")]
    received = [resource["encodedDataLength"] for resource in ended if resource["requestId"] in asked]
    return {
        "FCP ms": (min(paints) - start) / 1e3,
        "LCP ms": (max(largest) - start) / 1e3,
        "CLS": sum(shift["score"] for shift in shifts if not shift["had_recent_input"]),
        "kB": sum(received) / 1000,
    }


def named(trace: list[dict[str, Any]], name: str) -> Iterator[dict[str, Any]]:
    return (event for event in trace if event["name"] == name)


def leads_to(navigation: dict[str, Any], url: str) -> bool:
    return is_there(navigation["args"].get("data", {}).get("documentLoaderURL", ""), url)


def is_there(address: str, url: str) -> bool:
    """Whether it is of the same site; Chromium's own pages are in its trace too."""
    return urlsplit(address).netloc == urlsplit(url).netloc


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--cookie", default="", help="of one who is logged in")
    parser.add_argument("--telephone", action="store_true", help="a slow processor and a slow network")
    chosen = parser.parse_args()
    tell(measure(chosen.url, chosen.cookie, chosen.telephone))


if __name__ == "__main__":
    main()
