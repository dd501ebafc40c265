"""Pages for people: no script, nothing from elsewhere, and nobody may frame, keep or index them."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from http import HTTPStatus

from agent.sources.inbound.serving.answers import Answer, Headers

HTML = b"text/html; charset=utf-8"

_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--ground:#f6f8fa;--card:#fff;--line:#d0d7de;--act:#0b57d0;--on-act:#fff;
--mark:#9a3412}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b3;--ground:#0d1117;--card:#161b22;--line:#30363d;--act:#79b0ff;
--on-act:#0d1117;--mark:#ffb27d}}
*{box-sizing:border-box}
body{margin:0;padding:1rem;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{max-width:36rem;margin:1rem auto;padding:1.25rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
h1{margin:0 0 1rem;font-size:1.3rem;line-height:1.3;overflow-wrap:anywhere}
.mark{margin:0 0 .75rem;color:var(--mark);font-weight:700}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0 0 1.25rem}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
fieldset{margin:0 0 1.25rem;padding:.5rem 1rem;border:1px solid var(--line);border-radius:.375rem}
label{display:block;padding:.5rem 0}
input{width:1.15rem;height:1.15rem;margin:0 .5rem 0 0;vertical-align:-.2rem;accent-color:var(--act)}
button{width:100%;padding:.8rem;border:0;border-radius:.375rem;background:var(--act);color:var(--on-act);font:inherit;font-weight:600;
cursor:pointer}
:focus-visible{outline:3px solid var(--mark);outline-offset:2px}
.soft{color:var(--soft)}
@media(max-width:26rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS: Headers = (
    (
        b"content-security-policy",
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'".encode(),
    ),
    (b"referrer-policy", b"no-referrer"),  # the address is what lets one act
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"x-content-type-options", b"nosniff"),
)


def page(status: int, title: str, content: str, *, headers: Headers = ()) -> Answer:
    """`title`: plain text; `content`: HTML that stands below it, in which everything from outside is escaped."""
    text = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} – Leakline</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n{content}\n</main>\n</body>\n</html>\n"
    )
    return Answer(status, text.encode(), HTML, (*HEADERS, *headers))


def plain_page(status: int, title: str, sentence: str, *, headers: Headers = ()) -> Answer:
    """One sentence."""
    return page(status, title, f"<p>{escape(sentence)}</p>", headers=headers)


def refusal_page(answer: Answer) -> Answer:
    """A refusal as people read it, with the headers of the refusal itself."""
    status = answer.status
    sentence = _SAID.get(status, "This cannot be done. Open the link again.")
    said = plain_page(status, HTTPStatus(status).phrase, sentence, headers=answer.headers)
    return Answer(status, said.body, HTML, said.headers, answer.ends, answer.reason)


_SAID = {
    403: "Nothing was done: this did not come from the page of the link. Open the link again, and press the button there.",
    404: "There is nothing here. Links in messages work for a limited time; see that the whole link was copied.",
    408: "The form did not come whole in time. Open the link again.",
    413: "The form is too long. Open the link again.",
    429: "Too many people or programs ask now. Wait a few seconds, and open the link again.",
    503: "Leakline is busy, and nothing is sure to be done yet. Wait a few seconds, and open the link again.",
}
