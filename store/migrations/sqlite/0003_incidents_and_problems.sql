-- Incidents, the problems behind them, what was learnt, and the deployments that caused some.
-- +goose Up
CREATE TABLE severities (name TEXT PRIMARY KEY);
INSERT INTO severities VALUES ('SEV1'), ('SEV2'), ('SEV3'), ('SEV4');
CREATE TABLE incident_kinds (name TEXT PRIMARY KEY);
INSERT INTO incident_kinds VALUES ('incident'), ('maintenance'), ('drill');
CREATE TABLE incident_classes (name TEXT PRIMARY KEY);
INSERT INTO incident_classes VALUES ('application'), ('infrastructure'), ('unknown');
CREATE TABLE incident_statuses (name TEXT PRIMARY KEY);
INSERT INTO incident_statuses VALUES ('open'), ('mitigated'), ('resolved'), ('closed');
CREATE TABLE detectors (name TEXT PRIMARY KEY);
INSERT INTO detectors VALUES ('alert'), ('user'), ('staff'), ('unknown');
CREATE TABLE notice_channels (name TEXT PRIMARY KEY);
INSERT INTO notice_channels VALUES ('page'), ('notice'), ('ticket'), ('assignment'), ('joined'), ('hand');
CREATE TABLE endings (name TEXT PRIMARY KEY);
INSERT INTO endings VALUES ('restart'), ('rollback'), ('configuration'), ('code'), ('scaling'), ('workaround'), ('none'), ('unknown');
CREATE TABLE problem_states (name TEXT PRIMARY KEY);
INSERT INTO problem_states VALUES ('open'), ('cause_known'), ('fix_shipped'), ('verified');
CREATE TABLE note_kinds (name TEXT PRIMARY KEY);
INSERT INTO note_kinds VALUES ('symptom'), ('hypothesis'), ('factor'), ('cause');
CREATE TABLE cause_classes (name TEXT PRIMARY KEY);
INSERT INTO cause_classes VALUES ('configuration'), ('code'), ('capacity'), ('data'), ('dependency'), ('deployment'), ('process'), ('unknown');
CREATE TABLE confidences (name TEXT PRIMARY KEY);
INSERT INTO confidences VALUES ('low'), ('medium'), ('high');
CREATE TABLE sides (name TEXT PRIMARY KEY);
INSERT INTO sides VALUES ('development'), ('operations');
CREATE TABLE outcomes (name TEXT PRIMARY KEY);
INSERT INTO outcomes VALUES ('succeeded'), ('failed'), ('rolled_back');
CREATE TABLE verdicts (name TEXT PRIMARY KEY);
INSERT INTO verdicts VALUES ('confirmed'), ('rejected');
CREATE TABLE regrouping_kinds (name TEXT PRIMARY KEY);
INSERT INTO regrouping_kinds VALUES ('merge'), ('split');

