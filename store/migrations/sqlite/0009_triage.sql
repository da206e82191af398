-- Who answers for an incident, who passed it on, and what waits in whose inbox.
-- +goose Up
ALTER TABLE users ADD COLUMN team_id INTEGER REFERENCES teams (id); -- whose inbox this person sees first

-- One row for each incident about which something was said.
CREATE TABLE triages (
  incident_id INTEGER PRIMARY KEY REFERENCES incidents (id) ON DELETE CASCADE,
  accepted_team_id INTEGER REFERENCES teams (id), -- the latest acceptance
  accepted_by TEXT NOT NULL DEFAULT '',
  accepted_at DATETIME,
  accepted_after INTEGER NOT NULL DEFAULT 0, -- how many hand-offs came before it
  first_judgement TEXT REFERENCES cause_classes (name),
  first_judged_by TEXT NOT NULL DEFAULT '',
  first_judged_at DATETIME,
  judgement TEXT REFERENCES cause_classes (name), -- the latest after the first
  judged_by TEXT NOT NULL DEFAULT '',
  judged_at DATETIME,
  triaged_at DATETIME, -- the first acceptance or hand-off
  triaged_by_id INTEGER REFERENCES teams (id),
  took_seconds INTEGER -- from triage.Began to triaged_at
);
CREATE INDEX triages_team ON triages (triaged_by_id, triaged_at, took_seconds) WHERE triaged_at IS NOT NULL;
CREATE INDEX triages_at ON triages (triaged_at, took_seconds) WHERE triaged_at IS NOT NULL;

CREATE TABLE hand_offs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  incident_id INTEGER NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  from_id INTEGER REFERENCES teams (id),
  to_id INTEGER NOT NULL REFERENCES teams (id),
  reason TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  at DATETIME NOT NULL
);
CREATE INDEX hand_offs_incident ON hand_offs (incident_id, id);

-- Kept, equal to triage.WaitingOf: incidents that no team answers for, a row for each service, or one for the team they
-- were handed to. Nothing is here of what was over for days when it came, so the inboxes stay as quick as they are short.
CREATE TABLE triage_waiting (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  incident_id INTEGER NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  service_id INTEGER REFERENCES services (id),
  team_id INTEGER REFERENCES teams (id),
  from_id INTEGER REFERENCES teams (id),
  since DATETIME NOT NULL,
  until DATETIME NOT NULL,
  passed INTEGER NOT NULL
);
CREATE INDEX triage_waiting_incident ON triage_waiting (incident_id);
CREATE INDEX triage_waiting_service ON triage_waiting (service_id, until, incident_id) WHERE service_id IS NOT NULL;
CREATE INDEX triage_waiting_team ON triage_waiting (team_id, until, incident_id) WHERE team_id IS NOT NULL;
CREATE INDEX triage_waiting_from ON triage_waiting (from_id, until, since, incident_id) WHERE from_id IS NOT NULL;
CREATE INDEX triage_waiting_nowhere ON triage_waiting (until, incident_id) WHERE service_id IS NULL AND team_id IS NULL;
CREATE INDEX triage_waiting_until ON triage_waiting (until, since, incident_id, passed);

-- What goes on while this is applied waits too.
INSERT INTO triage_waiting (incident_id, service_id, since, until, passed)
SELECT i.id, l.service_id, i.created_at, '9999-12-31 00:00:00+00:00', 0 FROM incidents i LEFT JOIN incident_services l ON l.incident_id = i.id
WHERE i.kind = 'incident' AND i.merged_into IS NULL AND i.status IN ('open', 'mitigated');

-- +goose Down
DROP TABLE triage_waiting;
DROP TABLE hand_offs;
DROP TABLE triages;
ALTER TABLE users DROP COLUMN team_id;
