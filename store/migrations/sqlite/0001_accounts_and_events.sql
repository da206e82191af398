-- Who does something, and the one append-only record of what was done.
-- +goose Up
CREATE TABLE roles (name TEXT PRIMARY KEY);
INSERT INTO roles VALUES ('viewer'), ('editor'), ('admin');
CREATE TABLE actor_kinds (name TEXT PRIMARY KEY);
INSERT INTO actor_kinds VALUES ('person'), ('token'), ('job'), ('source'), ('command');

CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  display_name TEXT NOT NULL DEFAULT '',
  email TEXT NOT NULL DEFAULT '',
  role TEXT NOT NULL REFERENCES roles (name),
  password_hash TEXT NOT NULL DEFAULT '', -- empty until an invitation is accepted
  zone TEXT NOT NULL DEFAULT 'UTC',
  created_at DATETIME NOT NULL,
  last_seen_at DATETIME,
  disabled_at DATETIME
);
CREATE UNIQUE INDEX users_name ON users (name); -- stored case-folded

CREATE TABLE sessions (
  token TEXT PRIMARY KEY, -- a hash, never the cookie's value
  data BLOB NOT NULL,
  expires_at DATETIME NOT NULL
);
CREATE INDEX sessions_expires ON sessions (expires_at);

CREATE TABLE tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  role TEXT NOT NULL REFERENCES roles (name),
  prefix TEXT NOT NULL,
  hash TEXT NOT NULL,
  user_id INTEGER REFERENCES users (id), -- who it belongs to; null when made on the command line
  created_by TEXT NOT NULL,
  created_at DATETIME NOT NULL,
  last_used_at DATETIME,
  expires_at DATETIME,
  revoked_at DATETIME
);
CREATE UNIQUE INDEX tokens_hash ON tokens (hash);
CREATE INDEX tokens_user ON tokens (user_id, id);

-- One-time links: the first administrator's set-up, new people, forgotten passwords.
CREATE TABLE invitations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER REFERENCES users (id) ON DELETE CASCADE, -- null: makes the first administrator
  hash TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at DATETIME NOT NULL,
  expires_at DATETIME NOT NULL,
  used_at DATETIME
);
CREATE UNIQUE INDEX invitations_hash ON invitations (hash);
CREATE INDEX invitations_user ON invitations (user_id);

CREATE TABLE sign_in_failures (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  address TEXT NOT NULL,
  at DATETIME NOT NULL
);
CREATE INDEX sign_in_failures_name ON sign_in_failures (name, at);
CREATE INDEX sign_in_failures_address ON sign_in_failures (address, at);
CREATE INDEX sign_in_failures_at ON sign_in_failures (at);

-- The first answer to a POST with an Idempotency-Key, given again for the same key and body.
CREATE TABLE idempotency_keys (
  actor TEXT NOT NULL, -- kind:id, so that one sender's keys never meet another's
  key TEXT NOT NULL,
  body_hash TEXT NOT NULL, -- of method, path and body
  status INTEGER NOT NULL,
  headers TEXT NOT NULL,
  body BLOB NOT NULL,
  created_at DATETIME NOT NULL,
  PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at DATETIME NOT NULL,
  actor_kind TEXT NOT NULL REFERENCES actor_kinds (name),
  actor_id INTEGER NOT NULL DEFAULT 0,
  actor_name TEXT NOT NULL,
  subject TEXT NOT NULL,
  subject_id INTEGER NOT NULL,
  action TEXT NOT NULL,
  incident_id INTEGER,
  problem_id INTEGER,
  followup_id INTEGER,
  before TEXT,
  after TEXT,
  reason TEXT NOT NULL DEFAULT '',
  request_id TEXT NOT NULL DEFAULT '',
  origin TEXT NOT NULL DEFAULT ''
);
CREATE INDEX events_subject ON events (subject, subject_id, id);
CREATE INDEX events_kind ON events (subject, id);
CREATE INDEX events_incident ON events (incident_id, id) WHERE incident_id IS NOT NULL;
CREATE INDEX events_problem ON events (problem_id, id) WHERE problem_id IS NOT NULL;
CREATE INDEX events_followup ON events (followup_id, id) WHERE followup_id IS NOT NULL;

-- Append-only is a rule of the table, not a habit of the code.
-- +goose StatementBegin
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never altered'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE events;
DROP TABLE idempotency_keys;
DROP TABLE sign_in_failures;
DROP TABLE invitations;
DROP TABLE tokens;
DROP TABLE sessions;
DROP TABLE users;
DROP TABLE actor_kinds;
DROP TABLE roles;
