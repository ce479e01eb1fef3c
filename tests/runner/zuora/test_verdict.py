"""Every line of the table that says what an answer does to its request."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from runner.domain.model import History, Judgement, Kind, Reason, Reply, Seen, Silence
from runner.zuora.operations import BOOKING, OPERATIONS
from runner.zuora.verdict import verdict

NO_IDS = [
    0,
    "0",
    "",
    "  ",
    "-",
    "null",
    "none",
    "N/A",
    "undefined",
    "0000000000",
    "00000000-0000-0000-0000-000000000000",
]
R1, R2, P1 = "7f3d9a10-4c2e-11ef-9b1e-0242ac120002", "8a4e0b21-5d3f-12f0-8c2f-1353bd231113", "2C92A0F85E7C2F3B"

NOW = 1_000_000.0
SENT = History(attempts=1, claimed_at=NOW - 1)
DOUBTED = replace(SENT, attempts=2, doubts=1, doubted_at=NOW - 5)


def body_of(*codes, success=False, **more):
    reasons = [{"code": code, "message": f"because {code}"} for code in codes]
    return json.dumps({"success": success, "reasons": reasons, **more}).encode()


def judged(status, body=b"", history=SENT, now=NOW, **more):
    return verdict(Reply(status, body, **more), history, BOOKING, now=now, progress_seconds=240)


DONE = b'{"success": true, "idList": ["a", "b"]}'


class TestSuccess:
    """`success: true` and the declared field, with 2xx or 409; nothing else succeeds."""

    @pytest.mark.parametrize("status", [200, 201, 204])
    def test_with_2xx(self, status):
        judgement = judged(status, DONE)
        assert (judgement.kind, judgement.ids, judgement.replayed) == (Kind.SUCCEEDED, ("a", "b"), False)

    def test_an_empty_list_is_a_list(self):
        assert judged(200, b'{"success": true, "idList": []}').kind is Kind.SUCCEEDED

    def test_a_409_that_holds_the_result_is_a_replay(self):
        judgement = judged(409, DONE)
        assert (judgement.kind, judgement.ids, judgement.replayed) == (Kind.SUCCEEDED, ("a", "b"), True)

    def test_a_repeated_reply_is_a_replay(self):
        history = replace(SENT, reply_ids=frozenset({R1}))
        assert judged(200, DONE, history, request_id=R1).replayed

    @pytest.mark.parametrize("ids", ["null", '"a"', "[1]", '["a", null]', '{"a": 1}', "true"])
    @pytest.mark.parametrize("status", [200, 409])
    def test_the_declared_field_of_another_type_is_as_silence(self, status, ids):
        judgement = judged(status, b'{"success": true, "idList": %s}' % ids.encode())
        assert (judgement.kind, judgement.reason) == (Kind.AGAIN, Reason.UNEXPECTED)
        assert judgement.in_doubt
        assert judgement.unexpected
        assert not judgement.next_generation

    @pytest.mark.parametrize("status", [500, 503])
    def test_success_with_5xx_is_a_gateway_talking(self, status):
        assert judged(status, DONE).reason is Reason.GATEWAY

    @pytest.mark.parametrize("status", [400, 403, 404])
    def test_success_with_4xx_is_believed_neither_way(self, status):
        judgement = judged(status, DONE)
        assert (judgement.reason, judgement.in_doubt) == (Reason.UNEXPECTED, True)


class TestSilence:
    """The same key again; the work may be done."""

    @pytest.mark.parametrize("kind", ["time-out", "reset", "broken-body", "connect", "oversized"])
    def test_asks_again_with_the_same_key(self, kind):
        judgement = verdict(Silence(kind, "so it was"), SENT, BOOKING, now=NOW, progress_seconds=240)
        assert (judgement.kind, judgement.reason, judgement.next_generation) == (Kind.AGAIN, Reason.SILENCE, False)
        assert judgement.in_doubt
        assert judgement.spends
        assert "so it was" in (judgement.message or "")

    def test_without_a_detail_names_its_kind(self):
        judgement = verdict(Silence("reset"), SENT, BOOKING, now=NOW, progress_seconds=240)
        assert judgement.message == "reset"

    @pytest.mark.parametrize(("status", "body"), [(200, b""), (200, b"<html>"), (200, b"[]"), (200, b'{"success": 1}')])
    def test_a_2xx_without_an_envelope_is_silence_worth_keeping(self, status, body):
        judgement = judged(status, body)
        assert (judgement.kind, judgement.in_doubt, judgement.unexpected) == (Kind.AGAIN, True, True)

    def test_no_token_just_now_holds_everyone_and_spends_nothing(self):
        silence = Silence("token", "429", sent=False, retry_after_seconds=7.0)
        judgement = verdict(silence, SENT, BOOKING, now=NOW, progress_seconds=240)
        assert (judgement.reason, judgement.spends, judgement.in_doubt) == (Reason.NO_TOKEN, False, False)
        assert (judgement.holds_everyone, judgement.hold_seconds) == (True, 7.0)

    @pytest.mark.parametrize(
        ("kind", "reason"), [("credentials", Reason.CREDENTIALS), ("certificate", Reason.ENDPOINT)]
    )
    def test_wrong_credentials_or_certificate_stop_the_run(self, kind, reason):
        judgement = verdict(Silence(kind, "no", sent=False), SENT, BOOKING, now=NOW, progress_seconds=240)
        assert (judgement.kind, judgement.reason) == (Kind.STOP, reason)


class TestGateway:
    """5xx and 408 without an envelope: the work may go on behind it."""

    @pytest.mark.parametrize("status", [408, 500, 501, 502, 503, 504, 507, 599])
    @pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>"])
    def test_the_same_key(self, status, body):
        judgement = judged(status, body)
        assert (judgement.kind, judgement.reason) == (Kind.AGAIN, Reason.GATEWAY)
        assert judgement.in_doubt
        assert not judgement.next_generation

    def test_retry_after_holds_everyone(self):
        judgement = judged(503, b"", retry_after_seconds=9.0)
        assert (judgement.holds_everyone, judgement.hold_seconds) == (True, 9.0)
        assert not judged(503).holds_everyone

    def test_the_next_key_when_this_reply_is_repeated(self):
        history = replace(DOUBTED, reply_ids=frozenset({R1}))
        judgement = judged(503, b"", history, request_id=R1)
        assert (judgement.next_generation, judgement.in_doubt) == (True, False)
        assert not judged(503, b"", history, request_id=R2).next_generation

    @pytest.mark.parametrize("name", ["requestId", "processId"])
    def test_an_id_in_the_body_tells_too(self, name):
        body = json.dumps({"success": False, name: P1}).encode()
        first = judged(500, body)
        assert first.reply_ids == (P1,)
        history = replace(SENT, reply_ids=frozenset(first.reply_ids))
        assert judged(500, body, history).next_generation

    @pytest.mark.parametrize(
        "id_in_body",
        NO_IDS,
    )
    def test_an_id_that_names_nothing_proves_nothing(self, id_in_body):
        """Zeros and blanks stand in every reply: two of them are not one reply told twice."""
        body = json.dumps({"success": False, "processId": id_in_body}).encode()
        history = replace(SENT, reply_ids=frozenset(judged(500, body).reply_ids))
        judgement = judged(500, body, history)
        assert (judgement.next_generation, judgement.in_doubt) == (False, True)

    def test_an_envelope_that_explains_nothing_leaves_the_word_to_the_status(self):
        assert judged(503, body_of()).reason is Reason.GATEWAY


class TestSavedFailure:
    """The API itself said no, for now: the key is spent."""

    @pytest.mark.parametrize("category", [50, 60, 61, 99])
    @pytest.mark.parametrize("status", [200, 400, 429, 500, 503])
    def test_takes_the_next_key(self, status, category):
        judgement = judged(status, body_of(int(f"531003{category}")))
        assert (judgement.kind, judgement.reason) == (Kind.AGAIN, Reason.SAVED_FAILURE)
        assert judgement.next_generation
        assert judgement.spends
        assert not judgement.in_doubt
        assert judgement.category == str(category)

    def test_every_reason_must_be_temporary(self):
        assert judged(200, body_of("53100350", "53100360")).reason is Reason.SAVED_FAILURE
        judgement = judged(200, body_of("53100350", "53100340"))
        assert (judgement.kind, judgement.code) == (Kind.FAILED, "53100340")
        assert judgement.message == "because 53100350; because 53100340"

    @pytest.mark.parametrize("other", [{"message": "nobody knows"}, {"code": None}, {"code": "x"}, None])
    def test_a_reason_without_a_code_is_not_temporary(self, other):
        body = json.dumps({"success": False, "reasons": [{"code": 53100350, "message": "locked"}, other]}).encode()
        judgement = judged(200, body)
        assert (judgement.kind, judgement.reason, judgement.code) == (Kind.FAILED, Reason.REFUSED, "53100350")

    def test_is_over_even_if_an_attempt_was_in_doubt(self):
        assert judged(200, body_of(53100360), DOUBTED).next_generation


class TestPermanent:
    """`success: false` otherwise: the row failed."""

    @pytest.mark.parametrize("category", [15, 20, 21, 22, 23, 27, 30, 40, 45, 90])
    @pytest.mark.parametrize("status", [200, 400, 401, 404, 409, 429, 500, 503])
    def test_the_category_outranks_the_status(self, status, category):
        judgement = judged(status, body_of(int(f"531003{category}")))
        assert (judgement.kind, judgement.reason) == (Kind.FAILED, Reason.REFUSED)
        assert judgement.category == str(category)

    @pytest.mark.parametrize(
        "body",
        [
            body_of(),
            b'{"success": false}',
            b'{"success": false, "reasons": null}',
            b'{"success": false, "reasons": [1, {"code": "x"}, {"code": true}, {"code": 7}]}',
        ],
    )
    @pytest.mark.parametrize("status", [200, 400, 404])
    def test_a_no_without_a_reason_is_a_no(self, status, body):
        judgement = judged(status, body)
        assert (judgement.kind, judgement.code, judgement.message) == (Kind.FAILED, None, f"HTTP {status}")


class TestThrottled:
    """429 and category 70 hold everyone and spend no attempt."""

    @pytest.mark.parametrize(
        ("status", "body"), [(429, b""), (429, body_of()), (429, body_of(53100370)), (200, body_of(1370))]
    )
    def test_the_same_key_at_first(self, status, body):
        judgement = judged(status, body, retry_after_seconds=3.0)
        assert (judgement.kind, judgement.reason) == (Kind.AGAIN, Reason.THROTTLED)
        assert (judgement.holds_everyone, judgement.hold_seconds, judgement.spends) == (True, 3.0, False)
        assert not judgement.next_generation
        assert not judgement.in_doubt

    def test_the_next_key_once_it_repeats_and_nothing_is_in_doubt(self):
        assert judged(429, b"", replace(SENT, throttled=1)).next_generation
        assert not judged(429, b"", replace(DOUBTED, throttled=1)).next_generation

    def test_the_same_key_while_one_is_in_doubt_even_if_the_ids_repeat(self):
        """A limiter's ids may name the limiter; the attempt in doubt may still be at work."""
        history = replace(DOUBTED, throttled=1, reply_ids=frozenset({R1}))
        assert not judged(429, b"", history, request_id=R1).next_generation

    @pytest.mark.parametrize("status", [429, 200])
    def test_a_saved_one_holds_nobody_and_spends_patience(self, status):
        """It says nothing of the tenant's load now; the same key while an attempt is in doubt, else the next."""
        body = b"" if status == 429 else body_of(50000070, processId=P1)
        for before, next_generation in ((DOUBTED, False), (SENT, True)):
            history = replace(before, throttled=1, reply_ids=frozenset({R1, P1}))
            judgement = judged(status, body, history, request_id=R1, retry_after_seconds=120.0)
            assert (judgement.reason, judgement.holds_everyone, judgement.hold_seconds) == (
                Reason.THROTTLED,
                False,
                None,
            )
            assert judgement.spends
            assert judgement.next_generation is next_generation

    def test_with_a_temporary_reason_beside_it(self):
        assert judged(200, body_of(53100350, 53100370)).reason is Reason.THROTTLED


