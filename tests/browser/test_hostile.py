"""Whatever stands in the database, no page, mail or table obeys it (SURVIVE S7)."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db.models.functions import Now
from django.urls import reverse
from playwright.sync_api import Page as BrowserPage

from agents.mail.models import Letter
from agents.mail.tasks import send_letters
from agents.webhooks.models import Attempt
from jobs.conversations.services import send_message
from jobs.models import Job
from marketplace.events.relay import relay_batch
from tests import factories
from tests.agents.files.uploads import image, kept
from tests.browser.catalogue import EVERYBODY, PAGES, VISITOR
from tests.browser.conftest import OpenBrowser
from tests.browser.hostile import CORPUS, formulas, write_everywhere
from tests.browser.viewers import look_as, sessions_of
from tests.browser.world import seed
from tests.pages import client_of

pytestmark = pytest.mark.django_db(transaction=True)

OPERATOR = "operator"
# Of these there is something to write on, or the test is none.
WRITTEN = ("agents.Agent", "bids.Bid", "conversations.Message", "disputes.Dispute", "drafts.Draft", "events.Event")
WRITTEN += ("files.StoredFile", "jobs.Job", "jobs.Submission", "listings.Sample", "reviews.Review", "webhooks.Attempt")
# Names in an address whose value is told again on the page that answers.
ECHOED = {
    "/jobs/": ("q", "skills", "vertical", "status", "sort", "minBudget", "role", "cursor"),
    "/agents/": ("q", "skills", "category", "kind", "sort"),
    "/agents/compare/": ("agent",),
    "/agent-claim": ("token",),
    "/account/login/": ("next",),
    "/account/signup/": ("next", "email"),
    "/leaderboard/": ("sort", "category"),
}
# What a page has of what only an obeyed text brings. Addresses of our own links begin with a slash, # or ?, or are
# of the web or of mail.
DANGERS = """() => {
    const found = [];
    for (const element of document.querySelectorAll("*")) {
        for (const {name, value} of element.attributes) {
            const scheme = /^\\s*(javascript|data|vbscript):/i.test(value);
            const goes = ["href", "action", "formaction", "xlink:href", "srcdoc", "hx-get", "hx-post"].includes(name);
            if (name.startsWith("on") || name.startsWith("hx-on") || (scheme && goes) || value.startsWith("//evil"))
                found.push(element.outerHTML.slice(0, 200));
        }
    }
    for (const element of document.querySelectorAll("base, iframe, object, embed, meta[http-equiv]"))
        found.push(element.outerHTML.slice(0, 200));
    return found;
}"""


def furnished() -> SimpleNamespace:
    """The world, with pictures, answers of receivers and an operator, and the corpus wherever there is text."""
    world = seed()
    world.operator = factories.make_person("Olive", is_staff=True, is_superuser=True, password=factories.PASSWORD)
    for name, content in {"photo.png": image(), "notes.txt": b"<script>ran()</script>"}.items():
        file = kept(world.poster, name, content)
        send_message(job=world.in_review, actor=world.poster, attachments=[file.pk])
    Attempt.objects.create(
        delivery=world.delivery,
        number=1,
        started_at=Now(),
        latency_ms=20,
        request_headers={"Content-Type": "application/json"},
        response_status=500,
        response_body="Sorry.",
        error="The receiver answered 500.",
    )
    relay_batch()
    written = write_everywhere()
    assert all(written[model] for model in WRITTEN), written
    assert Job.objects.filter(description__contains=CORPUS[0]).exists()
    return world


@contextmanager
def obeying(open_browser: OpenBrowser) -> Iterator[tuple[BrowserPage, list[str]]]:
    """A browser, and what it was made to do; `ran` is what every part of the corpus calls."""
    obeyed: list[str] = []
    with open_browser(reduced_motion="reduce", may_refuse=True) as browser:
        browser.context.expose_binding("ran", lambda source, part=0: obeyed.append(f"{source['page'].url} ran {part}"))
        yield browser, obeyed


def addresses(world: SimpleNamespace, who: str) -> Iterator[str]:
    """Every page that they look at, and what echoes what it is asked."""
    if who == OPERATOR:
        yield from consoles()
        return
    yield from (page.address(world) for page in PAGES if page.who == who and page.status == 200)
    if who == VISITOR:
        for number, (path, name) in enumerate((path, name) for path, names in ECHOED.items() for name in names):
            yield from (f"{path}?{name}={quote(CORPUS[part % len(CORPUS)])}" for part in (number, number + 5))
        yield from (f"/nowhere/{quote(CORPUS[1])}/", "/v1/jobs", f"/v1/jobs/{world.bidding.pk}/public")
        yield f"/v1/jobs?status={quote(CORPUS[0])}"


def consoles() -> Iterator[str]:
    """The operators' lists of everything, and one row of each."""
    yield reverse("admin:index")
    for model in admin.site._registry:
        meta = model._meta
        yield reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        if row := model._base_manager.first():
            yield reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])


def test_no_page_obeys_what_is_written_on_it(open_browser: OpenBrowser, site: str) -> None:
    """Nothing runs, nothing is fetched from elsewhere, no rule of the content security policy is even tried.

    The last two are what `open_browser` sees to.
    """
    world = furnished()
    paths = {who: list(addresses(world, who)) for who in (*EVERYBODY, OPERATOR)}
    sessions = sessions_of(world, paths)
    with obeying(open_browser) as (browser, obeyed):
        for who in paths:
            look_as(browser, site, sessions.get(who))
            for path in paths[who]:
                answer = browser.goto(path)
                obeyed += [f"{path} has {found}" for found in browser.evaluate(DANGERS)]
                if answer is None or answer.status >= 500:
                    obeyed.append(f"{path} answers {answer and answer.status}")
        assert not obeyed, "\n".join(obeyed)


def test_no_mail_obeys_what_is_written_in_it(open_browser: OpenBrowser) -> None:
    """As a mail program would show it that runs whatever it is given; and every header is one line."""
    furnished()
    Letter.objects.filter(status=Letter.Status.WAITING).update(due_at=Now(), leased_until=None)
    assert send_letters() > 3
    letters = [letter for letter in mail.outbox if isinstance(letter, EmailMultiAlternatives)]
    pages = [str(content) for letter in letters for content, _ in letter.alternatives]
    assert pages and not any("\n" in letter.subject for letter in letters)
    with obeying(open_browser) as (browser, obeyed):
        for page in pages:
            browser.set_content(page)
            obeyed += [f"a mail has {found}" for found in browser.evaluate(DANGERS)]
            assert not obeyed, "\n".join(obeyed)


def test_no_cell_of_a_table_is_a_formula() -> None:
    """SURVIVE S7: what begins with = + - @ is text to a spreadsheet, but for sums."""
    world = furnished()
    Job.objects.update(title=CORPUS[-1])
    answer = client_of(world.poster).get(reverse("wallet_export"))
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert any(CORPUS[-1] in cell for row in rows for cell in row)
    assert list(formulas(rows)) == []
