-- The promised changes, their states in time, and the kept part of their ledgers.
-- +goose Up
CREATE TABLE followup_kinds (name TEXT PRIMARY KEY);
INSERT INTO followup_kinds VALUES ('automated_test'), ('metric'), ('dashboard'), ('health_check'), ('alert'), ('runbook'), ('process'), ('code'), ('configuration'), ('design');
CREATE TABLE followup_purposes (name TEXT PRIMARY KEY);
INSERT INTO followup_purposes VALUES ('prevent'), ('detect'), ('mitigate');
CREATE TABLE followup_states (name TEXT PRIMARY KEY);
INSERT INTO followup_states VALUES ('proposed'), ('queued'), ('in_progress'), ('done'), ('verified'), ('declined'), ('duplicate');

CREATE TABLE followups (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  title TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL REFERENCES followup_kinds (name),
  purpose TEXT NOT NULL REFERENCES followup_purposes (name),
  team_id INTEGER REFERENCES teams (id),
  state TEXT NOT NULL REFERENCES followup_states (name),
  due_on TEXT NOT NULL DEFAULT '', -- a date, or empty
  problem_id INTEGER REFERENCES problems (id),
  evidence_url TEXT NOT NULL DEFAULT '',
  deployment_id INTEGER REFERENCES deployments (id),
  shipped_by_hand_at DATETIME,
  queued_by_hand_at DATETIME,
  fix_failed_at DATETIME,
  declined_reason TEXT NOT NULL DEFAULT '',
  look_again_on TEXT NOT NULL DEFAULT '',
  duplicate_of INTEGER REFERENCES followups (id),
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  -- kept: followup.LedgerOf as of the last change of this follow-up or of its problem's history
  queued_at DATETIME,
  started_at DATETIME,
  done_at DATETIME,
  shipped_at DATETIME,
  verified_at DATETIME,
  waiting_seconds INTEGER NOT NULL DEFAULT 0, -- like every length here, of that moment where it still runs
  working_seconds INTEGER NOT NULL DEFAULT 0,
  sent_back_seconds INTEGER NOT NULL DEFAULT 0,
  still_waiting BOOLEAN NOT NULL DEFAULT FALSE,
  never_started BOOLEAN NOT NULL DEFAULT FALSE,
  incomplete BOOLEAN NOT NULL DEFAULT FALSE,
  recurrences_while_waiting INTEGER NOT NULL DEFAULT 0,
  impact_while_waiting_seconds INTEGER NOT NULL DEFAULT 0,
  hands_on_while_waiting_seconds INTEGER NOT NULL DEFAULT 0,
  recurrences_after INTEGER NOT NULL DEFAULT 0,
  cost_seconds INTEGER NOT NULL DEFAULT 0 -- impact and hands-on while waiting
);
CREATE INDEX followups_updated ON followups (updated_at, id);
CREATE INDEX followups_cost ON followups (cost_seconds, id);
CREATE INDEX followups_state_cost ON followups (state, cost_seconds, id);
CREATE INDEX followups_team_cost ON followups (team_id, cost_seconds, id);
CREATE INDEX followups_team_state ON followups (team_id, state, cost_seconds, id);
CREATE INDEX followups_kind ON followups (kind, cost_seconds, id);
CREATE INDEX followups_problem ON followups (problem_id, id) WHERE problem_id IS NOT NULL;
CREATE INDEX followups_queued ON followups (COALESCE(queued_at, created_at), id);
CREATE INDEX followups_due ON followups ((CASE WHEN due_on = '' THEN '9999-12-31' ELSE due_on END), id);
CREATE INDEX followups_quiet ON followups (state, shipped_at, id);
CREATE INDEX followups_deployment ON followups (deployment_id) WHERE deployment_id IS NOT NULL;
CREATE INDEX followups_duplicate ON followups (duplicate_of) WHERE duplicate_of IS NOT NULL;
-- the queue and its figures
CREATE INDEX followups_open_cost ON followups (cost_seconds, id) WHERE state NOT IN ('proposed', 'done', 'verified', 'declined', 'duplicate');
CREATE INDEX followups_open_team ON followups (team_id, cost_seconds, id) WHERE state NOT IN ('proposed', 'done', 'verified', 'declined', 'duplicate');
CREATE INDEX followups_open ON followups (team_id, problem_id, cost_seconds, still_waiting, queued_at, recurrences_while_waiting, id)
  WHERE state NOT IN ('proposed', 'done', 'verified', 'declined', 'duplicate');
CREATE INDEX followups_waiting ON followups (queued_at, team_id, recurrences_while_waiting) WHERE still_waiting;
CREATE INDEX followups_decide ON followups (cost_seconds, id, team_id, problem_id, recurrences_while_waiting)
  WHERE still_waiting AND recurrences_while_waiting > 0;
CREATE INDEX followups_came_in ON followups (queued_at, team_id) WHERE queued_at IS NOT NULL;
CREATE INDEX followups_went_out ON followups (done_at, team_id) WHERE done_at IS NOT NULL;
CREATE INDEX followups_started ON followups (started_at, team_id, waiting_seconds) WHERE started_at IS NOT NULL;

CREATE TABLE followup_incidents (
  followup_id INTEGER NOT NULL REFERENCES followups (id) ON DELETE CASCADE,
  incident_id INTEGER NOT NULL REFERENCES incidents (id),
  PRIMARY KEY (followup_id, incident_id)
);
CREATE INDEX followup_incidents_incident ON followup_incidents (incident_id, followup_id);

-- Every state a follow-up was in, in order; the intervals of the ledger come from here until a ticket has its own history.
CREATE TABLE followup_moves (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  followup_id INTEGER NOT NULL REFERENCES followups (id) ON DELETE CASCADE,
  state TEXT NOT NULL REFERENCES followup_states (name),
  at DATETIME NOT NULL
);
CREATE INDEX followup_moves_followup ON followup_moves (followup_id, at, id);
-- what left the queue without being done
CREATE INDEX followup_moves_aside ON followup_moves (at, followup_id) WHERE state IN ('declined', 'duplicate');

-- +goose Down
DROP TABLE followup_moves;
DROP TABLE followup_incidents;
DROP TABLE followups;
DROP TABLE followup_states;
DROP TABLE followup_purposes;
DROP TABLE followup_kinds;