class TestInProgress:
    """409: this key's request is still going on, for so long as it can be."""

    @pytest.mark.parametrize("body", [b"", b"<html>", body_of(), body_of(53100350), body_of(53100310)])
    def test_the_same_key(self, body):
        judgement = judged(409, body)
        assert (judgement.kind, judgement.reason) == (Kind.AGAIN, Reason.IN_PROGRESS)
        assert judgement.in_doubt
        assert not judgement.spends
        assert not judgement.next_generation

    def test_is_a_saved_failure_once_nothing_can_be_going_on(self):
        history = replace(DOUBTED, doubted_at=NOW - 241)
        judgement = judged(409, body_of(53100350), history)
        assert (judgement.reason, judgement.next_generation) == (Reason.SAVED_FAILURE, True)
        assert judged(409, b"", replace(history, doubted_at=NOW - 239)).reason is Reason.IN_PROGRESS

    @pytest.mark.parametrize(
        "body",
        [
            b'{"success": "true", "idList": ["i1"]}',
            b'{"success": "false"}',
            b'{"success": null, "idList": []}',
            b'{"success": 1}',
            b'{"idList": ["i1"]}',
            b'\xef\xbb\xbf{"success": "true", "idList": ["i1"]}',
        ],
    )
    @pytest.mark.parametrize("age", [0, 239, 241, 10_000])
    def test_a_saved_answer_that_cannot_be_read_never_spends_its_key(self, body, age):
        """It may be a success: the next key would do the work a second time, however long it is ago."""
        judgement = judged(409, body, replace(SENT, doubted_at=NOW - age))
        assert (judgement.kind, judgement.reason) == (Kind.AGAIN, Reason.UNEXPECTED)
        assert judgement.in_doubt and not judgement.next_generation
        assert judgement.unexpected is True, "the body is kept for the person who must look"

    @pytest.mark.parametrize("body", [b"<html>Conflict</html>", b'{"success": tr', b"OK", b"[]", b"\xff\xfe"])
    def test_one_that_was_mangled_is_in_progress_and_then_in_doubt(self, body):
        """Never a saved failure: nothing of the saved answer was seen."""
        assert judged(409, body, replace(SENT, doubted_at=NOW - 239)).reason is Reason.IN_PROGRESS
        later = judged(409, body, replace(SENT, doubted_at=NOW - 241))
        assert (later.reason, later.in_doubt, later.next_generation) == (Reason.UNEXPECTED, True, False)
        assert later.unexpected is True

    def test_its_own_409s_do_not_put_the_time_off(self):
        history = SENT
        for second in range(0, 300, 30):
            judgement = judged(409, b"", history, now=NOW + second)
            history = history.claim(NOW + second).after(judgement, NOW + second)
        assert history.generation == 1


