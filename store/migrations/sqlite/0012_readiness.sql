-- The documents of services, whether the building team is ready to run them, and the steps by which it takes over.
-- +goose Up
CREATE TABLE document_kinds (name TEXT PRIMARY KEY);
INSERT INTO document_kinds VALUES ('dashboard'), ('runbook');

CREATE TABLE service_documents (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  service_id INTEGER NOT NULL REFERENCES services (id) ON DELETE CASCADE,
  kind TEXT NOT NULL REFERENCES document_kinds (name),
  title TEXT NOT NULL,
  url TEXT NOT NULL,
  owner_id INTEGER NOT NULL REFERENCES teams (id),
  confirmed_at DATETIME,
  confirmed_by_id INTEGER REFERENCES teams (id),
  link_checked_at DATETIME,
  link_failed_at DATETIME, -- the first failed look since the last good one
  link_dead BOOLEAN NOT NULL DEFAULT FALSE,
  link_trouble TEXT NOT NULL DEFAULT '',
  link_next_at DATETIME NOT NULL, -- also what keeps others from a link that one looks at
  created_at DATETIME NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX service_documents_service ON service_documents (service_id, kind, id);
CREATE INDEX service_documents_owner ON service_documents (owner_id);
CREATE INDEX service_documents_confirmed_by ON service_documents (confirmed_by_id);
CREATE INDEX service_documents_due ON service_documents (link_next_at, id);

-- One row whenever the answer for a service changes.
CREATE TABLE service_coverage (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  service_id INTEGER NOT NULL REFERENCES services (id) ON DELETE CASCADE,
  at DATETIME NOT NULL,
  retired BOOLEAN NOT NULL,
  covered BOOLEAN NOT NULL,
  missing TEXT NOT NULL DEFAULT '[]' -- JSON list
);
CREATE INDEX service_coverage_service ON service_coverage (service_id, at, id);

CREATE TABLE adoption_steps (number INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO adoption_steps VALUES
  (1, 'production can be seen'), (2, 'developers may read'), (3, 'production week'),
  (4, 'joint response'), (5, 'on-call is transferred'), (6, 'every incident changes something');

CREATE TABLE service_adoption (
  service_id INTEGER NOT NULL REFERENCES services (id) ON DELETE CASCADE,
  step INTEGER NOT NULL REFERENCES adoption_steps (number),
  planned_on TEXT NOT NULL DEFAULT '', -- a date, or empty
  done_on TEXT NOT NULL DEFAULT '',
  version INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (service_id, step)
);
CREATE INDEX service_adoption_done ON service_adoption (done_on, step) WHERE done_on <> '';

-- +goose Down
DROP TABLE service_adoption;
DROP TABLE adoption_steps;
DROP TABLE service_coverage;
DROP TABLE service_documents;
DROP TABLE document_kinds;
