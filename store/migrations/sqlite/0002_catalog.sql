-- Teams, and the services they build and answer for.
-- +goose Up
CREATE TABLE team_kinds (name TEXT PRIMARY KEY);
INSERT INTO team_kinds VALUES ('development'), ('operations');

CREATE TABLE teams (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL REFERENCES team_kinds (name),
  zone TEXT NOT NULL DEFAULT 'UTC', -- IANA
  hours TEXT NOT NULL DEFAULT '{}', -- working hours and holidays, JSON of catalog.Hours
  mails TEXT NOT NULL DEFAULT '[]', -- JSON list
  created_at DATETIME NOT NULL,
  archived_at DATETIME,
  version INTEGER NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX teams_slug ON teams (slug);
CREATE INDEX teams_name ON teams (name, id);

CREATE TABLE services (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  summary TEXT NOT NULL DEFAULT '',
  builder_id INTEGER REFERENCES teams (id),
  on_call_id INTEGER REFERENCES teams (id),
  created_at DATETIME NOT NULL,
  retired_at DATETIME,
  version INTEGER NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX services_slug ON services (slug);
CREATE INDEX services_name ON services (name, id);
CREATE INDEX services_builder ON services (builder_id, name, id);
CREATE INDEX services_on_call ON services (on_call_id, name, id);

-- +goose Down
DROP TABLE services;
DROP TABLE teams;
DROP TABLE team_kinds;
