-- The words of incidents: title, summary, labels and notes. They are written in batches after the commit, so the marks below say what
-- is still to be read. No foreign keys on the postings: one writer fills them, by number, from incidents that are never deleted.
-- +goose Up
DROP TABLE incident_terms;

CREATE TABLE terms (
  id INTEGER PRIMARY KEY,
  term TEXT NOT NULL UNIQUE,
  incidents INTEGER NOT NULL DEFAULT 0 -- how many mention it
);

-- Which incidents mention a term, for the search and for finding likely earlier occurrences.
CREATE TABLE incident_terms (
  term_id INTEGER NOT NULL,
  incident_id INTEGER NOT NULL,
  PRIMARY KEY (term_id, incident_id)
) WITHOUT ROWID;

-- Which terms an incident mentions and how often, packed as store/mentions.go says, for weighing one against another.
CREATE TABLE incident_mentions (
  incident_id INTEGER PRIMARY KEY REFERENCES incidents (id) ON DELETE CASCADE,
  mentions BLOB NOT NULL
);

CREATE TABLE stale_texts (incident_id INTEGER PRIMARY KEY REFERENCES incidents (id) ON DELETE CASCADE);
INSERT INTO stale_texts SELECT id FROM incidents;

-- +goose Down
DROP TABLE stale_texts;
DROP TABLE incident_mentions;
DROP TABLE incident_terms;
DROP TABLE terms;
CREATE TABLE incident_terms (
  term TEXT NOT NULL,
  incident_id INTEGER NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  PRIMARY KEY (term, incident_id)
) WITHOUT ROWID;
CREATE INDEX incident_terms_incident ON incident_terms (incident_id, term);
