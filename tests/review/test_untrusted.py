"""A comment that a stranger has written: whatever it is, it calls nobody, leads nowhere and does nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from medallion.review.forge import MARK
from medallion.review.untrusted import harmless

PLENTY = 1_000_000
PARSER = MarkdownIt("gfm-like", {"html": True, "linkify": True})
# Forges make no link of a host's bare name, nor does anything here but what begins with www, which is looked for below.
assert PARSER.linkify
PARSER.linkify.set({"fuzzy_link": False})
TAGS = {
    *("details", "summary", "table", "thead", "tbody", "tr", "th", "td", "b", "strong", "i", "em", "code"),
    *("sub", "sup", "br", "ins", "del", "p"),
}

REPORT = """\
**2 datasets changed, 1 breaking change, 0 checks failed**

| dataset | rows | + | − | ~ |
| --- | ---: | ---: | ---: | ---: |
| silver.orders | 99,441 → 99,438 (−0.003 %) | 12 | 15 | 516 |

<details><summary>silver.orders: status changed in 516 rows</summary>

- `paid` → `refunded` × 510
- a &lt; b &amp; c &#124; d

</details>

`a1b2c3d` against `3f9c2e1` · reproduce: `medallion review 3f9c2e1...a1b2c3d`
"""

DRAWING = """\
```mermaid
flowchart LR
    n0["sources/orders.csv"]
    n1["bronze.orders"]:::changed
    n0 --> n1
    classDef changed stroke:#bf8700,stroke-width:3px
```"""

HOSTILE = [
    "@ada",
    "&#64;ada &commat;ada &#x40;ada &#64ada",
    "[click](https://evil.example)",
    "![x](https://evil.example/pixel.png)",
    "[click][1]\n\n[1]: https://evil.example",
    "[click]\n\n[click]:\nhttps://evil.example",
    "<https://evil.example>",
    "<a href='https://evil.example'>x</a>",
    "<img src=x onerror=alert(1)>",
    "<ImG sRc=//evil.example>",
    "<script>alert(1)</script>",
    "<details onclick='x'>",
    "<b title=x>",
    "<!-- medallion-review -->",
    "<!--\nmedallion-review: a -->",
    "https://evil.example www.evil.example HTTPS://evil.example ftp://evil.example",
    "ada@example.org mailto:ada@example.org xmpp:a@b",
    "#1 GH-1 gh-2 shop/data#3 !4 $5 ~6 fixes #7",
    "&#35;1 &num;1",
    "```mermaid\ngraph TD; click A 'https://evil.example'\n```",
    "~~~ mermaid `x`\ngraph TD\n~~~",
    "> - ```geojson\n>   {}\n>   ```",
    "```&#109;ermaid\ngraph\n```",
    "\u202eevil\u2066\u200f\ufeff\u00ad",
    "\x00\x07\x1b[31m",
    "/merge",
    "  > /close",
    "[^1]\n\n[^1]: note",
    "$`x`$ $\\evil$ $$x$$",
    "\\[x](https://evil.example) [x\\](y) [x]\\(y)",
    "[a]\u200b(https://evil.example)",
    "&lsqb;x&rsqb;&lpar;https&colon;//evil.example&rpar;",
    "&#96;&#96;&#96;mermaid",
    "]( ]: ][ ![",
    "a\rb\r\n@c",
]


def check(text: str) -> None:
    """Nothing in it can do anything, to a parser of markdown and to plain eyes."""
    made = PARSER.parse(text)
    flat = [token for block in made for token in [block, *(block.children or [])]]
    assert {t.type for t in flat} & {"link_open", "image"} == set()
    for token in flat:
        if token.type in ("html_block", "html_inline"):
            for tag in re.findall(r"<[^>]*>?", token.content):
                assert re.fullmatch(r"</?(\w+)( open| ?/)?>", tag), tag
                assert tag.strip("</>").split()[0] in TAGS, tag
        if token.type == "fence" and f"```mermaid\n{token.content}```" != DRAWING:
            assert token.info.strip() in ("", "text"), token.info
    shown = "".join(t.content for t in flat if t.type in ("text", "code_inline", "fence", "code_block", "html_block"))
    for seen in (text, shown):
        assert not re.search(r"@[\w-]", seen)
        assert not re.search(r"\w://", seen)
        assert not re.search(r"\bwww\.", seen, re.IGNORECASE)
        assert not re.search(r"(?m)^[ \t>]*/", seen)
        assert not re.search(r"[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b\r]", seen)
    assert not re.search(r"(?<!&)#\d|GH-\d", shown, re.IGNORECASE)
    assert "<!--" not in text
    assert MARK not in text


def test_a_report_of_ours_stays_what_it_is() -> None:
    assert harmless(REPORT, PLENTY) == REPORT.strip("\n")
    check(harmless(REPORT, PLENTY))


def test_our_drawing_stays_one_and_no_other_does() -> None:
    assert harmless(f"a\n\n{DRAWING}\n\nb", PLENTY) == f"a\n\n{DRAWING}\n\nb"
    assert harmless(DRAWING, PLENTY) == DRAWING
    for change in (
        DRAWING.replace("n0 --> n1", 'click n0 "https://evil.example"'),
        DRAWING.replace("bronze.orders", "<img src=x>"),
        DRAWING.replace("bronze.orders", "#60;b#62;"),
        DRAWING.replace("flowchart LR", "%%{init: {}}%%\nflowchart LR"),
        DRAWING.replace("#bf8700", "#000000"),
        f"````{DRAWING}",
        f"> {DRAWING}",
        f"{DRAWING}x",
    ):
        assert "```mermaid" not in harmless(change, PLENTY), change
        check(harmless(change, PLENTY))
    assert harmless(f"{DRAWING}\n\n{DRAWING}", PLENTY).count("mermaid") == 1


def test_a_number_that_never_ends_is_no_reference_to_an_issue() -> None:
    assert "#1234" not in harmless("&#1234 x", PLENTY)
    assert harmless("&#1234; x", PLENTY) == "&#1234; x"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_made_harmless(text: str) -> None:
    check(harmless(text, PLENTY))


@given(
    st.lists(
        st.one_of(
            st.sampled_from([*HOSTILE, DRAWING]), st.text(max_size=8), st.sampled_from(list("[]()<>@#&;:/!`~$\\\n|x1 "))
        )
    )
)
def test_so_is_any_mixture(parts: list[str]) -> None:
    check(harmless("".join(parts), PLENTY))


@given(st.integers(300, 3_000))
def test_what_is_too_long_is_cut_and_says_so(budget: int) -> None:
    text = harmless(REPORT * 40, budget)
    assert len(text.encode()) <= budget
    assert text.endswith("The rest of the report was left out: it is too long.\n")
    assert text.count("<details>") == text.count("</details>")
    check(text)


def test_what_is_cut_inside_of_a_code_block_ends_it() -> None:
    text = harmless("```text\n" + "line\n" * 1_000 + "```\n", 2_000)
    assert text.count("```") == 2
