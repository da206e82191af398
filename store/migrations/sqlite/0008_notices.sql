-- What tells the developers of a building team about an incident, and how they came to know otherwise.
-- +goose Up
ALTER TABLE teams ADD COLUMN chat_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE teams ADD COLUMN chat_host TEXT NOT NULL DEFAULT '';
ALTER TABLE teams ADD COLUMN chat_sealed TEXT NOT NULL DEFAULT ''; -- the webhook's address, encrypted

-- When each channel is known to have told them; the earliest stands on the incident.
CREATE TABLE incident_tellings (
  incident_id INTEGER NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  channel TEXT NOT NULL REFERENCES notice_channels (name),
  at DATETIME NOT NULL,
  PRIMARY KEY (incident_id, channel)
);

CREATE TABLE notice_ways (name TEXT PRIMARY KEY);
INSERT INTO notice_ways VALUES ('mail'), ('slack'), ('teams'), ('webhook');
CREATE TABLE notice_states (name TEXT PRIMARY KEY);
INSERT INTO notice_states VALUES ('waiting'), ('sending'), ('accepted'), ('dead'), ('dropped');

-- Written down before it is sent, claimed with a lease, settled after.
CREATE TABLE notices (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  incident_id INTEGER NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  team_id INTEGER NOT NULL REFERENCES teams (id),
  way TEXT NOT NULL REFERENCES notice_ways (name),
  address TEXT NOT NULL, -- of mail; empty for a chat, which is the team's
  state TEXT NOT NULL REFERENCES notice_states (name),
  attempt INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  holder TEXT NOT NULL DEFAULT '',
  lease_until DATETIME,
  next_at DATETIME NOT NULL,
  trouble TEXT NOT NULL DEFAULT '',
  trouble_status INTEGER NOT NULL DEFAULT 0,
  trouble_at DATETIME,
  created_at DATETIME NOT NULL,
  accepted_at DATETIME,
  UNIQUE (incident_id, team_id, way, address)
);
CREATE INDEX notices_due ON notices (next_at, id) WHERE state IN ('waiting', 'sending');
CREATE INDEX notices_accepted ON notices (accepted_at) WHERE accepted_at IS NOT NULL;
CREATE INDEX notices_troubled ON notices (trouble_at, id) WHERE trouble_at IS NOT NULL AND state NOT IN ('accepted', 'dropped');
CREATE INDEX notices_team ON notices (team_id);

-- +goose Down
DROP TABLE notices;
DROP TABLE notice_states;
DROP TABLE notice_ways;
DROP TABLE incident_tellings;
ALTER TABLE teams DROP COLUMN chat_sealed;
ALTER TABLE teams DROP COLUMN chat_host;
ALTER TABLE teams DROP COLUMN chat_kind;