class TestTokens:
    """401 and category 11: a new token, once."""

    @pytest.mark.parametrize(
        ("status", "body"), [(401, b""), (401, body_of()), (200, body_of(90000011)), (401, body_of("111"))]
    )
    def test_again_with_another_token(self, status, body):
        judgement = judged(status, body, token=4)
        assert (judgement.kind, judgement.reason, judgement.spends) == (Kind.AGAIN, Reason.TOKEN, False)
        assert not judgement.in_doubt

    def test_refused_with_a_later_token_stops_the_run(self):
        history = replace(SENT, refused_token=4)
        assert judged(401, b"", history, token=4).kind is Kind.AGAIN
        judgement = judged(401, b"", history, token=5)
        assert (judgement.kind, judgement.reason) == (Kind.STOP, Reason.CREDENTIALS)


class TestPermission:
    """403 and category 10 with an envelope fail the row; many in a row stop the run, which is the breaker's."""

    @pytest.mark.parametrize(("status", "body"), [(403, body_of()), (403, body_of(53100310)), (200, body_of(53100310))])
    def test_fails_the_row(self, status, body):
        judgement = judged(status, body)
        assert (judgement.kind, judgement.reason) == (Kind.FAILED, Reason.PERMISSION)


class TestStops:
    """Every row would fail alike."""

    @pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 407, 403, 404, 405])
    def test_the_wrong_address(self, status):
        judgement = judged(status, b"<html>")
        assert (judgement.kind, judgement.reason) == (Kind.STOP, Reason.ENDPOINT)

    @pytest.mark.parametrize("status", [302, 407])
    def test_a_redirect_with_an_envelope(self, status):
        assert judged(status, body_of()).kind is Kind.STOP
        assert judged(status, DONE).kind is Kind.STOP

    @pytest.mark.parametrize("body", [b"", body_of(), DONE, body_of(53100399), body_of(53100315)])
    def test_a_key_that_was_used_for_something_else(self, body):
        judgement = judged(422, body)
        assert (judgement.kind, judgement.reason) == (Kind.STOP, Reason.KEY_MISMATCH)

    def test_a_422_with_a_category_is_the_rows_own(self):
        assert judged(422, body_of(53100320)).kind is Kind.FAILED
        assert judged(422, body_of(53100350)).reason is Reason.SAVED_FAILURE


