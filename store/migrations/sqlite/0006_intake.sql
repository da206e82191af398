-- Events in: the sources, what they sent, what is known of each of their incidents; and which environments are production.
-- +goose Up
CREATE TABLE sources (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  mapping TEXT NOT NULL DEFAULT '{}', -- JSON of intake.Mapping
  secrets_sealed TEXT NOT NULL DEFAULT '',
  secret_hashes TEXT NOT NULL DEFAULT '[]',
  created_at DATETIME NOT NULL,
  off_at DATETIME,
  revision INTEGER NOT NULL DEFAULT 1,
  followed_revision INTEGER NOT NULL DEFAULT 1, -- the revision by which what could not be placed was last tried again
  UNIQUE (kind, name)
);

-- Written with every delivery, so it is apart from the settings.
CREATE TABLE source_news (
  source_id INTEGER PRIMARY KEY REFERENCES sources (id) ON DELETE CASCADE,
  last_at DATETIME,
  unmapped TEXT NOT NULL DEFAULT '[]'
);

CREATE TABLE delivery_states (name TEXT PRIMARY KEY);
INSERT INTO delivery_states VALUES ('waiting'), ('done'), ('ignored'), ('failed'), ('unmapped');
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source_id INTEGER NOT NULL REFERENCES sources (id),
  name TEXT NOT NULL DEFAULT '', -- tells it from others of its source; empty: nothing does
  received_at DATETIME NOT NULL,
  headers TEXT NOT NULL DEFAULT '{}',
  body BLOB NOT NULL,
  size INTEGER NOT NULL,
  times INTEGER NOT NULL DEFAULT 1,
  last_at DATETIME NOT NULL,
  state TEXT NOT NULL REFERENCES delivery_states (name),
  became TEXT NOT NULL DEFAULT '[]',
  words TEXT NOT NULL DEFAULT '',
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at DATETIME NOT NULL,
  done_at DATETIME
);
CREATE UNIQUE INDEX deliveries_name ON deliveries (source_id, name) WHERE name <> '';
CREATE INDEX deliveries_waiting ON deliveries (next_at, id) WHERE state = 'waiting';
CREATE INDEX deliveries_source ON deliveries (source_id, id);
CREATE INDEX deliveries_source_state ON deliveries (source_id, state, id);
CREATE INDEX deliveries_old ON deliveries (last_at) WHERE state <> 'waiting';

-- What is known of each incident of a sender.
CREATE TABLE tracks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source_id INTEGER NOT NULL REFERENCES sources (id),
  key_hash TEXT NOT NULL,
  key TEXT NOT NULL,
  known TEXT NOT NULL, -- JSON: its marks, its look, our incidents
  merged_into_hash TEXT NOT NULL DEFAULT '',
  unassigned BOOLEAN NOT NULL DEFAULT FALSE,
  UNIQUE (source_id, key_hash)
);
CREATE INDEX tracks_merged ON tracks (source_id, merged_into_hash) WHERE merged_into_hash <> '';
CREATE INDEX tracks_unassigned ON tracks (source_id, id) WHERE unassigned;

-- Whether an environment is production, where somebody said so; else its name tells.
CREATE TABLE environments (
  name TEXT PRIMARY KEY,
  production BOOLEAN NOT NULL
);

ALTER TABLE deployments ADD COLUMN production BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE deployments SET production = TRUE WHERE environment = 'production';
CREATE INDEX deployments_production ON deployments (service_id, finished_at, id) WHERE production;

ALTER TABLE incidents ADD COLUMN labels TEXT NOT NULL DEFAULT '{}'; -- JSON of names and values

-- +goose Down
ALTER TABLE incidents DROP COLUMN labels;
DROP INDEX deployments_production;
ALTER TABLE deployments DROP COLUMN production;
DROP TABLE environments;
DROP TABLE tracks;
DROP TABLE deliveries;
DROP TABLE delivery_states;
DROP TABLE source_news;
DROP TABLE sources;
