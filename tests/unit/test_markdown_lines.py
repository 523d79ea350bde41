"""What one line of Markdown becomes where Discord would show its signs."""

import pytest

from bot.markdown_lines import Links, is_rule, shown_line, stable_end


def shown(line: str, links: Links | None = None) -> str:
    return shown_line(line, 0, links or Links()).text


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("# one", "# one"),
        ("### three ###", "### three ###"),
        ("#### four", "**four**"),
        ("###### six ######", "**six**"),
        ("#### with **bold** in it", "**with bold in it**"),
        ("#### ", ""),
        ("####none", "####none"),
        ("- [ ] todo", "☐ todo"),
        ("* [x] done", "☑ done"),
        ("  - [X] below", "  - ☑ below"),
        ("3. [ ] third", "3. ☐ third"),
        ("- [y] no box", "- [y] no box"),
        ("- [x](https://a.b) a link", "- [x](https://a.b) a link"),
        ("![a cat](https://a.b/c.png)", "[a cat](https://a.b/c.png)"),
        ("![](https://a.b/c.png 'x')", "![](https://a.b/c.png 'x')"),
        ('![](https://a.b/c_(1).png "t")', "[image](https://a.b/c_(1).png)"),
        ("![plot](out/plot.png)", "![plot](out/plot.png)"),
        ("[![build](https://a.b/i.svg)](https://a.b/ci)", "[build](https://a.b/ci)"),
        ("press <kbd>x</kbd>", "press `<kbd>`x`</kbd>`"),
        ("<b><i>x", "`<b><i>`x"),
        ("<b>`x`</b>", "`<b>` `x` `</b>`"),
        ("one<br/>two", "one`<br/>`two"),
        ("<!-- hidden -->", "`<!-- hidden -->`"),
        ("<Button kind='x'> is ours", "`<Button kind='x'>` is ours"),
        ("List<String> stays", "List<String> stays"),
        ("a < b and c > d", "a < b and c > d"),
        ("<@1> <#2> <t:3:R> <:ok:4> <https://a.b>", "<@1> <#2> <t:3:R> <:ok:4> <https://a.b>"),
        ("`<b>` and ``![a](https://b.c)``", "`<b>` and ``![a](https://b.c)``"),
        (r"\![a](https://b.c)", r"\![a](https://b.c)"),
        ("||secret <b>||", "||secret `<b>`||"),
    ],
)
def test_a_line_is_shown_as_discord_can(line: str, text: str) -> None:
    assert shown(line) == text


@pytest.mark.parametrize("line", ["---", "***", "_ _ _", "  -----  "])
def test_a_rule_is_one(line: str) -> None:
    assert is_rule(line)


@pytest.mark.parametrize("line", ["--", "- - x", "**bold**", "-*-", "    ---"])
def test_what_only_looks_like_a_rule_is_none(line: str) -> None:
    assert not is_rule(line)


def test_inline_code_that_is_left_open_goes_on_in_the_next_line() -> None:
    first = shown_line("see ``a <b>", 0, Links())
    assert (first.text, first.ticks) == ("see ``a <b>", 2)
    second = shown_line("#### <i>`` <u>", first.ticks, first.links)
    assert (second.text, second.ticks) == ("#### <i>`` `<u>`", 0)


def test_references_become_links() -> None:
    links = Links().with_definition('[The  Docs]: <https://a.b/c> "title"')
    assert links is not None
    assert shown("[see][the docs], [the docs][] and [The Docs], ![pic][the docs]", links) == (
        "[see](https://a.b/c), [the docs](https://a.b/c) and [The Docs](https://a.b/c), [pic](https://a.b/c)"
    ).replace("[pic]", "[pic]")
    assert shown("[see][else] [x](y) [the docs]: z", links) == "[see][else] [x](y) [the docs]: z"


@pytest.mark.parametrize(
    "line", ["[^1]: a footnote", "[a]: no address", "[a]:https://b.c", "x [a]: https://b.c"]
)
def test_what_defines_no_web_address_is_no_definition(line: str) -> None:
    assert Links().with_definition(line) is None


def test_the_first_definition_counts() -> None:
    first = Links().with_definition("[a]: https://one.org")
    assert first is not None
    assert first.with_definition("[A]: https://two.org") is first


def test_a_long_address_named_again_and_again_is_not_put_in_for_ever() -> None:
    links = Links().with_definition(f"[a]: https://b.c/{'x' * 480}")
    assert links is not None
    text = ""
    for _ in range(1000):
        line = shown_line("[a] " * 20, 0, links)
        text, links = text + line.text, line.links
    assert len(text) < 200_000
    assert text.endswith("[a] ")


@pytest.mark.parametrize(
    ("line", "held"),
    [
        ("plain words", ""),
        ("ends in **", "**"),
        ("a **bold", "**bold"),
        ("a **bold** word", ""),
        ("see [this", "[this"),
        ("see [this](https://a.b", "[this](https://a.b"),
        ("see [this](https://a.b) and", ""),
        ("call `f", "`f"),
        ("call `f`", "`f`"),
        ("call `f` now", ""),
        ("a <b", "<b"),
        ("a < b", ""),
        ("![a](https://b.c", "![a](https://b.c"),
        ("wow!", "!"),
        ("stray ` " + "x" * 400, ""),
        ("stray [ " + "x" * 400, ""),
        ("stray ** " + "x" * 400, ""),
    ],
)
def test_what_may_still_change_is_held_back_but_not_for_ever(line: str, held: str) -> None:
    assert line[stable_end(line, 0) :] == held
