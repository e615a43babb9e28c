// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The store's tables, as migrations. A released migration is never edited: the next one corrects it.
enum Schema {
    /// "JULS": marks the file as ours, so that the database of another program is never taken for it.
    static let applicationID: Int32 = 0x4A55_4C53

    static let migrations = [
        Migration(
            version: 1,
            sql: """
                CREATE TABLE log (
                    one INTEGER PRIMARY KEY CHECK (one = 1),
                    epoch TEXT NOT NULL,
                    origin INTEGER NOT NULL,   -- the seq below the epoch's first delta
                    head INTEGER NOT NULL,
                    baseline INTEGER NOT NULL DEFAULT 0,   -- 1 once the whole account has been read
                    mark TEXT,   -- of the run that wrote last; NULL in a copy
                    earlier_mark TEXT,   -- of the run before, until this one's is in the file and the folder
                    writes INTEGER NOT NULL DEFAULT 0   -- every transaction writes this row, and with it the mark
                ) STRICT;

                CREATE TABLE session (
                    number INTEGER PRIMARY KEY,
                    id TEXT NOT NULL UNIQUE,
                    created INTEGER NOT NULL,   -- nanoseconds since the epoch, like every time here
                    state TEXT NOT NULL,
                    repository TEXT NOT NULL,   -- lower case
                    archived INTEGER NOT NULL,
                    waiting INTEGER,   -- NULL unless it waits for a person: the last plan or question already told
                    unread INTEGER,   -- since when it is seen to wait, until its plan or question has been read
                    silent INTEGER,   -- since when the agent at work has not been heard; NULL once that has been told
                    search TEXT NOT NULL,   -- title, prompt and id in lower case
                    body BLOB NOT NULL
                ) STRICT;
                CREATE INDEX session_newest ON session (archived, created DESC, id DESC);
                CREATE INDEX session_newest_of_all ON session (created DESC, id DESC);
                CREATE INDEX session_silent ON session (silent) WHERE silent IS NOT NULL;
                CREATE INDEX session_state ON session (archived, state, id);

                CREATE TABLE delta (
                    seq INTEGER PRIMARY KEY,
                    session TEXT NOT NULL,
                    change TEXT NOT NULL,
                    attention INTEGER NOT NULL,
                    finished INTEGER NOT NULL,
                    at INTEGER NOT NULL,
                    ends INTEGER NOT NULL,   -- bytes of all bodies up to and with this one: what limits by size count in
                    body BLOB NOT NULL
                ) STRICT;

                CREATE TABLE activity (
                    number INTEGER PRIMARY KEY,
                    session TEXT NOT NULL,
                    id TEXT NOT NULL,
                    created INTEGER NOT NULL,
                    kind TEXT NOT NULL,
                    body BLOB NOT NULL,
                    UNIQUE (session, id)
                ) STRICT;
                CREATE INDEX activity_oldest ON activity (session, created, number);

                CREATE TABLE creation (
                    key TEXT PRIMARY KEY,   -- the client's Idempotency-Key
                    request BLOB NOT NULL,   -- digest of the body that came with it
                    began INTEGER NOT NULL,
                    session TEXT,   -- like the answer NULL while nobody knows whether it was created
                    answer BLOB
                ) STRICT;

                CREATE TABLE endpoint (   -- every webhook that has ever been set
                    number INTEGER PRIMARY KEY,
                    key TEXT NOT NULL UNIQUE,   -- digest of the URL, which is a secret
                    name TEXT NOT NULL   -- scheme, host and a short hash
                ) STRICT;

                CREATE TABLE delivery (   -- one delta on its way to one endpoint
                    number INTEGER PRIMARY KEY,
                    id TEXT NOT NULL UNIQUE,   -- the webhook-id
                    endpoint INTEGER NOT NULL REFERENCES endpoint,
                    seq INTEGER NOT NULL,
                    session TEXT NOT NULL,
                    state TEXT NOT NULL,   -- pending, delivered or dead
                    attempts INTEGER NOT NULL DEFAULT 0,
                    failures INTEGER NOT NULL DEFAULT 0,   -- since it was made, or retried by hand
                    began INTEGER NOT NULL,   -- when it was made, or retried by hand
                    due INTEGER,   -- NULL unless it is the first pending one of its session at this endpoint
                    status INTEGER,   -- of the last answer
                    error TEXT,   -- of the last attempt
                    created INTEGER NOT NULL,
                    delivered INTEGER,
                    body BLOB   -- NULL as long as the log has the delta
                ) STRICT;
                CREATE INDEX delivery_due ON delivery (endpoint, due) WHERE due IS NOT NULL;
                CREATE INDEX delivery_order ON delivery (endpoint, session, seq) WHERE state = 'pending';
                CREATE INDEX delivery_state ON delivery (state, number);
                CREATE INDEX delivery_seq ON delivery (seq);
                CREATE INDEX delivery_age ON delivery (created) WHERE state <> 'pending';
                """),
        Migration(
            version: 2,
            sql: """
                ALTER TABLE session ADD COLUMN attention TEXT;   -- why it is in the inbox; NULL where it is not
                ALTER TABLE session ADD COLUMN attention_since INTEGER;
                CREATE INDEX session_inbox ON session (attention_since, id, attention) WHERE attention IS NOT NULL;
                UPDATE session SET attention_since = waiting,
                    attention = iif(state = 'AWAITING_PLAN_APPROVAL', 'plan', 'question')
                    WHERE waiting IS NOT NULL AND archived = 0;
                UPDATE session SET attention = 'stalled', attention_since = coalesce((SELECT max(created)
                    FROM activity WHERE session = session.id), created)
                    WHERE state = 'IN_PROGRESS' AND silent IS NULL AND archived = 0;

                ALTER TABLE delta ADD COLUMN reason TEXT;   -- why it calls for a person; NULL where it does not
                UPDATE delta SET reason = CASE json_extract(CAST(body AS TEXT), '$.after.state')
                    WHEN 'AWAITING_PLAN_APPROVAL' THEN 'plan' WHEN 'AWAITING_USER_FEEDBACK' THEN 'question'
                    WHEN 'IN_PROGRESS' THEN 'stalled' WHEN 'COMPLETED' THEN 'expired' END WHERE attention = 1;
                ALTER TABLE delta DROP COLUMN attention;
                """),
        Migration(
            version: 3,
            sql: """
                -- How often the endpoint has refused it for good, since it was made or retried by hand.
                ALTER TABLE delivery ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
                -- Why it is dead: removed, gone, refused or expired; NULL unless it is.
                ALTER TABLE delivery ADD COLUMN ended TEXT;
                UPDATE delivery SET ended = CASE
                    WHEN error = 'the endpoint is not in NOTIFY_WEBHOOK any more' THEN 'removed'
                    WHEN error = 'the endpoint answered 410 Gone' THEN 'gone'
                    ELSE 'expired' END
                WHERE state = 'dead';
                """),
        Migration(version: 4) { connection in
            try connection.execute(
                "CREATE INDEX session_repository ON session (repository, archived, created DESC, id DESC)")
            try connection.foldSearchTexts()
        },
        Migration(
            version: 5,
            sql: """
                ALTER TABLE creation RENAME TO keyed_request;   -- every request that came with an Idempotency-Key
                ALTER TABLE keyed_request RENAME COLUMN request TO digest;
                -- the id of what it brought about, where that is known
                ALTER TABLE keyed_request RENAME COLUMN session TO outcome;
                ALTER TABLE keyed_request ADD COLUMN target TEXT NOT NULL DEFAULT 'create';   -- what it does, and to what
                ALTER TABLE keyed_request ADD COLUMN tried INTEGER NOT NULL DEFAULT 0;   -- when it was made last
                -- JSON array: ids of sessions or activities that were there before
                ALTER TABLE keyed_request ADD COLUMN known BLOB NOT NULL DEFAULT x'5b5d';
                UPDATE keyed_request SET tried = began;
                """),
        Migration(
            version: 6,
            sql: """
                -- Since when it is completed, until its activities show how; NULL where that is clear.
                ALTER TABLE session ADD COLUMN ended INTEGER;
                """),
        Migration(
            version: 7,
            sql: """
                -- Of the last transaction: the steady time, the wall clock's, and how long the machine had been running.
                ALTER TABLE log ADD COLUMN steady INTEGER;
                ALTER TABLE log ADD COLUMN wall INTEGER;
                ALTER TABLE log ADD COLUMN since_boot INTEGER;
                -- The wall clock's time and the steady one when the wall clock was believed last, and since when it is doubted.
                ALTER TABLE log ADD COLUMN believed_wall INTEGER;
                ALTER TABLE log ADD COLUMN believed_time INTEGER;
                ALTER TABLE log ADD COLUMN doubted INTEGER;
                -- From now on in steady time, like delivery.began and session.silent; so far in the wall clock's.
                UPDATE delivery SET due = began WHERE due IS NOT NULL;
                -- When the key came, in steady time; began and tried are compared with the API's clock.
                ALTER TABLE keyed_request ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
                UPDATE keyed_request SET kept = began;
                """),
        Migration(
            version: 8,
            sql: """
                -- Since when, in steady time, the answer that created it is all that has shown it; NULL once the API has shown it again.
                ALTER TABLE session ADD COLUMN unconfirmed INTEGER;
                -- When the newest of its removed activities was created; up to then nothing is read again.
                ALTER TABLE session ADD COLUMN pruned INTEGER;
                -- Its state when its activities were last read to their end.
                ALTER TABLE session ADD COLUMN read_state TEXT;
                """),
        Migration(
            version: 9,
            sql: """
                -- The log's writes when it last changed, until its activities have been read since then; NULL afterwards.
                ALTER TABLE session ADD COLUMN activities_unread INTEGER;
                CREATE INDEX session_activities_unread ON session (activities_unread)
                    WHERE activities_unread IS NOT NULL;
                """),
        Migration(
            version: 10,
            sql: """
                -- Digest of the address and the key that have shown the account last.
                ALTER TABLE log ADD COLUMN account TEXT;
                """),
        Migration(
            version: 11,
            sql: """
                CREATE TABLE queue_entry (   -- a task that waits until Jules takes another one, or that has waited
                    number INTEGER PRIMARY KEY,
                    id TEXT NOT NULL UNIQUE,
                    state TEXT NOT NULL,   -- waiting, starting, started, failed or cancelled
                    priority INTEGER NOT NULL,
                    queued INTEGER NOT NULL,
                    repository TEXT NOT NULL,   -- lower case
                    title TEXT NOT NULL,   -- its first line, or the prompt's
                    request BLOB NOT NULL,   -- JSON object: what is asked for
                    key TEXT NOT NULL,   -- of its creation in keyed_request
                    uncertain INTEGER NOT NULL DEFAULT 0,   -- 1 where Jules may have started it all the same
                    refusals INTEGER NOT NULL DEFAULT 0,   -- how often Jules took another one in its place
                    session TEXT,   -- what came of it
                    detail TEXT,   -- why it failed, or what Jules answered last
                    ended INTEGER
                ) STRICT;
                CREATE INDEX queue_open ON queue_entry (priority DESC, number) WHERE ended IS NULL;
                CREATE INDEX queue_open_key ON queue_entry (key) WHERE ended IS NULL;
                CREATE INDEX queue_ended ON queue_entry (ended) WHERE ended IS NOT NULL;
                CREATE TABLE deleted_session (   -- counts as one of the day's tasks all the same
                    id TEXT PRIMARY KEY,
                    created INTEGER NOT NULL
                ) STRICT;
                """),
        Migration(
            version: 12,
            sql: """
                CREATE TABLE rule (   -- every rule in force
                    name TEXT PRIMARY KEY,
                    since INTEGER NOT NULL   -- when it came, by the wall clock
                ) STRICT;

                CREATE TABLE decision (   -- what a rule has decided about one event of a session
                    number INTEGER PRIMARY KEY,
                    id TEXT NOT NULL UNIQUE,
                    at INTEGER NOT NULL,   -- by the wall clock; due, began and tried in steady time
                    rule TEXT NOT NULL,
                    file TEXT NOT NULL,
                    session TEXT NOT NULL,
                    event TEXT NOT NULL,   -- what tells it apart from the session's other events
                    reason TEXT NOT NULL,
                    action TEXT NOT NULL,
                    plan TEXT,   -- the one it is bound to
                    text TEXT,   -- the message to send
                    chain TEXT NOT NULL,   -- the first session of the chain of retries
                    due INTEGER NOT NULL,
                    began INTEGER,   -- NULL before it is carried out, and after an attempt that certainly did nothing
                    tried INTEGER,   -- when Jules was last asked; NULL if it was not
                    state TEXT NOT NULL,   -- waiting, done, dropped, failed or dry
                    detail TEXT,
                    outcome TEXT,   -- the session that a retry has created
                    UNIQUE (session, event)
                ) STRICT;
                CREATE INDEX decision_due ON decision (due) WHERE state = 'waiting';
                CREATE INDEX decision_chain ON decision (rule, chain);
                CREATE INDEX decision_hour ON decision (rule, began) WHERE began IS NOT NULL;
                CREATE INDEX decision_outcome ON decision (outcome) WHERE outcome IS NOT NULL;
                """),
        Migration(
            version: 13,
            sql: """
                -- In the order of lists, so that a filtered list is read in order too.
                DROP INDEX session_state;
                CREATE INDEX session_state ON session (archived, state, created DESC, id DESC);
                DROP INDEX session_repository;
                CREATE INDEX session_repository ON session (repository, archived, created DESC, id DESC, state);

                -- The three-character parts of session.search, by session.number.
                CREATE VIRTUAL TABLE session_text USING fts5 (
                    search, content = '', detail = none, columnsize = 0, tokenize = 'trigram case_sensitive 1');
                -- Sessions up to this number are in session_text. In a new store that is every session.
                ALTER TABLE log ADD COLUMN searchable INTEGER NOT NULL DEFAULT 9223372036854775807;
                UPDATE log SET searchable = 0;
                """),
        Migration(
            version: 14,
            sql: """
                -- Of the rule whose retry it is; NULL for a task that somebody has queued.
                ALTER TABLE queue_entry ADD COLUMN decision TEXT;
                -- When Jules was asked for it by a daemon that ended before the answer; NULL otherwise.
                ALTER TABLE queue_entry ADD COLUMN asked INTEGER;
                CREATE UNIQUE INDEX queue_decision ON queue_entry (decision) WHERE decision IS NOT NULL;
                """),
    ]

    static let migrator = Migrator(applicationID: applicationID, migrations: migrations)
}

extension SQLiteConnection {
    /// Converts the texts for the search into their present form.
    fileprivate func foldSearchTexts() throws {
        var after: Int64 = .min
        while true {
            let rows = try query(
                "SELECT number, search FROM session WHERE number > ? ORDER BY number LIMIT 1000", [.integer(after)]
            ) { (number: $0.int(0), text: $0.text(1)) }
            guard let last = rows.last else { return }
            after = last.number
            for row in rows {
                let folded = row.text.searchText
                guard !folded.utf8.elementsEqual(row.text.utf8) else { continue }
                try run("UPDATE session SET search = ? WHERE number = ?", .text(folded), .integer(row.number))
            }
        }
    }
}
