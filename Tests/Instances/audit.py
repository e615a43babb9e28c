# SPDX-License-Identifier: Apache-2.0
"""What the server itself saw: triggers note each delta and each new term, with the instance whose connection wrote it."""

TRIGGERS = """
BEGIN;
CREATE SCHEMA IF NOT EXISTS audit;
CREATE TABLE audit.delta (epoch text, seq bigint, change text, title text, term bigint, writer text, at timestamptz);
CREATE TABLE audit.term (term bigint, leader text, writer text, at timestamptz);
CREATE FUNCTION audit.note_delta() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO audit.delta SELECT epoch, NEW.seq, NEW.change, convert_from(NEW.body, 'UTF8')::json #>> '{after,title}', term,
        current_setting('application_name'), clock_timestamp() FROM public.log;
    RETURN NULL;
END $$;
CREATE FUNCTION audit.note_term() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO audit.term VALUES (NEW.term, NEW.leader, current_setting('application_name'), clock_timestamp());
    RETURN NULL;
END $$;
CREATE TRIGGER audit AFTER INSERT ON public.delta FOR EACH ROW EXECUTE FUNCTION audit.note_delta();
CREATE TRIGGER audit AFTER UPDATE ON public.log FOR EACH ROW WHEN (OLD.term <> NEW.term) EXECUTE FUNCTION audit.note_term();
INSERT INTO audit.term SELECT term, leader, 'julesd ' || leader, clock_timestamp() FROM public.log;
COMMIT;
"""
# Changes that only the leader finds out, because they come up in the account by themselves.
FOUND = "title LIKE 'Turn %'"


class Audit:
    def __init__(self, server):
        """`server` returns the server that is the primary now."""
        self.server = server
        server().query(TRIGGERS)

    @property
    def term(self):
        return int(self.server().value("SELECT term FROM log"))

    def takeover(self, term):
        """The time of the first change that a leader of a later term has written; `None` if there is none yet."""
        at = self.server().value(f"SELECT extract(epoch FROM min(at)) FROM audit.delta WHERE term > {term} AND {FOUND}")
        return float(at) if at else None

    def first_of_epoch(self):
        """The time of the first change of the account in the present epoch; `None` if there is none yet."""
        at = self.server().value(
            f"SELECT extract(epoch FROM min(audit.delta.at)) FROM audit.delta JOIN public.log USING (epoch) WHERE {FOUND}")
        return float(at) if at else None

    def strangers(self):
        """The changes of the account that were written by another instance than the leader of the term at that time."""
        return self.server().query(
            f"""SELECT d.seq, d.term, d.writer, t.leader, d.at FROM audit.delta d LEFT JOIN audit.term t ON t.term = d.term
            WHERE {FOUND} AND d.writer IS DISTINCT FROM 'julesd ' || t.leader""")

    def twins(self):
        """Numbers that were given twice, and terms that began twice."""
        return self.server().query(
            """SELECT 'seq', seq FROM audit.delta GROUP BY epoch, seq HAVING count(*) > 1
            UNION ALL SELECT 'term', term FROM audit.term GROUP BY term HAVING count(*) > 1""")

    def holes(self):
        """The numbers before which one is missing, within each epoch."""
        return self.server().query(
            """SELECT seq FROM (SELECT seq, lag(seq) OVER (PARTITION BY epoch ORDER BY seq) AS before FROM audit.delta) AS numbers
            WHERE before <> seq - 1""")

    def seqs(self):
        """All numbers that were given since the audit began, in all epochs."""
        return {int(seq) for seq, in self.server().query("SELECT seq FROM audit.delta")}

    def commits(self):
        """{seq: time of the commit} of what the log still has."""
        rows = self.server().query("SELECT seq, extract(epoch FROM pg_xact_commit_timestamp(xmin)) FROM delta")
        return {int(seq): float(at) for seq, at in rows if at}
