"""The books' own laws: what is told is what was counted, and two books added are one."""

from hypothesis import given
from hypothesis import strategies as st

from worker.ledger import Cause, Ledger

COUNTS = st.integers(0, 10**12)
LEDGERS = st.builds(
    Ledger,
    generated=COUNTS,
    delivered=COUNTS,
    retried=COUNTS,
    throttled=COUNTS,
    internal_failures=COUNTS,
    failed_by_cause=st.fixed_dictionaries(dict.fromkeys(Cause, COUNTS)),
)
PLAIN = ("generated", "delivered", "retried", "throttled", "internal_failures")


def test_new_books_are_empty() -> None:
    books = Ledger()
    assert [getattr(books, name) for name in PLAIN] == [0] * len(PLAIN)
    assert books.failed_by_cause == dict.fromkeys(Cause, 0)
    assert (books.failed, books.pending) == (0, 0)


@given(books=LEDGERS)
def test_generated_is_delivered_and_failed_and_pending(books: Ledger) -> None:
    assert books.failed == sum(books.failed_by_cause[cause] for cause in Cause)
    assert books.generated == books.delivered + books.failed + books.pending


@given(books=LEDGERS, cause=st.sampled_from(Cause), count=COUNTS)
def test_what_fails_leaves_pending_for_its_cause(books: Ledger, cause: Cause, count: int) -> None:
    before = Ledger() + books
    books.fail(cause, count)
    assert books.pending == before.pending - count
    assert books.failed_by_cause == {
        **before.failed_by_cause,
        cause: before.failed_by_cause[cause] + count,
    }
    assert books.delivered == before.delivered


@given(one=LEDGERS, other=LEDGERS)
def test_added_books_hold_both(one: Ledger, other: Ledger) -> None:
    both = one + other
    for name in PLAIN:
        assert getattr(both, name) == getattr(one, name) + getattr(other, name)
    for cause in Cause:
        assert both.failed_by_cause[cause] == (
            one.failed_by_cause[cause] + other.failed_by_cause[cause]
        )


@given(books=LEDGERS)
def test_the_summary_tells_all_of_it(books: Ledger) -> None:
    told = books.summary()
    assert {name: told[name] for name in PLAIN} == {name: getattr(books, name) for name in PLAIN}
    assert (told["failed"], told["pending"]) == (books.failed, books.pending)
    assert told["failed_by_cause"] == {
        cause.value: count for cause, count in books.failed_by_cause.items() if count
    }


def test_causes_are_told_by_the_names_that_are_documented() -> None:
    assert [cause.value for cause in Cause] == [
        *("throttled", "internal_failure", "unreachable", "not_authenticated", "rejected"),
        *("drain_timeout", "process_died"),
    ]
