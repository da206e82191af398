-- The work of whole backlogs, for cycle time: which is whose, and each issue reduced to what the measures need.
-- +goose Up
CREATE TABLE work_scopes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  site_id INTEGER NOT NULL REFERENCES jira_sites (id) ON DELETE CASCADE,
  team_id INTEGER NOT NULL REFERENCES teams (id),
  board TEXT NOT NULL DEFAULT '', -- its number; empty: the query was typed
  board_name TEXT NOT NULL DEFAULT '',
  jql TEXT NOT NULL,
  labels TEXT NOT NULL DEFAULT '[]', -- that mark work as made by incidents
  types TEXT NOT NULL DEFAULT '[]', -- issue types that do
  cursor_at DATETIME, -- everything that changed before is kept
  read_at DATETIME, -- last read that came to the present
  compared_at DATETIME, -- last time all numbers were compared
  trouble TEXT NOT NULL DEFAULT '',
  trouble_status INTEGER NOT NULL DEFAULT 0,
  trouble_at DATETIME,
  revision INTEGER NOT NULL DEFAULT 1,
  UNIQUE (team_id, site_id)
);
CREATE INDEX work_scopes_site ON work_scopes (site_id, id);

CREATE TABLE work_issues (
  scope_id INTEGER NOT NULL REFERENCES work_scopes (id) ON DELETE CASCADE,
  issue_id TEXT NOT NULL,
  key TEXT NOT NULL,
  type TEXT NOT NULL,
  labels TEXT NOT NULL DEFAULT '[]',
  created_at DATETIME NOT NULL, -- in Jira, as all moments here
  updated_at DATETIME NOT NULL,
  started_at DATETIME, -- first entry into a category of work
  done_at DATETIME, -- final entry into done; null: it is not
  declined BOOLEAN NOT NULL DEFAULT FALSE,
  reopened INTEGER NOT NULL DEFAULT 0,
  withheld BOOLEAN NOT NULL DEFAULT FALSE,
  working TEXT NOT NULL DEFAULT '[]', -- stretches in progress
  sprints TEXT NOT NULL DEFAULT '[]', -- stays in sprints
  PRIMARY KEY (scope_id, issue_id)
);
CREATE INDEX work_issues_done ON work_issues (scope_id, done_at) WHERE done_at IS NOT NULL;
CREATE INDEX work_issues_created ON work_issues (scope_id, created_at);
CREATE INDEX work_issues_updated ON work_issues (scope_id, updated_at);
CREATE INDEX work_issues_open ON work_issues (scope_id, issue_id) WHERE done_at IS NULL AND (working <> '[]' OR sprints <> '[]');

-- When sprints began; not every issue tells.
CREATE TABLE work_sprints (
  site_id INTEGER NOT NULL REFERENCES jira_sites (id) ON DELETE CASCADE,
  sprint_id TEXT NOT NULL,
  name TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT '',
  started_at DATETIME,
  asked_at DATETIME, -- when Jira was asked for this sprint alone
  PRIMARY KEY (site_id, sprint_id)
);
CREATE INDEX work_sprints_open ON work_sprints (site_id, asked_at) WHERE state <> 'closed' OR (started_at IS NULL AND asked_at IS NULL);

-- +goose Down
DROP TABLE work_sprints;
DROP TABLE work_issues;
DROP TABLE work_scopes;
