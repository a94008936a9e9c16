"""Time and ids: where the program gets them from."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from bot.clock import Ids, make_clock, make_ids

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def test_the_clock_of_the_machine_is_in_utc() -> None:
    clock = make_clock()

    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.monotonic() <= clock.monotonic()


def test_ids_have_26_characters_and_sort_by_time() -> None:
    times = iter([NOW, NOW + timedelta(milliseconds=1), NOW + timedelta(days=9000)])
    ids = Ids(now=lambda: next(times), random_bits=lambda _bits: 0)

    made = [ids() for _ in range(3)]

    assert {len(each) for each in made} == {26}
    assert made == sorted(made)
    assert all(each.isalnum() and each == each.lower() for each in made)


def test_ids_of_one_millisecond_are_different_and_rise() -> None:
    ids = Ids(now=lambda: NOW, random_bits=lambda bits: (1 << bits) - 1)

    made = [ids() for _ in range(1000)]

    assert made == sorted(set(made))


def test_ids_rise_when_the_clock_is_put_back() -> None:
    times = iter([NOW, NOW - timedelta(hours=1), NOW - timedelta(hours=1)])
    ids = Ids(now=lambda: next(times), random_bits=lambda _bits: 7)

    made = [ids() for _ in range(3)]

    assert made == sorted(set(made))


def test_ids_of_many_threads_are_all_different() -> None:
    ids = make_ids(make_clock())

    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: ids(), range(4000)))

    assert len(set(made)) == 4000


def test_two_processes_of_one_millisecond_differ_by_what_is_random() -> None:
    one = Ids(now=lambda: NOW, random_bits=lambda _bits: 1)
    other = Ids(now=lambda: NOW, random_bits=lambda _bits: 2)

    assert one() != other()