@pytest.mark.parametrize("status", [400, 406, 410, 413, 415, 418, 451])
def test_other_4xx_without_an_envelope_fail_the_row(status):
    """Ten in a row stop the run, which is the breaker's."""
    judgement = judged(status, b"no")
    assert (judgement.kind, judgement.reason, judgement.unexpected) == (Kind.FAILED, Reason.CLIENT_ERROR, True)


def test_what_support_asks_for_is_kept():
    """Process id, and every id that names the reply."""
    judgement = judged(200, body_of(53100320, processId="P", requestId="Q"), request_id="R")
    assert judgement.process_id == "P"
    assert judgement.reply_ids == ("Q", "P", "R")


json_values = st.sampled_from([None, True, False, 0, 1, -5, 2.5, "", "x", "53100350", [], [1], ["a"], {}, {"code": 1}])
codes = st.one_of(json_values, st.integers(10**7, 10**8), st.sampled_from(["00000050", "53100370", "53100311"]))
envelopes = st.fixed_dictionaries(
    {},
    optional={
        "success": json_values,
        "idList": json_values,
        "reasons": json_values | st.lists(st.fixed_dictionaries({"code": codes}), max_size=3),
        "requestId": json_values,
        "processId": json_values,
    },
)
bodies = st.binary() | envelopes.map(lambda value: json.dumps(value).encode())
histories = st.builds(
    History,
    attempts=st.integers(1, 9),
    doubts=st.integers(0, 3),
    doubted_at=st.none() | st.floats(0, 2 * NOW),
    throttled=st.integers(0, 2),
    refused_token=st.none() | st.integers(0, 3),
    reply_ids=st.frozensets(st.sampled_from([R1, R2])),
)