CREATE TABLE problems (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  title TEXT NOT NULL,
  service_id INTEGER REFERENCES services (id),
  state TEXT NOT NULL REFERENCES problem_states (name),
  fix_failed_at DATETIME,
  merged_into INTEGER REFERENCES problems (id),
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  -- kept by every change of its incidents, equal to problem.History of them
  occurrences INTEGER NOT NULL DEFAULT 0,
  recurrences INTEGER NOT NULL DEFAULT 0,
  first_at DATETIME,
  last_at DATETIME,
  impact_seconds INTEGER NOT NULL DEFAULT 0,
  hands_on_seconds INTEGER NOT NULL DEFAULT 0,
  median_gap_seconds INTEGER NOT NULL DEFAULT 0,
  restart_streak INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX problems_last ON problems (COALESCE(last_at, created_at), id) WHERE merged_into IS NULL;
CREATE INDEX problems_occurrences ON problems (occurrences, id) WHERE merged_into IS NULL;
CREATE INDEX problems_impact ON problems (impact_seconds, id) WHERE merged_into IS NULL;
CREATE INDEX problems_state ON problems (state, COALESCE(last_at, created_at), id) WHERE merged_into IS NULL;
CREATE INDEX problems_service ON problems (service_id, COALESCE(last_at, created_at), id) WHERE merged_into IS NULL;
CREATE INDEX problems_merged ON problems (merged_into) WHERE merged_into IS NOT NULL;

-- The same source and group key is the same failure.
CREATE TABLE problem_identities (
  source TEXT NOT NULL,
  group_key TEXT NOT NULL,
  problem_id INTEGER NOT NULL REFERENCES problems (id),
  PRIMARY KEY (source, group_key)
);
CREATE INDEX problem_identities_problem ON problem_identities (problem_id);

-- Problems that an import added incidents to and whose kept figures are still to follow.
CREATE TABLE stale_problems (problem_id INTEGER PRIMARY KEY REFERENCES problems (id));

CREATE TABLE incidents (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  title TEXT NOT NULL,
  summary TEXT NOT NULL DEFAULT '',
  impact TEXT NOT NULL DEFAULT '',
  severity TEXT REFERENCES severities (name),
  kind TEXT NOT NULL REFERENCES incident_kinds (name),
  class TEXT NOT NULL REFERENCES incident_classes (name),
  status TEXT NOT NULL REFERENCES incident_statuses (name),
  source TEXT NOT NULL DEFAULT '',
  external_id TEXT NOT NULL DEFAULT '',
  group_key TEXT NOT NULL DEFAULT '',
  detected_by TEXT NOT NULL REFERENCES detectors (name),
  url TEXT NOT NULL DEFAULT '',
  problem_id INTEGER REFERENCES problems (id),
  started_at DATETIME NOT NULL,
  detected_at DATETIME,
  declared_at DATETIME,
  developer_notified_at DATETIME,
  developer_notified_by TEXT REFERENCES notice_channels (name),
  acknowledged_at DATETIME,
  mitigated_at DATETIME,
  restored_at DATETIME,
  resolved_at DATETIME,
  closed_at DATETIME,
  reopened_at DATETIME, -- start of the present time of impact, after a reopening within the flap window
  ended_by TEXT NOT NULL REFERENCES endings (name),
  hands_on_seconds INTEGER NOT NULL DEFAULT 0,
  merged_into INTEGER REFERENCES incidents (id),
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  -- kept: what the rules and the problem's history say of this incident
  impact_seconds INTEGER, -- null while nobody knows when it was restored
  unassigned BOOLEAN NOT NULL DEFAULT FALSE, -- no service is known
  recognisable BOOLEAN NOT NULL DEFAULT TRUE, -- incident.Recognisable
  noticed_at DATETIME NOT NULL, -- incident.Detected: detected, else what comes closest
  occurrence INTEGER NOT NULL DEFAULT 1, -- which occurrence of its problem
  leads BOOLEAN NOT NULL DEFAULT TRUE, -- false when it continues the occurrence before it
  recurs BOOLEAN NOT NULL DEFAULT FALSE, -- a recurrence within 90 days
  significant BOOLEAN NOT NULL DEFAULT FALSE,
  has_cause BOOLEAN NOT NULL DEFAULT FALSE -- a confirmed cause or contributing factor is noted
);
CREATE UNIQUE INDEX incidents_external ON incidents (source, external_id) WHERE external_id <> '';
CREATE INDEX incidents_started ON incidents (started_at, id) WHERE merged_into IS NULL;
CREATE INDEX incidents_status ON incidents (status, started_at, id) WHERE merged_into IS NULL;
CREATE INDEX incidents_severity ON incidents (severity, started_at, id) WHERE merged_into IS NULL;
CREATE INDEX incidents_kind ON incidents (kind, started_at, id) WHERE merged_into IS NULL;
CREATE INDEX incidents_class ON incidents (class, started_at, id) WHERE merged_into IS NULL;
CREATE INDEX incidents_problem ON incidents (problem_id, started_at, id) WHERE problem_id IS NOT NULL;
CREATE INDEX incidents_identity ON incidents (source, group_key, started_at) WHERE group_key <> '';
CREATE INDEX incidents_impact ON incidents (COALESCE(impact_seconds, -1), id) WHERE merged_into IS NULL;
CREATE INDEX incidents_closed_significant ON incidents (started_at, id)
  WHERE kind NOT IN ('maintenance', 'drill') AND merged_into IS NULL AND status NOT IN ('open', 'mitigated', 'resolved') AND significant;
CREATE INDEX incidents_unassigned ON incidents (started_at, id) WHERE unassigned AND merged_into IS NULL;
CREATE INDEX incidents_merged ON incidents (merged_into) WHERE merged_into IS NOT NULL;
-- the first page's questions; the statements spell the conditions just so
CREATE INDEX incidents_open ON incidents (started_at, id)
  WHERE kind NOT IN ('maintenance', 'drill') AND merged_into IS NULL AND status NOT IN ('resolved', 'closed');
CREATE INDEX incidents_untold ON incidents (started_at, id)
  WHERE kind NOT IN ('maintenance', 'drill') AND merged_into IS NULL AND significant AND developer_notified_at IS NULL;
CREATE INDEX incidents_open_untold ON incidents (started_at, id)
  WHERE kind NOT IN ('maintenance', 'drill') AND merged_into IS NULL AND significant AND developer_notified_at IS NULL AND status NOT IN ('resolved', 'closed');
CREATE INDEX incidents_closed ON incidents (closed_at, id)
  WHERE kind NOT IN ('maintenance', 'drill') AND merged_into IS NULL AND status NOT IN ('open', 'mitigated', 'resolved');
CREATE INDEX incidents_without_cause ON incidents (closed_at, id)
  WHERE kind NOT IN ('maintenance', 'drill') AND merged_into IS NULL AND status NOT IN ('open', 'mitigated', 'resolved') AND NOT has_cause;
CREATE INDEX incidents_resolved_significant ON incidents (resolved_at, id, problem_id)
  WHERE kind NOT IN ('maintenance', 'drill') AND merged_into IS NULL AND significant;
-- every UTC month's occurrences in order of their impact
CREATE INDEX incidents_months ON incidents ((CAST(substr(noticed_at, 1, 4) AS INTEGER) * 12 + CAST(substr(noticed_at, 6, 2) AS INTEGER)), impact_seconds, recurs, recognisable)
  WHERE kind NOT IN ('maintenance', 'drill') AND merged_into IS NULL AND leads;
-- what has a moment in a period
CREATE INDEX incidents_noticed ON incidents (noticed_at);
CREATE INDEX incidents_restored ON incidents (restored_at) WHERE restored_at IS NOT NULL;
CREATE INDEX incidents_resolved ON incidents (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX incidents_reports ON incidents (started_at) WHERE merged_into IS NOT NULL;

CREATE TABLE incident_services (
  incident_id INTEGER NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  service_id INTEGER NOT NULL REFERENCES services (id),
  started_at DATETIME NOT NULL, -- the incident's, so that a service's list needs one index
  PRIMARY KEY (incident_id, service_id)
);
CREATE INDEX incident_services_service ON incident_services (service_id, started_at, incident_id);

-- Times of impact before the last one, when an incident was reopened within the flap window.
CREATE TABLE incident_segments (
  incident_id INTEGER NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  started_at DATETIME NOT NULL,
  ended_at DATETIME NOT NULL,
  PRIMARY KEY (incident_id, started_at)
);

CREATE TABLE incident_participants (
  incident_id INTEGER NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  side TEXT NOT NULL REFERENCES sides (name),
  PRIMARY KEY (incident_id, name)
);

-- The words of titles, for the search and for likely earlier occurrences.
CREATE TABLE incident_terms (
  term TEXT NOT NULL,
  incident_id INTEGER NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  PRIMARY KEY (term, incident_id)
) WITHOUT ROWID;
CREATE INDEX incident_terms_incident ON incident_terms (incident_id, term);

CREATE TABLE problem_terms (
  term TEXT NOT NULL,
  problem_id INTEGER NOT NULL REFERENCES problems (id) ON DELETE CASCADE,
  PRIMARY KEY (term, problem_id)
) WITHOUT ROWID;
CREATE INDEX problem_terms_problem ON problem_terms (problem_id, term);

-- "Not the same": a person said so, and is not asked again. The lower id stands first.
CREATE TABLE incidents_apart (
  incident_id INTEGER NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  other_id INTEGER NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  PRIMARY KEY (incident_id, other_id)
);
CREATE INDEX incidents_apart_other ON incidents_apart (other_id);

-- A dated, reasoned decision against a practice change.
CREATE TABLE decisions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  incident_id INTEGER NOT NULL REFERENCES incidents (id),
  reason TEXT NOT NULL,
  look_again_on TEXT NOT NULL, -- a date, 2027-01-15
  actor_kind TEXT NOT NULL REFERENCES actor_kinds (name),
  actor_id INTEGER NOT NULL DEFAULT 0,
  actor_name TEXT NOT NULL,
  created_at DATETIME NOT NULL
);
CREATE INDEX decisions_incident ON decisions (incident_id, id);
CREATE INDEX decisions_look_again ON decisions (look_again_on, id);

CREATE TABLE notes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  incident_id INTEGER REFERENCES incidents (id),
  problem_id INTEGER REFERENCES problems (id),
  kind TEXT NOT NULL REFERENCES note_kinds (name),
  cause_class TEXT NOT NULL REFERENCES cause_classes (name),
  confidence TEXT NOT NULL REFERENCES confidences (name),
  side TEXT REFERENCES sides (name),
  body TEXT NOT NULL,
  revision INTEGER NOT NULL DEFAULT 1,
  author_kind TEXT NOT NULL REFERENCES actor_kinds (name),
  author_id INTEGER NOT NULL DEFAULT 0,
  author_name TEXT NOT NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  CHECK ((incident_id IS NULL) <> (problem_id IS NULL))
);
CREATE INDEX notes_incident ON notes (incident_id, id) WHERE incident_id IS NOT NULL;
CREATE INDEX notes_problem ON notes (problem_id, id) WHERE problem_id IS NOT NULL;

