-- Jira: the sites, the mirror of their issues, the life of each connection, and what is still to be said there.
-- +goose Up
CREATE TABLE installation (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE jira_sites (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  url TEXT NOT NULL UNIQUE,
  flavour TEXT NOT NULL DEFAULT '',
  version TEXT NOT NULL DEFAULT '',
  user_name TEXT NOT NULL DEFAULT '',
  token_sealed TEXT NOT NULL DEFAULT '',
  from_environment BOOLEAN NOT NULL DEFAULT FALSE,
  account TEXT NOT NULL DEFAULT '{}',
  fields TEXT NOT NULL DEFAULT '{}',
  priorities TEXT NOT NULL DEFAULT '[]',
  hook_name TEXT NOT NULL UNIQUE,
  hook_secrets_sealed TEXT NOT NULL DEFAULT '',
  created_at DATETIME NOT NULL,
  disabled_at DATETIME,
  revision INTEGER NOT NULL DEFAULT 1
);

-- Where the sync of a site stands; written often, so it is apart from the settings.
CREATE TABLE jira_syncs (
  site_id INTEGER PRIMARY KEY REFERENCES jira_sites (id) ON DELETE CASCADE,
  cursor_at DATETIME, -- highest moment of change received
  good_at DATETIME, -- last read that came to its end
  tried_at DATETIME,
  started_at DATETIME, -- last start of the day: server, login, fields, catalogue
  catalogue_at DATETIME, -- last refresh of the statuses
  reconciled_at DATETIME,
  swept_at DATETIME,
  trouble TEXT NOT NULL DEFAULT '',
  trouble_status INTEGER NOT NULL DEFAULT 0,
  trouble_at DATETIME,
  login_bad_at DATETIME, -- since when the login is not good; null: it is
  login_asked_at DATETIME,
  lease_owner TEXT NOT NULL DEFAULT '',
  lease_until DATETIME,
  fence INTEGER NOT NULL DEFAULT 0,
  tokens REAL NOT NULL DEFAULT 0, -- of the bucket that all replicas draw calls from
  tokens_at DATETIME
);

CREATE TABLE jira_pauses (
  site_id INTEGER NOT NULL REFERENCES jira_sites (id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  begun_at DATETIME NOT NULL,
  until DATETIME NOT NULL,
  why TEXT NOT NULL,
  PRIMARY KEY (site_id, scope)
);

-- The calls in flight, of all replicas; one that died gives its place back when the time is over.
CREATE TABLE jira_calls (
  site_id INTEGER NOT NULL REFERENCES jira_sites (id) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  holder TEXT NOT NULL,
  until DATETIME NOT NULL,
  PRIMARY KEY (site_id, place)
);

-- Every status ever seen, also those that Jira's own list no longer has.
CREATE TABLE jira_statuses (
  site_id INTEGER NOT NULL REFERENCES jira_sites (id) ON DELETE CASCADE,
  status_id TEXT NOT NULL,
  name TEXT NOT NULL,
  category TEXT NOT NULL,
  placed TEXT NOT NULL DEFAULT '',
  known BOOLEAN NOT NULL,
  first_seen_at DATETIME NOT NULL,
  last_seen_at DATETIME NOT NULL,
  PRIMARY KEY (site_id, status_id)
);

CREATE TABLE jira_resolutions (
  site_id INTEGER NOT NULL REFERENCES jira_sites (id) ON DELETE CASCADE,
  resolution_id TEXT NOT NULL,
  name TEXT NOT NULL,
  meaning TEXT NOT NULL,
  PRIMARY KEY (site_id, resolution_id)
);

-- Which project takes whose follow-ups: of a service, else of a team, else of everybody.
CREATE TABLE jira_projects (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  site_id INTEGER NOT NULL REFERENCES jira_sites (id) ON DELETE CASCADE,
  team_id INTEGER REFERENCES teams (id),
  service_id INTEGER REFERENCES services (id),
  project TEXT NOT NULL,
  type_id TEXT NOT NULL,
  type_name TEXT NOT NULL,
  components TEXT NOT NULL DEFAULT '[]',
  labels TEXT NOT NULL DEFAULT '[]',
  fixed TEXT NOT NULL DEFAULT '{}',
  owners TEXT NOT NULL DEFAULT '{}',
  may TEXT NOT NULL DEFAULT '{}',
  wrong TEXT NOT NULL DEFAULT '[]',
  checked_at DATETIME,
  revision INTEGER NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX jira_projects_whose ON jira_projects (COALESCE(service_id, 0), COALESCE(team_id, 0), (CASE WHEN service_id IS NULL AND team_id IS NULL THEN site_id ELSE 0 END));
CREATE INDEX jira_projects_site ON jira_projects (site_id, id);
CREATE INDEX jira_projects_team ON jira_projects (team_id) WHERE team_id IS NOT NULL;
CREATE INDEX jira_projects_service ON jira_projects (service_id) WHERE service_id IS NOT NULL;

CREATE TABLE escalation_rules (
  team_id INTEGER PRIMARY KEY, -- 0: of every team without one of its own
  rule TEXT NOT NULL,
  updated_at DATETIME NOT NULL
);

-- The mirror.
CREATE TABLE tickets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  site_id INTEGER NOT NULL REFERENCES jira_sites (id),
  issue_id TEXT NOT NULL,
  key TEXT NOT NULL,
  project TEXT NOT NULL DEFAULT '',
  type TEXT NOT NULL DEFAULT '',
  summary TEXT NOT NULL DEFAULT '',
  status_id TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL DEFAULT '',
  category TEXT NOT NULL DEFAULT 'unknown',
  priority_id TEXT NOT NULL DEFAULT '',
  priority TEXT NOT NULL DEFAULT '',
  assignee_id TEXT NOT NULL DEFAULT '',
  assignee TEXT NOT NULL DEFAULT '',
  labels TEXT NOT NULL DEFAULT '[]',
  due_on TEXT NOT NULL DEFAULT '',
  parent TEXT NOT NULL DEFAULT '',
  sprints TEXT NOT NULL DEFAULT '[]',
  resolution_id TEXT NOT NULL DEFAULT '',
  resolution TEXT NOT NULL DEFAULT '',
  created_at DATETIME, -- in Jira, as the next two
  updated_at DATETIME,
  category_changed_at DATETIME,
  history TEXT NOT NULL DEFAULT '{}',
  partial BOOLEAN NOT NULL DEFAULT FALSE, -- history says so, for counting
  off_seconds INTEGER NOT NULL DEFAULT 0,
  read_at DATETIME,
  gone_at DATETIME,
  missing INTEGER NOT NULL DEFAULT 0,
  missing_since DATETIME,
  labelled BOOLEAN NOT NULL DEFAULT FALSE,
  -- what we said there
  comment_id TEXT NOT NULL DEFAULT '',
  commented BOOLEAN NOT NULL DEFAULT FALSE,
  said TEXT NOT NULL DEFAULT '{}',
  raised_at DATETIME,
  proposed_at DATETIME,
  UNIQUE (site_id, issue_id)
);
CREATE INDEX tickets_key ON tickets (site_id, key);
CREATE INDEX tickets_unread ON tickets (site_id, id) WHERE read_at IS NULL AND gone_at IS NULL;
CREATE INDEX tickets_unlabelled ON tickets (site_id, id) WHERE NOT labelled AND gone_at IS NULL;
CREATE INDEX tickets_missing ON tickets (site_id, id) WHERE missing > 0;
CREATE INDEX tickets_partial ON tickets (site_id, id) WHERE partial;
CREATE INDEX tickets_off ON tickets (site_id, id) WHERE off_seconds > 0;
CREATE INDEX tickets_gone ON tickets (site_id, id) WHERE gone_at IS NOT NULL;
CREATE INDEX tickets_status ON tickets (site_id, status_id);

-- Jira's history of them, never altered. Items hold what Jira sent, also what we do not read.
CREATE TABLE ticket_changes (
  ticket_id INTEGER NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
  change_id TEXT NOT NULL,
  at DATETIME NOT NULL,
  author_id TEXT NOT NULL DEFAULT '',
  author TEXT NOT NULL DEFAULT '',
  ours BOOLEAN NOT NULL DEFAULT FALSE, -- done by this Upshot
  items TEXT NOT NULL,
  PRIMARY KEY (ticket_id, change_id)
);

CREATE TABLE ticket_comments (
  ticket_id INTEGER NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
  comment_id TEXT NOT NULL,
  author_id TEXT NOT NULL DEFAULT '',
  author TEXT NOT NULL,
  body TEXT NOT NULL,
  at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  PRIMARY KEY (ticket_id, comment_id)
);

-- How each follow-up is connected.
CREATE TABLE ticket_link_states (name TEXT PRIMARY KEY);
INSERT INTO ticket_link_states VALUES ('pending'), ('sending'), ('linked'), ('needs_configuration'), ('gone');
CREATE TABLE ticket_links (
  followup_id INTEGER PRIMARY KEY REFERENCES followups (id) ON DELETE CASCADE,
  site_id INTEGER NOT NULL REFERENCES jira_sites (id),
  project_id INTEGER REFERENCES jira_projects (id) ON DELETE SET NULL,
  state TEXT NOT NULL REFERENCES ticket_link_states (name),
  mark TEXT NOT NULL,
  ticket_id INTEGER REFERENCES tickets (id),
  earlier_ticket_id INTEGER REFERENCES tickets (id), -- the one before it, when a recurrence made a new one
  filed BOOLEAN NOT NULL DEFAULT FALSE, -- by us; else it was there
  round INTEGER NOT NULL DEFAULT 0,
  asked TEXT NOT NULL DEFAULT '{}',
  attempt INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  holder TEXT NOT NULL DEFAULT '',
  lease_until DATETIME,
  next_at DATETIME, -- when to send, or to look for what an unknown outcome left
  unknown_since DATETIME,
  searches INTEGER NOT NULL DEFAULT 0,
  trouble TEXT NOT NULL DEFAULT '',
  trouble_status INTEGER NOT NULL DEFAULT 0,
  trouble_at DATETIME,
  left_out TEXT NOT NULL DEFAULT '[]', -- what Jira did not take when it was created
  bases TEXT NOT NULL DEFAULT '{}',
  conflicts TEXT NOT NULL DEFAULT '[]',
  wishes TEXT NOT NULL DEFAULT '{}',
  asks_decision BOOLEAN NOT NULL DEFAULT FALSE,
  linked_back BOOLEAN NOT NULL DEFAULT FALSE,
  returned_at DATETIME,
  dry_run_at DATETIME,
  look INTEGER NOT NULL DEFAULT 1, -- grows with everything that may want saying in Jira or here
  looked INTEGER NOT NULL DEFAULT 0,
  created_at DATETIME NOT NULL,
  linked_at DATETIME
);
CREATE UNIQUE INDEX ticket_links_mark ON ticket_links (mark);
CREATE INDEX ticket_links_ticket ON ticket_links (ticket_id, followup_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX ticket_links_due ON ticket_links (site_id, next_at) WHERE state IN ('pending', 'sending');
CREATE INDEX ticket_links_stuck ON ticket_links (site_id, trouble_at) WHERE state = 'needs_configuration';
CREATE INDEX ticket_links_look ON ticket_links (site_id, followup_id) WHERE look <> looked AND state = 'linked';
CREATE INDEX ticket_links_conflict ON ticket_links (site_id, followup_id) WHERE conflicts <> '[]';
CREATE INDEX ticket_links_decision ON ticket_links (site_id, followup_id) WHERE asks_decision;

-- What is to be changed in Jira: written before it is sent, settled after.
CREATE TABLE jira_pushes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  site_id INTEGER NOT NULL REFERENCES jira_sites (id) ON DELETE CASCADE,
  ticket_id INTEGER NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
  followup_id INTEGER REFERENCES followups (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  why TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'waiting', -- waiting, sending, done, dead, dropped
  maybe BOOLEAN NOT NULL DEFAULT FALSE, -- it may have been done already
  attempt INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  holder TEXT NOT NULL DEFAULT '',
  lease_until DATETIME,
  next_at DATETIME NOT NULL,
  trouble TEXT NOT NULL DEFAULT '',
  trouble_status INTEGER NOT NULL DEFAULT 0,
  created_at DATETIME NOT NULL,
  done_at DATETIME
);
CREATE INDEX jira_pushes_due ON jira_pushes (site_id, next_at, ticket_id) WHERE state IN ('waiting', 'sending');
CREATE INDEX jira_pushes_dead ON jira_pushes (site_id, id) WHERE state = 'dead';
CREATE INDEX jira_pushes_ticket ON jira_pushes (ticket_id, id);
CREATE INDEX jira_pushes_done ON jira_pushes (done_at) WHERE done_at IS NOT NULL;

CREATE TABLE jira_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  site_id INTEGER NOT NULL REFERENCES jira_sites (id) ON DELETE CASCADE,
  began_at DATETIME NOT NULL,
  ended_at DATETIME NOT NULL,
  outcome TEXT NOT NULL, -- good, failed, paused
  lag_seconds INTEGER NOT NULL DEFAULT 0,
  issues INTEGER NOT NULL DEFAULT 0,
  changed INTEGER NOT NULL DEFAULT 0,
  trouble TEXT NOT NULL DEFAULT '',
  trouble_status INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX jira_runs_site ON jira_runs (site_id, began_at);
CREATE INDEX jira_runs_trouble ON jira_runs (site_id, id) WHERE outcome <> 'good';

-- Webhooks: hints that an issue changed, each once.
CREATE TABLE jira_hints (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  site_id INTEGER NOT NULL REFERENCES jira_sites (id) ON DELETE CASCADE,
  delivery TEXT NOT NULL,
  event TEXT NOT NULL,
  issue_id TEXT NOT NULL,
  at DATETIME NOT NULL,
  done_at DATETIME,
  UNIQUE (site_id, delivery)
);
CREATE INDEX jira_hints_due ON jira_hints (site_id, id) WHERE done_at IS NULL;
CREATE INDEX jira_hints_old ON jira_hints (at);
CREATE INDEX jira_hints_site ON jira_hints (site_id, id);

ALTER TABLE followups ADD COLUMN bumps INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE followups DROP COLUMN bumps;
DROP TABLE jira_hints;
DROP TABLE jira_runs;
DROP TABLE jira_pushes;
DROP TABLE ticket_links;
DROP TABLE ticket_link_states;
DROP TABLE ticket_comments;
DROP TABLE ticket_changes;
DROP TABLE tickets;
DROP TABLE escalation_rules;
DROP TABLE jira_projects;
DROP TABLE jira_resolutions;
DROP TABLE jira_statuses;
DROP TABLE jira_calls;
DROP TABLE jira_pauses;
DROP TABLE jira_syncs;
DROP TABLE jira_sites;
DROP TABLE installation;