@given(st.integers(100, 999), bodies, histories, st.sampled_from([R1, "R3", None]), st.integers(0, 4))
def test_nothing_raises_and_nothing_succeeds_without_success_true(status, body, history, request_id, token):
    """Whatever the server says."""
    judgement = judged(status, body, history, request_id=request_id, token=token)
    if judgement.kind is Kind.SUCCEEDED:
        document = json.loads(body)
        assert document["success"] is True
        assert list(judgement.ids) == document["idList"]
        assert status == 409 or 200 <= status < 300
    if judgement.next_generation:
        assert not judgement.in_doubt


def test_what_was_judged_where_it_was_seen_stands():
    """A following of several answers (a job) brings its judgement along."""
    judgement = Judgement(Kind.FAILED, Reason.REFUSED, message="3 of 5 records")
    assert verdict(Seen(judgement), SENT, BOOKING, now=NOW, progress_seconds=240) is judgement


class TestShared:
    """What two requests' replies have in common proves nothing of either."""

    def test_an_id_of_another_request_too(self):
        history = replace(DOUBTED, reply_ids=frozenset({R1}))
        reply = Reply(503, b"", request_id=R1)
        shared = verdict(reply, history, BOOKING, now=0.0, progress_seconds=0.0, is_shared=lambda reply_id: True)
        assert (shared.next_generation, shared.in_doubt) == (False, True)

    @pytest.mark.parametrize("status", [408, 500, 502, 503])
    def test_an_id_that_comes_again_where_there_is_no_key(self, status):
        """No reply to an upload is saved: it stays in doubt, and its job is looked for."""
        history = replace(DOUBTED, reply_ids=frozenset({R1}))
        reply = Reply(status, b"", request_id=R1)
        judgement = verdict(reply, history, OPERATIONS["data-backfill"], now=NOW, progress_seconds=240)
        assert (judgement.next_generation, judgement.in_doubt) == (False, True)


class TestProven:
    """After a success, a page that is not the API's is about one row."""

    def test_a_foreign_403_is_the_rows(self):
        reply = Reply(403, b"<html>blocked</html>")
        first = verdict(reply, SENT, BOOKING, now=0.0, progress_seconds=0.0)
        later = verdict(reply, SENT, BOOKING, now=0.0, progress_seconds=0.0, proven=True)
        assert (first.kind, later.kind, later.reason) == (Kind.STOP, Kind.FAILED, Reason.CLIENT_ERROR)

    def test_a_wrong_address_still_stops(self):
        for status in (302, 404, 405, 407):
            judgement = verdict(Reply(status, b""), SENT, BOOKING, now=0.0, progress_seconds=0.0, proven=True)
            assert judgement.kind is Kind.STOP


class TestNothingSent:
    """Refused or failed connect, DNS, proxy, no file descriptor: the tenant has nothing of it."""

    def test_it_is_in_no_doubt_and_spends_nothing(self):
        judgement = verdict(Silence("connect", "refused", sent=False), SENT, BOOKING, now=0.0, progress_seconds=0.0)
        assert (judgement.kind, judgement.in_doubt, judgement.spends) == (Kind.AGAIN, False, False)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"success": "true", "idList": []}', "the response has \"success\": 'true', which is neither true nor false"),
        (b'{"message": "Failed to get user info"}', "Failed to get user info"),
        (b'{"code": "LD_001", "message": "no"}', "LD_001: no"),
        (b'{"Success": false, "Errors": [{"Code": "X", "Message": "a"}, {"Code": "Y", "Message": "b"}]}', "X: a; Y: b"),
        (b"\xef\xbb\xbf" + b'{"message": "behind a mark"}', "behind a mark"),
    ],
)
def test_other_shapes_are_shown_in_their_own_words(body, message):
    """Whatever is decided, a person reads why."""
    assert judged(500, body).message == message


