import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.guild.page_markdown import Names, html, plain

NAMES = Names({"1": "ann"}.get, {"2": "desk"}.get, {"3": "ops"}.get)
LINK = 'target="_blank" rel="noreferrer noopener"'


def shown(text: str) -> str:
    return html(text, NAMES).strip().replace("\n", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**bold** *it* _it_", "<p><strong>bold</strong> <em>it</em> <em>it</em></p>"),
        ("__under__ ~~gone~~", "<p><u>under</u> <s>gone</s></p>"),
        ("__**both**__", "<p><u><strong>both</strong></u></p>"),
        ("# one\n## two\n### three", "<h1>one</h1><h2>two</h2><h3>three</h3>"),
        ("- a\n  - b\n1. c", "<ul><li>a<ul><li>b</li></ul></li></ul><ol><li>c</li></ol>"),
        ("one\ntwo", "<p>one<br>two</p>"),
        ("> said\n> so\nnot", "<blockquote><p>said<br>so</p></blockquote><p>not</p>"),
        (">>> all\nof it", "<blockquote><p>all<br>of it</p></blockquote>"),
        ("`a<b`", "<p><code>a&lt;b</code></p>"),
        ("-# small\nnext", "<small>small</small><p>next</p>"),
        (
            "```py\nx < 1\n```",
            '<pre tabindex="0" data-language="py"><code>x &lt; 1</code></pre>',
        ),
        ("```two words\nx\n```", '<pre tabindex="0"><code>two wordsx</code></pre>'),
        ("[a](https://b.c)", f'<p><a href="https://b.c" {LINK}>a</a></p>'),
        ("see https://b.c/d_e.", f'<p>see <a href="https://b.c/d_e" {LINK}>https://b.c/d_e</a>.</p>'),
        ("<https://b.c>", f'<p><a href="https://b.c" {LINK}>https://b.c</a></p>'),
        (
            "||a **b**||",
            '<p><span class="spoiler" tabindex="0" role="button">a <strong>b</strong></span></p>',
        ),
    ],
)
def test_what_discord_shows_is_shown(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#### four", "<p>#### four</p>"),
        ("---", "<p>---</p>"),
        ("| a |\n|---|", "<p>| a |<br>|---|</p>"),
        ("![i](https://b.c)", f'<p>!<a href="https://b.c" {LINK}>i</a></p>'),
        ("[a](javascript:x)", "<p>[a](javascript:x)</p>"),
        ("[a](/b)", "<p>[a](/b)</p>"),
        ("[a]\n\n[a]: b", "<p>[a]</p><p>[a]: b</p>"),
        ("~~~\ncode\n~~~", "<p>~~~<br>code<br>~~~</p>"),
        ("&amp; <b>", "<p>&amp;amp; &lt;b&gt;</p>"),
        ("- [ ] todo", "<ul><li>[ ] todo</li></ul>"),
    ],
)
def test_what_discord_does_not_show_stays_text(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_indented_lines_are_no_code_but_a_quote_keeps_the_code_in_it() -> None:
    assert shown("    plain") == "<p>plain</p>"
    assert "<code>if x:\n    y" in html(">>> look\n```\nif x:\n    y\n```", NAMES)


def test_ids_are_shown_as_names() -> None:
    assert ">@ann</span>" in shown("<@1>")
    assert ">@ann</span>" in shown("<@!1>")
    assert ">@ops</span>" in shown("<@&3>")
    assert '<a class="mention" href="#/2">#desk</a>' in shown("<#2>")
    assert ">/status</span>" in shown("</status:5>")


def test_a_link_to_a_message_leads_to_it_on_this_page() -> None:
    link, elsewhere = (f"https://discord.com/channels/9/{place}/5" for place in (2, 7))
    chip = '<a class="mention" href="#/2/5">#desk › message</a>'
    assert shown(f"see {link}.") == f"<p>see {chip}.</p>"
    assert shown(f"[this]({link})") == '<p><a href="#/2/5">this</a></p>'
    assert shown(f"[that]({elsewhere})") == f'<p><a href="{elsewhere}" {LINK}>that</a></p>'


def test_what_the_reader_does_not_know_has_no_name() -> None:
    assert ">@unknown user</span>" in shown("<@9>")
    assert ">#unknown</span>" in shown("<#9>")


def test_a_diff_has_its_lines_marked() -> None:
    shown = html("```diff\n a\n-b<\n+c\n```", NAMES)
    assert '> a\n<span class="old">-b&lt;\n</span><span class="new">+c\n</span></code>' in shown


def test_an_excerpt_has_no_backslashes_before_signs() -> None:
    assert plain(r"until \[ -e x \] \*now\* **b**", NAMES) == "until [ -e x ] *now* b"


def test_an_excerpt_is_one_plain_line() -> None:
    text = "# Look\n- **bold** `a_b` <@1> <#2> <#9>\n```py\nx = 1\n``` ||no||"
    assert plain(text, NAMES) == "Look bold a_b @ann #desk #unknown x = 1 (spoiler)"


def test_an_excerpt_has_no_raw_time() -> None:
    assert plain("closes <t:1700000000:R>: no", NAMES) == "closes …: no"


def test_a_time_is_left_to_the_readers_clock() -> None:
    assert shown("<t:0:R>") == (
        '<p><time datetime="1970-01-01T00:00:00+00:00" data-style="R">1970-01-01T00:00:00+00:00</time></p>'
    )
    assert shown("<t:9999999999999:R>") == "<p>&lt;t:9999999999999:R&gt;</p>"


def test_markup_in_a_name_is_text() -> None:
    names = Names(lambda _: "<b>", lambda _: "<b>", lambda _: "<b>")
    assert "<b>" not in html("<@1> <#2> <@&3>", names)


@given(st.text("<>&\"'`*_~|#-[](): \n@1!t/abjps", max_size=80))
def test_no_text_brings_markup_of_its_own(text: str) -> None:
    allowed = r"</?(?:p|br|strong|em|u|s|h[123]|[uo]l(?: start=\"\d+\")?|li|blockquote|code|small"
    allowed += r"|pre tabindex=\"0\"(?: data-language=\"[\w+\-.#]+\")?|pre"
    allowed += (
        r"|span class=\"(?:mention|spoiler)\"(?: tabindex=\"0\" role=\"button\")?|span|time[^<>]*|a[^<>]*)>"
    )
    left = re.sub(allowed, "", html(text, NAMES))
    assert "<" not in left
