-- The ledger of one run, version 1: the one truth; every other file of the run is a view of it.
--
--   line ──► request ──► attempt (intent, then answer)
--                ├─────► job (what it created and is followed)
--                └─────► outcome (appended; each entry hashes its content and the entry before) ──► closing
--
-- Times are microseconds since the epoch, UTC.

-- What was asked, and how far the run is: JSON values.
CREATE TABLE fact (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE step (
    step    INTEGER PRIMARY KEY,            -- from 1
    does    TEXT NOT NULL,                  -- regenerate, …
    options TEXT NOT NULL                   -- JSON object
) STRICT;

CREATE TABLE manifest (
    manifest INTEGER PRIMARY KEY,           -- in the order of the command line
    step     INTEGER NOT NULL REFERENCES step,
    path     TEXT NOT NULL,                 -- as given
    sha256   TEXT NOT NULL,
    bytes    INTEGER NOT NULL,
    rows     INTEGER NOT NULL,
    columns  TEXT NOT NULL                  -- JSON array of the headers, as they stand
) STRICT;

-- One manifest row, whatever became of it.
CREATE TABLE line (
    line      INTEGER PRIMARY KEY,          -- the row's number in the run, from 1
    manifest  INTEGER NOT NULL REFERENCES manifest,
    row       INTEGER NOT NULL,             -- the row's number in its manifest, from 1
    cells     TEXT NOT NULL,                -- JSON array, one cell a column of its manifest
    operation TEXT,
    type      TEXT,
    object    TEXT,                         -- for people
    request   INTEGER,                      -- the line that first asks for the same: itself, unless a duplicate
    problem   TEXT,                         -- why it was rejected; then it has no request
    in_part   INTEGER NOT NULL DEFAULT 0    -- 1: one of the many rows of a backfill part; has a fate of its own
) STRICT;

CREATE TABLE request (
    request    INTEGER PRIMARY KEY,         -- the line that first asks for it
    step       INTEGER NOT NULL,
    operation  TEXT NOT NULL,
    query      TEXT NOT NULL,               -- encoded, without '?'
    body       TEXT,                        -- canonical JSON
    digest     BLOB NOT NULL,               -- 20 bytes: the identity
    lane       INTEGER NOT NULL,            -- requests that name the same object share it
    head       INTEGER NOT NULL DEFAULT 1,  -- first of its lane
    following  INTEGER,                     -- the next of its lane
    state      TEXT NOT NULL DEFAULT 'pending' -- pending → succeeded | failed | unknown; unknown → pending
               -- with IN an insert would take twice as long
               CHECK (state = 'pending' OR state = 'succeeded' OR state = 'failed' OR state = 'unknown'),
    generation INTEGER NOT NULL DEFAULT 0,  -- whose key the next attempt uses
    outcome    INTEGER                      -- the last one
) STRICT;

-- A request that uploads rows of a manifest as a file: a data backfill job's part.
CREATE TABLE part (
    part     INTEGER PRIMARY KEY,           -- its request
    manifest INTEGER NOT NULL REFERENCES manifest,
    file     TEXT NOT NULL UNIQUE,          -- the name that it goes up under, and is looked for by
    rows     INTEGER NOT NULL,
    bytes    INTEGER NOT NULL,              -- of the CSV
    sha256   TEXT NOT NULL,                 -- of the CSV
    id_column INTEGER NOT NULL,             -- which cell names the record, from 0
    zipped   INTEGER NOT NULL               -- 1: goes up as a zip
) STRICT;

-- What a request created that takes its time. Committed before it is followed; never created again.
CREATE TABLE job (
    job        INTEGER PRIMARY KEY,         -- its request
    name       TEXT NOT NULL,               -- the job's id, the journal run's number
    created_at INTEGER NOT NULL,
    status     TEXT,                        -- as it was last told
    facts      TEXT                         -- JSON object: the counts last told
) STRICT;

-- Committed before it is sent. Without `answered_at` it is in doubt.
CREATE TABLE attempt (
    request     INTEGER NOT NULL,
    number      INTEGER NOT NULL,           -- from 1
    generation  INTEGER NOT NULL,
    claimed_at  INTEGER NOT NULL,
    sent_at     INTEGER,
    answered_at INTEGER,
    reason      TEXT,                       -- the line of the verdict's table
    in_doubt    INTEGER,                    -- 1: the work may be done or still be going on
    over        INTEGER,                    -- 1: the generation is known to be over
    http_status INTEGER,
    code        TEXT,
    category    TEXT,
    message     TEXT,
    request_id  TEXT,                       -- Zuora-Request-Id
    process_id  TEXT,
    reply_ids   TEXT,                       -- JSON array: what names this reply, should it come again
    token       INTEGER,                    -- serial of the access token
    snippet     TEXT,                       -- the first 2 kB of an answer of unexpected shape
    PRIMARY KEY (request, number)
) STRICT, WITHOUT ROWID;

-- Appended, never changed: a request asked again after `unknown` gets a later entry.
CREATE TABLE outcome (
    seq           INTEGER PRIMARY KEY,
    request       INTEGER NOT NULL,
    state         TEXT NOT NULL CHECK (state = 'succeeded' OR state = 'failed' OR state = 'unknown'),
    ids           TEXT NOT NULL,            -- JSON array
    code          TEXT,
    category      TEXT,
    message       TEXT,
    replayed      INTEGER NOT NULL,
    generation    INTEGER NOT NULL,
    attempts      INTEGER NOT NULL,
    http_status   INTEGER,
    request_id    TEXT,
    process_id    TEXT,
    first_sent_at INTEGER,
    settled_at    INTEGER NOT NULL,
    latency_ms    REAL,
    rows          TEXT,                     -- SHA-256 (hex) over its entries in row_outcome, if it has any
    hash          TEXT NOT NULL             -- SHA-256 (hex) of the hash before and this entry as canonical JSON
) STRICT;

-- The fates of the rows of a part, where they differ from one another; its outcome's hash covers them.
CREATE TABLE row_outcome (
    seq     INTEGER NOT NULL,               -- the outcome of the part
    line    INTEGER NOT NULL,
    state   TEXT NOT NULL CHECK (state = 'succeeded' OR state = 'failed' OR state = 'unknown'),
    message TEXT,
    PRIMARY KEY (seq, line)
) STRICT, WITHOUT ROWID;

-- Every row's own state, and the outcome that it has or shares.
CREATE VIEW fate AS
SELECT l.line, l.manifest, l.request,
       CASE WHEN l.problem IS NOT NULL THEN 'rejected'
            WHEN l.request <> l.line AND NOT l.in_part THEN 'duplicate'
            ELSE coalesce(w.state, r.state) END AS state,
       coalesce(w.state, r.state) AS outcome,
       CASE WHEN w.state IS NULL THEN o.message ELSE w.message END AS message,
       CASE WHEN w.state IS NULL THEN o.category WHEN w.state <> 'succeeded' THEN 'record' END AS category,
       o.seq, l.in_part
FROM line l
LEFT JOIN request r ON r.request = l.request
LEFT JOIN outcome o ON o.seq = r.outcome
LEFT JOIN row_outcome w ON w.seq = r.outcome AND w.line = l.line AND r.state <> 'pending';

-- Pauses, changes of pace, stops: what the report draws over time.
CREATE TABLE event (
    event INTEGER PRIMARY KEY,
    at    INTEGER NOT NULL,
    name  TEXT NOT NULL,
    facts TEXT NOT NULL                     -- JSON object
) STRICT;

-- SHA-256 over the rows of a part, a thousand at a time: `closing.py` says of which.
CREATE TABLE digest (
    part   TEXT NOT NULL,
    block  INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (part, block)
) STRICT, WITHOUT ROWID;

-- Appended when an invocation ends: binds the outcomes and the digests of the rest to the closing before.
CREATE TABLE closing (
    closing INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    seq     INTEGER NOT NULL,               -- the last outcome
    digests TEXT NOT NULL,                  -- SHA-256 (hex) over the digests of facts, states, attempts and events
    hash    TEXT NOT NULL                   -- the head that is noted elsewhere
) STRICT;