GATEWAYS = (408, 500, 502, 503, 504, 520, 599)
SAME, NEXT = False, True
SEEN = replace(SENT, reply_ids=frozenset({R1}))


def row(kind, reason=None, key=SAME, *, doubt=False, spends=True, holds=False, hold=None, replayed=False):
    """What a line of the table says: what happens then, and with which key."""
    return (kind, reason, key, doubt, spends, holds, hold, replayed)


SUCCEEDED, REFUSED = row(Kind.SUCCEEDED, Reason.DONE), row(Kind.FAILED, Reason.REFUSED)
AS_SILENCE = row(Kind.AGAIN, Reason.UNEXPECTED, doubt=True)
IN_PROGRESS = row(Kind.AGAIN, Reason.IN_PROGRESS, doubt=True, spends=False)
NOT_SENT = row(Kind.AGAIN, Reason.SILENCE, spends=False)
SILENT = row(Kind.AGAIN, Reason.SILENCE, doubt=True)
GATEWAY = row(Kind.AGAIN, Reason.GATEWAY, doubt=True)
SAVED_GATEWAY = row(Kind.AGAIN, Reason.GATEWAY, NEXT)
THROTTLED = row(Kind.AGAIN, Reason.THROTTLED, spends=False, holds=True)
SAVED_FAILURE = row(Kind.AGAIN, Reason.SAVED_FAILURE, NEXT)
TOKEN = row(Kind.AGAIN, Reason.TOKEN, spends=False)


def stops(reason):
    return row(Kind.STOP, reason, spends=False)


TABLE = {
    "2xx, success, its field": [(Reply(status, DONE), SENT, SUCCEEDED) for status in (200, 201, 202)],
    "2xx, success, its field missing or of another type": [
        (Reply(200, body_of(success=True, **fields)), SENT, AS_SILENCE)
        for fields in ({}, {"idList": "a"}, {"idList": [1]}, {"idList": None}, {"idList": {"a": 1}})
    ],
    "409, success": [(Reply(409, DONE), DOUBTED, row(Kind.SUCCEEDED, Reason.DONE, replayed=True))],
    "409, no success, permanent": [(Reply(409, body_of(53100040)), DOUBTED, REFUSED)],
    "409 otherwise, in time": [
        (Reply(409, body), DOUBTED, IN_PROGRESS) for body in (b"", body_of(53100050), body_of())
    ],
    "409 otherwise, later": [
        (Reply(409, body), replace(DOUBTED, doubted_at=NOW - 241), SAVED_FAILURE) for body in (b"", body_of(53100050))
    ],
    "nothing was sent": [
        (Silence(kind, "refused", sent=False), history, NOT_SENT)
        for kind in ("connect", "dns", "proxy")
        for history in (SENT, DOUBTED)
    ],
    "silence": [(Silence(kind), SENT, SILENT) for kind in ("time-out", "reset", "broken-body")],
    "a gateway": [(Reply(status, b"<html>", request_id=R1), SENT, GATEWAY) for status in GATEWAYS],
    "a gateway's wait": [
        (
            Reply(503, b"", retry_after_seconds=7.0),
            SENT,
            row(Kind.AGAIN, Reason.GATEWAY, doubt=True, holds=True, hold=7.0),
        )
    ],
    "a gateway's saved reply": [(Reply(status, b"", request_id=R1), SEEN, SAVED_GATEWAY) for status in GATEWAYS],
    "a gateway's reply with an id of no id's shape": [
        (Reply(502, b"", request_id=text), replace(SENT, reply_ids=frozenset({text})), GATEWAY)
        for text in ("null", "none", "N/A", "-", "0", "00000000-0000-0000-0000-000000000000")
    ],
    "429, category 70": [
        (Reply(429, b""), SENT, THROTTLED),
        (Reply(200, body_of(53100070)), SENT, THROTTLED),
        (
            Reply(429, b"", retry_after_seconds=9.0),
            SENT,
            row(Kind.AGAIN, Reason.THROTTLED, spends=False, holds=True, hold=9.0),
        ),
    ],
    "429 once more, nothing in doubt": [
        (
            Reply(429, b""),
            replace(SENT, throttled=1),
            row(Kind.AGAIN, Reason.THROTTLED, NEXT, spends=False, holds=True),
        )
    ],
    "429 once more, in doubt": [(Reply(429, b""), replace(DOUBTED, throttled=1), THROTTLED)],
    "429, provably saved": [
        (Reply(429, b"", request_id=R1), SEEN, row(Kind.AGAIN, Reason.THROTTLED, NEXT)),
        (Reply(200, body_of(53100070, requestId=R1)), SEEN, row(Kind.AGAIN, Reason.THROTTLED, NEXT)),
    ],
    "429, provably saved, in doubt": [
        (Reply(429, b"", request_id=R1), replace(SEEN, doubts=1, doubted_at=NOW), row(Kind.AGAIN, Reason.THROTTLED))
    ],
    "every reason in 50, 60, 61, 99": [
        (Reply(status, body_of(*codes)), history, SAVED_FAILURE)
        for status in (200, 500)
        for codes in ((53100050,), (53100060,), (53100061,), (53100099,), (53100050, 53100099))
        for history in (SENT, DOUBTED)
    ],
    "no success otherwise": [
        (Reply(status, body_of(*codes)), SENT, REFUSED)
        for status in (200, 400, 404, 500)
        for codes in ((53100020,), (53100040,), (53100050, 53100030), (53100090,))
    ],
    "401, category 11": [
        (Reply(401, b"", token=1), SENT, TOKEN),
        (Reply(200, body_of(53100011), token=1), SENT, TOKEN),
    ],
    "401 with a later token": [
        (Reply(401, b"", token=2), replace(SENT, refused_token=1), stops(Reason.CREDENTIALS)),
    ],
    "403, category 10, with an envelope": [
        (Reply(status, body_of(53100010)), SENT, row(Kind.FAILED, Reason.PERMISSION)) for status in (200, 403)
    ],
    "the wrong address": [
        (Reply(status, b"<html>"), SENT, stops(Reason.ENDPOINT)) for status in (301, 302, 307, 403, 404, 405, 407)
    ],
    "422 without a category": [(Reply(422, body), SENT, stops(Reason.KEY_MISMATCH)) for body in (b"", body_of())],
    "422 with one of 20 to 90": [(Reply(422, body_of(53100020)), SENT, REFUSED)],
    "another 4xx": [
        (Reply(status, b"<html>"), SENT, row(Kind.FAILED, Reason.CLIENT_ERROR)) for status in (400, 410, 413, 418, 451)
    ],
}


