"""What people read: the words of events, made safe, with a way out (SURVIVE S7; RFC 3834, RFC 8058)."""

import re
from email.message import EmailMessage
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.core import mail

from agents.mail.kinds import KINDS
from agents.mail.models import Letter
from agents.mail.services import choose_rhythms
from agents.mail.tasks import send_letters
from agents.mail.writing import LONGEST_SUBJECT, MOST_LINES, Writer
from jobs.models import Job
from jobs.services import submit_output
from marketplace.events import types
from marketplace.events.relay import relay_batch
from marketplace.events.services import emit
from tests.agents.mail.conftest import come_due, confirmed, tell
from tests.factories import (
    FUNDS,
    OUTPUT,
    completed_job,
    make_agent,
    make_bid,
    make_person,
    open_job,
    started_job,
    submitted_job,
)

pytestmark = pytest.mark.django_db

SITE = "https://guildhall.example"
HOSTILE_TEXTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</title></p></a><iframe src=//evil.example>",
    '"><svg/onload=alert(1)>',
    "<a href='javascript:alert(1)'>pay here</a>",
    "<a href='https://evil.example/'>pay here</a>",
    "{{ settings.SECRET_KEY }}{% debug %}",
    "Hello\r\nBcc: all@people.example",
    "Hello\nSubject: Another\n\nAnother body",
    "Hello\x0bBcc: all@people.example\x0c\x85\u2028To: all@people.example",
    "=?utf-8?q?Hello=0D=0ABcc:_all@people.example?=",
    "\u202egnp.exe \u2066hidden\u2069 \u200bzero\u200dwidth\ufeff",
    "bell \x07 escape \x1b[31m delete \x7f",
    "%(job)s {actor} {0.__class__}",
    "x" * 200,
    "🦀" * 200,
]


@pytest.fixture(autouse=True)
def site(settings) -> None:
    settings.SITE_URL = SITE


class Reader(HTMLParser):
    """What a mail program would show and offer of an HTML mail."""

    def __init__(self, html: str):
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        assert not [name for name, _ in attributes if name.startswith("on") or name == "src"]
        if "href" in dict(attributes):
            self.links.append(dict(attributes)["href"])

    def handle_data(self, data):
        self.text += data


def the_mail() -> tuple[EmailMessage, str, Reader]:
    """The only mail that was due, its plain text and its HTML."""
    send_letters()
    [sent] = mail.outbox
    message = sent.message()
    [(html, media_type)] = sent.alternatives
    assert media_type == "text/html" and message.get_content_type() == "multipart/alternative"
    return message, sent.body, Reader(html)


def test_a_mail_says_what_happened_and_where(reader, worker):
    job = submitted_job(reader, worker, title="Überblick – 概要 🦀")
    relay_batch()
    event = job.events.get(type="job.submitted")
    message, text, html = the_mail()
    words, address = types.sentence(event), SITE + types.path(event)
    assert "Überblick – 概要 🦀" in words and words.startswith("Wanda")
    assert (str(mail.outbox[0].subject), mail.outbox[0].to) == (words, [reader.user.email])
    assert text.startswith(f"{words}\n\n{address}\n")
    assert words in html.text and address in html.links
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == f"<{Letter.objects.get(rhythm='EACH').pk}@guildhall.example>"


def test_whom_it_is_about_is_spoken_to(reader):
    """Not as “Pat”, and not as “the worker”; others read their name."""
    worker = confirmed(make_person("Will"))
    job = completed_job(reader, worker, title="Paint the gate")
    relay_batch()
    send_letters()
    subjects = {(sent.to[0], sent.subject) for sent in mail.outbox}
    to_worker = {subject for to, subject in subjects if to == worker.user.email}
    assert {"You got “Paint the gate” at 80.00 USDC"} <= to_worker
    assert {"You were paid 76.00 USDC: your work on “Paint the gate” was approved"} <= to_worker
    assert not any("Will" in subject for subject in to_worker)
    event = job.events.get(type="job.assigned")
    assert types.sentence_to(event, reader) == types.sentence(event) == "Will got “Paint the gate” at 80.00 USDC"


def test_the_owner_of_an_agent_reads_its_name(reader):
    agent = make_agent(reader, name="Wanda")
    job = completed_job(make_person("Petra", funds=FUNDS), agent, title="Paint the gate")
    event = job.events.get(type="job.assigned")
    assert types.sentence_to(event, reader) == "Wanda got “Paint the gate” at 80.00 USDC"


def test_a_mail_says_why_it_came_and_how_to_end_it(reader):
    tell(reader)
    message, text, html = the_mail()
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.fullmatch(f"<({SITE}/mail/unsubscribe/[^>]+/)>", message["List-Unsubscribe"])[1]
    for words in (text, html.text):
        assert f"You are told at once of “{KINDS['jobs'].label}”" in words
    assert link in text and link in html.links
    assert f"{SITE}/account/mail/" in text and f"{SITE}/account/mail/" in html.links


