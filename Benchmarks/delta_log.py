# SPDX-License-Identifier: Apache-2.0
"""Lengthens the log of a store that nobody uses, with copies of its newest delta."""
import sqlite3


def lengthen(folder, count=None, megabytes=None):
    """Adds so many deltas, or so many megabytes of them; answers how many there were added."""
    database = sqlite3.connect(f"{folder}/sessions.sqlite")
    seq, body, ends = database.execute("SELECT seq, body, ends FROM delta ORDER BY seq DESC LIMIT 1").fetchone()
    count = count or megabytes * 1_000_000 // len(body)
    start, rest = body.split(str(seq).encode(), 1)
    assert start == b'{"seq":'
    columns = [row[1] for row in database.execute("PRAGMA table_info(delta)")]
    new = {"seq": "?1 + i", "ends": f"{ends} + i * {len(body)}", "body": "CAST('{\"seq\":' || (?1 + i) || ?2 AS BLOB)"}
    database.execute(
        f"""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3)
            INSERT INTO delta ({", ".join(columns)}) SELECT {", ".join(new.get(column, column) for column in columns)}
            FROM n, delta WHERE seq = ?1""", (seq, rest.decode(), count))
    database.execute("UPDATE log SET head = ?", (seq + count,))
    database.commit()
    database.close()
    return count


def lengthen_shared(server, database, count):
    """The same on a PostgreSQL server."""
    columns = server.run("SELECT attname FROM pg_attribute WHERE attrelid = 'delta'::regclass AND attnum > 0", database).split()
    new = {"seq": "seq + i", "ends": "ends + i * length(body)",
           "body": """convert_to('{"seq":' || (seq + i) || substr(convert_from(body, 'UTF8'), length('{"seq":' || seq) + 1), 'UTF8')"""}
    server.run(
        f"""INSERT INTO delta ({", ".join(columns)}) SELECT {", ".join(new.get(column, column) for column in columns)}
            FROM delta, generate_series(1, {count}) AS i WHERE seq = (SELECT max(seq) FROM delta);
            UPDATE log SET head = head + {count};""", database)