@pytest.mark.parametrize("line", TABLE)
def test_the_table_of_the_contract(line):
    """Line by line: what happens, with which key, in doubt or not, at whose expense."""
    for answer, history, expected in TABLE[line]:
        made = verdict(answer, history, BOOKING, now=NOW, progress_seconds=240)
        shown = (made.kind, made.reason, made.next_generation, made.in_doubt, made.spends)
        assert (*shown, made.holds_everyone, made.hold_seconds, made.replayed) == expected, (answer, history)


class TestWholeJudgements:
    """Every field of what is made of an answer: what is not named here has its default."""

    @pytest.mark.parametrize(
        ("silence", "expected"),
        [
            (
                Silence("credentials", "wrong secret", sent=False),
                Judgement(Kind.STOP, Reason.CREDENTIALS, spends=False, message="wrong secret"),
            ),
            (
                Silence("certificate", "self-signed", sent=False),
                Judgement(Kind.STOP, Reason.ENDPOINT, spends=False, message="self-signed"),
            ),
            (
                Silence("token", "no token", sent=False, retry_after_seconds=3.0),
                Judgement(
                    Kind.AGAIN,
                    Reason.NO_TOKEN,
                    spends=False,
                    message="no token",
                    holds_everyone=True,
                    hold_seconds=3.0,
                ),
            ),
            (
                Silence("connect", "refused", sent=False),
                Judgement(Kind.AGAIN, Reason.SILENCE, spends=False, message="connect: refused"),
            ),
            (
                Silence("time-out"),
                Judgement(Kind.AGAIN, Reason.SILENCE, in_doubt=True, message="time-out"),
            ),
            (
                Silence("broken-body", "gzip", status=200, snippet=b"x"),
                Judgement(Kind.AGAIN, Reason.SILENCE, in_doubt=True, message="broken-body: gzip", unexpected=True),
            ),
        ],
    )
    def test_of_a_silence(self, silence, expected):
        judgement = verdict(silence, SENT, BOOKING, now=NOW, progress_seconds=240)
        assert judgement == expected
        assert type(judgement.spends) is type(judgement.unexpected) is bool

    def test_of_a_success_with_reasons(self):
        body = body_of("53100350", success=True, idList=["a"], processId=P1, requestId=R1)
        assert judged(200, body, request_id=R2) == Judgement(
            Kind.SUCCEEDED,
            Reason.DONE,
            ids=("a",),
            code="53100350",
            category="50",
            process_id=P1,
            reply_ids=(R1, P1, R2),
        )

    def test_of_a_success_without_what_it_declares(self):
        judgement = judged(200, b'{"success": true}')
        assert judgement == Judgement(
            Kind.AGAIN,
            Reason.UNEXPECTED,
            in_doubt=True,
            unexpected=True,
            message="success without the idList that booking-transaction declares",
        )

    @pytest.mark.parametrize("status", [300, 301, 500, 302])
    def test_a_success_with_another_status_is_none(self, status):
        assert judged(status, DONE).kind is not Kind.SUCCEEDED

    @pytest.mark.parametrize(("age", "kind"), [(240.0, Reason.IN_PROGRESS), (240.1, Reason.SAVED_FAILURE)])
    def test_how_long_a_409_is_in_progress(self, age, kind):
        history = replace(DOUBTED, doubted_at=NOW - age)
        assert judged(409, history=history).reason is kind

    def test_of_a_409(self):
        assert judged(409, retry_after_seconds=4.0) == Judgement(
            Kind.AGAIN, Reason.IN_PROGRESS, in_doubt=True, spends=False, hold_seconds=4.0, message="HTTP 409"
        )

    @pytest.mark.parametrize("status", [502, 503, 504, 408])
    def test_of_a_gateway(self, status):
        assert judged(status, retry_after_seconds=4.0) == Judgement(
            Kind.AGAIN,
            Reason.GATEWAY,
            in_doubt=True,
            holds_everyone=True,
            hold_seconds=4.0,
            unexpected=True,
            message=f"HTTP {status}",
        )
        assert judged(status).unexpected is True

    def test_of_a_key_that_was_used_for_something_else(self):
        message = "HTTP 422: the idempotency key was used before for another tenant, URL or method"
        expected = Judgement(Kind.STOP, Reason.KEY_MISMATCH, spends=False, unexpected=True, message=message)
        assert judged(422) == expected
        explained = judged(422, body_of("1", requestId=R1))
        assert (explained.kind, explained.spends, explained.unexpected) == (Kind.STOP, False, False)
        assert explained.message == message

    @pytest.mark.parametrize("status", [301, 404, 405, 407])
    def test_of_an_address_where_no_operation_is(self, status):
        message = f"HTTP {status}: this is not where the operation is; check the base URL"
        expected = Judgement(Kind.STOP, Reason.ENDPOINT, spends=False, unexpected=True, message=message)
        assert judged(status) == expected

    def test_of_a_token_refused_again(self):
        history = replace(SENT, refused_token=1)
        judgement = judged(401, body_of("90000011"), history, token=2)
        assert (judgement.kind, judgement.reason, judgement.spends) == (Kind.STOP, Reason.CREDENTIALS, False)
        assert judgement.message == "because 90000011"
        assert judgement.unexpected is False
        assert judged(401, b"", history, token=2).unexpected is True

    def test_of_a_refusal_that_nobody_explains(self):
        assert judged(400, b'{"success": false}').reason is Reason.REFUSED
        assert judged(418).unexpected is True
        assert judged(300, b"<html>").reason is Reason.ENDPOINT
        assert judged(299, b"<html>").reason is Reason.UNEXPECTED

    def test_of_a_firewalls_page_after_a_success(self):
        page = Reply(403, b"<html>")
        judgement = verdict(page, SENT, BOOKING, now=NOW, progress_seconds=240, proven=True)
        assert (judgement.kind, judgement.reason, judgement.unexpected) == (Kind.FAILED, Reason.CLIENT_ERROR, True)

    def test_a_contradicted_success_is_judged_by_its_status(self):
        """With 409 among them: it is in progress for as long as any."""
        judgement = judged(403, DONE)
        assert (judgement.kind, judgement.reason, judgement.in_doubt) == (Kind.AGAIN, Reason.UNEXPECTED, True)

    def test_an_id_that_others_have_proves_nothing(self):
        """Who else has it is looked up for each id."""
        history = replace(DOUBTED, reply_ids=frozenset({R1}))
        looked_up = []

        def is_shared(reply_id):
            looked_up.append(reply_id)
            return reply_id == R1

        body = body_of("53100370", requestId=R1)
        reply = Reply(502, body)
        verdict(reply, history, BOOKING, now=NOW, progress_seconds=240, is_shared=is_shared)
        assert looked_up == [R1]

    @pytest.mark.parametrize(
        ("body", "objection"), [(b"", "429"), (body_of("53100370"), "category 70"), (body_of("53100350"), None)]
    )
    def test_how_the_server_limits(self, body, objection):
        assert judged(429, body).objection == objection