CREATE TABLE note_revisions (
  note_id INTEGER NOT NULL REFERENCES notes (id),
  revision INTEGER NOT NULL,
  kind TEXT NOT NULL REFERENCES note_kinds (name),
  cause_class TEXT NOT NULL REFERENCES cause_classes (name),
  confidence TEXT NOT NULL REFERENCES confidences (name),
  side TEXT REFERENCES sides (name),
  body TEXT NOT NULL,
  author_kind TEXT NOT NULL REFERENCES actor_kinds (name),
  author_id INTEGER NOT NULL DEFAULT 0,
  author_name TEXT NOT NULL,
  at DATETIME NOT NULL,
  PRIMARY KEY (note_id, revision)
);

CREATE TABLE deployments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  service_id INTEGER NOT NULL REFERENCES services (id),
  environment TEXT NOT NULL,
  version TEXT NOT NULL,
  started_at DATETIME,
  finished_at DATETIME NOT NULL,
  outcome TEXT NOT NULL REFERENCES outcomes (name),
  url TEXT NOT NULL DEFAULT '',
  source TEXT NOT NULL DEFAULT '',
  external_id TEXT NOT NULL DEFAULT '',
  created_at DATETIME NOT NULL,
  row_version INTEGER NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX deployments_external ON deployments (source, external_id) WHERE external_id <> '';
