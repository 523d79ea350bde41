"""What is asked of people keeps no secret, and what is hidden in it is never allowed for good."""

from sessions.ask_events import Option, PermissionAsk, PlanAsk, Question, QuestionAsk
from sessions.masked_asks import masked_ask
from sessions.redaction import MASK, Redactor

KEY = "sk-ant-api03-0123456789"
REDACTOR = Redactor([KEY])


def ask(**arguments: object) -> PermissionAsk:
    return PermissionAsk(
        id="1", tool="Bash", title="x", arguments=arguments, fingerprint="f", rule="Bash(curl *)"
    )


def test_what_holds_no_secret_stays_as_it_is() -> None:
    plain = ask(command="curl https://a.org", more=[1, None, {"a": True}])
    assert masked_ask(plain, REDACTOR) == plain


def test_a_secret_is_masked_and_no_rule_is_offered() -> None:
    masked = masked_ask(ask(command=f"curl -H {KEY}"), REDACTOR)
    assert isinstance(masked, PermissionAsk)
    assert masked.arguments == {"command": f"curl -H {MASK}"}
    assert (masked.rule, masked.is_masked, masked.is_cut) == ("", True, False)


def test_arguments_nested_without_end_are_said_to_be_cut() -> None:
    deep: object = 1
    for _ in range(10_000):
        deep = [deep]
    masked = masked_ask(ask(command="ls", more=deep), REDACTOR)
    assert isinstance(masked, PermissionAsk)
    assert (masked.rule, masked.is_masked, masked.is_cut) == ("", True, True)


def test_questions_and_plans_are_masked_whole() -> None:
    question = Question(text=KEY, header=KEY, options=(Option(label=KEY, detail=KEY),), is_multiple=True)
    for one in (QuestionAsk(id="1", questions=(question,)), PlanAsk(id="1", plan=f"use {KEY}")):
        masked = masked_ask(one, REDACTOR)
        assert KEY not in repr(masked)
        assert MASK in repr(masked)