def test_what_cannot_be_ended_offers_no_end(reader):
    tell(reader, type="test.kept")
    message, text, _ = the_mail()
    assert "List-Unsubscribe" not in message and "/mail/unsubscribe/" not in text
    assert "cannot be switched off" in text


def test_nothing_is_fetched_when_a_mail_is_opened(reader):
    """No pictures, no pixels, nobody is followed."""
    tell(reader)
    _, _, html = the_mail()
    assert not {"img", "script", "link", "iframe", "object", "embed", "form"} & set(html.tags)
    assert {urlsplit(link).netloc for link in html.links} == {"guildhall.example"}


@pytest.mark.parametrize("daily", [False, True], ids=["at once", "daily"])
@pytest.mark.parametrize("title", HOSTILE_TEXTS)
def test_a_hostile_title_is_text_and_no_more(reader, worker, title, daily):
    """S7: neither markup, nor a header, nor a line of its own, nor letters that turn others round."""
    if daily:
        choose_rhythms(user=reader.user, rhythms={"jobs": "DAILY"})
    job = started_job(reader, worker)
    Job.objects.filter(pk=job.pk).update(title=title)
    submit_output(job=job, actor=worker, output_data=OUTPUT)
    relay_batch()
    if daily:
        come_due()
    message, text, html = the_mail()
    allowed = {"html", "head", "meta", "title", "style", "body", "div", "p", "a", "h1", "h2", "ul", "li"}
    assert set(html.tags) <= allowed
    assert all(link.startswith(SITE + "/") for link in html.links)
    assert set(message.keys()) == {
        "Content-Type", "MIME-Version", "Subject", "From", "To", "Date",
        "Message-ID", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post",
    }  # fmt: skip
    assert message.get_all("To") == [reader.user.email]
    assert len(mail.outbox[0].subject) <= LONGEST_SUBJECT
    for words in (mail.outbox[0].subject, text, html.text):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]", words)
    assert "\n" not in mail.outbox[0].subject
    assert not [line for line in text.splitlines() if line.lower().startswith(("bcc:", "to:", "subject:"))]


@pytest.mark.parametrize("daily", [False, True], ids=["at once", "daily"])
@pytest.mark.parametrize(
    "address", ["https://evil.example/pay", "HTTP://evil.example", "www.evil.example", "WwW.evil.example"]
)
def test_an_address_in_a_title_is_no_link(reader, worker, address, daily):
    """S7: mail programs make links of what looks like one, and ours would be trusted."""
    if daily:
        choose_rhythms(user=reader.user, rhythms={"jobs": "DAILY"})
    job = started_job(reader, worker)
    Job.objects.filter(pk=job.pk).update(title=f"Confirm your account at {address}")
    submit_output(job=job, actor=worker, output_data=OUTPUT)
    relay_batch()
    if daily:
        come_due()
    _, text, html = the_mail()
    for words in (mail.outbox[0].subject, text, html.text):
        assert not re.search(r"www\.|\w://|://\w", words.replace(SITE, ""), re.IGNORECASE)
    assert "evil" in text and "evil" in html.text


def test_a_day_is_one_mail_by_job_with_its_count(reader):
    first, second = (open_job(reader, title=title) for title in ("First job", "Second job"))
    for job in (second, first, second):
        make_bid(job, make_agent(name="Wanda"))
    relay_batch()
    assert send_letters() == 0, "not before its hour"
    come_due()
    message, text, html = the_mail()
    assert mail.outbox[0].subject == "3 things happened since yesterday"
    assert re.findall("^(First job|Second job)$", text, re.MULTILINE) == ["Second job", "First job"]
    of_second, of_first = text.split("\nFirst job\n")
    assert (of_second.count("- Wanda bid"), of_first.count("- Wanda bid")) == (2, 1)
    assert html.text.count("Wanda bid") == 3
    assert "List-Unsubscribe" in message
    assert re.findall("No more mail about “(.*)”:", text) == [KINDS["bids_received"].label]
    assert send_letters() == 0 and len(mail.outbox) == 1


def test_a_day_of_very_much_is_shortened(reader):
    for _ in range(MOST_LINES + 3):
        emit("test.many", actor=None, audience=[reader], data={})
    relay_batch()
    come_due()
    _, text, html = the_mail()
    assert mail.outbox[0].subject == f"{MOST_LINES + 3} things happened since yesterday"
    assert html.tags.count("li") == text.count("\n- ") == MOST_LINES
    assert f"3 more: {SITE}/" in text


@pytest.mark.parametrize("count", [1, 3])
def test_many_letters_are_read_with_the_queries_of_one(count, django_assert_num_queries):
    for number in range(count):
        poster = confirmed(make_person(f"Person{number}", funds=FUNDS))
        submitted_job(poster, make_agent())
    relay_batch()
    letters = list(Letter.objects.filter(rhythm="EACH", items__event__type="job.submitted"))
    assert len(letters) == count
    with django_assert_num_queries(9):
        writer = Writer(letters)
        assert all(writer.write(letter).subject for letter in letters)
