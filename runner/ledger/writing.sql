-- How the pen writes: each row of a batch goes into one view, and triggers put its parts where they belong, so that a
-- batch is one statement, one transaction and one wait for the interpreter lock. A row may hold an answered attempt with
-- the outcome that it settles, and beside it a claim, which has nothing to do with it; what is null is not there.
-- Part of the writer's connection, not of the file.

CREATE TEMP VIEW IF NOT EXISTS writing AS SELECT
    NULL AS request, NULL AS number, NULL AS sent_at, NULL AS answered_at, NULL AS reason, NULL AS in_doubt,
    NULL AS over, NULL AS http_status, NULL AS code, NULL AS category, NULL AS message, NULL AS request_id,
    NULL AS process_id, NULL AS reply_ids, NULL AS token, NULL AS snippet,
    NULL AS answers, NULL AS next_generation,
    NULL AS seq, NULL AS state, NULL AS ids, NULL AS outcome_code, NULL AS outcome_category, NULL AS outcome_message,
    NULL AS replayed, NULL AS generation, NULL AS first_sent_at, NULL AS latency_ms, NULL AS rows, NULL AS hash,
    NULL AS claim_request, NULL AS claim_number, NULL AS claim_generation, NULL AS claimed_at;

CREATE TEMP TRIGGER IF NOT EXISTS write_answer INSTEAD OF INSERT ON writing WHEN new.answers BEGIN
    UPDATE attempt SET
        sent_at = new.sent_at, answered_at = new.answered_at, reason = new.reason, in_doubt = new.in_doubt,
        over = new.over, http_status = new.http_status, code = new.code, category = new.category,
        message = new.message, request_id = new.request_id, process_id = new.process_id, reply_ids = new.reply_ids,
        token = new.token, snippet = new.snippet
    WHERE request = new.request AND number = new.number;
END;

CREATE TEMP TRIGGER IF NOT EXISTS write_generation INSTEAD OF INSERT ON writing WHEN new.over BEGIN
    UPDATE request SET generation = new.next_generation WHERE request = new.request;
END;

CREATE TEMP TRIGGER IF NOT EXISTS write_outcome INSTEAD OF INSERT ON writing WHEN new.seq BEGIN
    INSERT INTO outcome (
        seq, request, state, ids, code, category, message, replayed, generation, attempts, http_status,
        request_id, process_id, first_sent_at, settled_at, latency_ms, rows, hash
    ) VALUES (
        new.seq, new.request, new.state, new.ids, new.outcome_code, new.outcome_category, new.outcome_message,
        new.replayed, new.generation, new.number, new.http_status,
        new.request_id, new.process_id, new.first_sent_at, new.answered_at, new.latency_ms, new.rows, new.hash
    );
    UPDATE request SET state = new.state, outcome = new.seq WHERE request = new.request;
END;

CREATE TEMP TRIGGER IF NOT EXISTS write_claim INSTEAD OF INSERT ON writing WHEN new.claim_request BEGIN
    INSERT INTO attempt (request, number, generation, claimed_at)
    VALUES (new.claim_request, new.claim_number, new.claim_generation, new.claimed_at);
END;