CREATE INDEX deployments_finished ON deployments (finished_at, id);
CREATE INDEX deployments_service ON deployments (service_id, finished_at, id);
CREATE INDEX deployments_environment ON deployments (environment, finished_at, id);
CREATE INDEX deployments_outcome ON deployments (outcome, finished_at, id);

CREATE TABLE deployment_causes (
  deployment_id INTEGER NOT NULL REFERENCES deployments (id) ON DELETE CASCADE,
  incident_id INTEGER NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  verdict TEXT NOT NULL REFERENCES verdicts (name),
  PRIMARY KEY (deployment_id, incident_id)
);
CREATE INDEX deployment_causes_incident ON deployment_causes (incident_id);

-- Merge and split, so that each can be undone.
CREATE TABLE regroupings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL REFERENCES regrouping_kinds (name),
  from_id INTEGER NOT NULL REFERENCES problems (id),
  to_id INTEGER NOT NULL REFERENCES problems (id),
  actor_name TEXT NOT NULL,
  at DATETIME NOT NULL,
  undone_at DATETIME
);
CREATE INDEX regroupings_from ON regroupings (from_id, id);
CREATE INDEX regroupings_to ON regroupings (to_id, id);
CREATE TABLE regrouping_members (
  regrouping_id INTEGER NOT NULL REFERENCES regroupings (id) ON DELETE CASCADE,
  subject TEXT NOT NULL, -- incident, note, followup, identity
  subject_id INTEGER NOT NULL,
  subject_key TEXT NOT NULL DEFAULT '', -- for an identity: source, tab, group key
  PRIMARY KEY (regrouping_id, subject, subject_id, subject_key)
);

-- +goose Down
DROP TABLE regrouping_members;
DROP TABLE regroupings;
DROP TABLE deployment_causes;
DROP TABLE deployments;
DROP TABLE note_revisions;
DROP TABLE notes;
DROP TABLE decisions;
DROP TABLE incidents_apart;
DROP TABLE problem_terms;
DROP TABLE incident_terms;
DROP TABLE incident_participants;
DROP TABLE incident_segments;
DROP TABLE incident_services;
DROP TABLE incidents;
DROP TABLE stale_problems;
DROP TABLE problem_identities;
DROP TABLE problems;
DROP TABLE regrouping_kinds;
DROP TABLE verdicts;
DROP TABLE outcomes;
DROP TABLE sides;
DROP TABLE confidences;
DROP TABLE cause_classes;
DROP TABLE note_kinds;
DROP TABLE problem_states;
DROP TABLE endings;
DROP TABLE notice_channels;
DROP TABLE detectors;
DROP TABLE incident_statuses;
DROP TABLE incident_classes;
DROP TABLE incident_kinds;
DROP TABLE severities;
