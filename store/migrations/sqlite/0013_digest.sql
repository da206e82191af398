-- The Monday letter: when it goes out, to whom, the letters as they were sent, and what became of each mail.
-- +goose Up
CREATE TABLE digest_scopes (
  scope TEXT PRIMARY KEY, -- organisation, or team:3
  team_id INTEGER UNIQUE REFERENCES teams (id),
  day INTEGER NOT NULL, -- of the week, Sunday is 0
  minute INTEGER NOT NULL, -- of the day
  only_decisions BOOLEAN NOT NULL DEFAULT FALSE,
  since DATETIME NOT NULL -- a letter that was due before is not made up for
);

-- One letter for each scope and week. It is written together with its mails, so nobody writes it twice.
CREATE TABLE digest_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  scope TEXT NOT NULL REFERENCES digest_scopes (scope),
  week TEXT NOT NULL, -- 2026-W47
  due_at DATETIME NOT NULL,
  made_at DATETIME NOT NULL,
  decisions INTEGER NOT NULL,
  skipped BOOLEAN NOT NULL DEFAULT FALSE, -- there was nothing to decide, and the scope wants none then
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  html TEXT NOT NULL,
  UNIQUE (scope, week)
);

CREATE TABLE digest_mail_states (name TEXT PRIMARY KEY);
INSERT INTO digest_mail_states VALUES ('waiting'), ('sending'), ('handing'), ('sent'), ('doubt'), ('failed'), ('dropped');
CREATE TABLE digest_mail_kinds (name TEXT PRIMARY KEY);
INSERT INTO digest_mail_kinds VALUES ('letter'), ('own'), ('nudge'), ('confirm');

-- Written down before it is sent, claimed with a lease, marked again just before its end is handed over, settled after.
CREATE TABLE digest_mails (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id INTEGER REFERENCES digest_runs (id), -- of a letter: its words are there
  kind TEXT NOT NULL REFERENCES digest_mail_kinds (name),
  once TEXT NOT NULL UNIQUE, -- what is sent to whom
  scope TEXT NOT NULL DEFAULT '',
  address TEXT NOT NULL,
  user_id INTEGER REFERENCES users (id),
  token TEXT NOT NULL UNIQUE, -- of the links in it that need no sign-in
  subject TEXT NOT NULL DEFAULT '',
  text TEXT NOT NULL DEFAULT '',
  html TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL REFERENCES digest_mail_states (name),
  attempt INTEGER NOT NULL DEFAULT 0,
  died INTEGER NOT NULL DEFAULT 0, -- how often whoever had claimed it never came back
  fence INTEGER NOT NULL DEFAULT 0,
  holder TEXT NOT NULL DEFAULT '',
  lease_until DATETIME,
  next_at DATETIME NOT NULL,
  trouble TEXT NOT NULL DEFAULT '',
  trouble_status INTEGER NOT NULL DEFAULT 0,
  trouble_at DATETIME,
  created_at DATETIME NOT NULL,
  sent_at DATETIME
);
CREATE INDEX digest_mails_due ON digest_mails (next_at, id) WHERE state IN ('waiting', 'sending');
CREATE INDEX digest_mails_handing ON digest_mails (lease_until) WHERE state = 'handing';
CREATE INDEX digest_mails_run ON digest_mails (run_id, id) WHERE run_id IS NOT NULL;
CREATE INDEX digest_mails_address ON digest_mails (lower(address), scope) WHERE state IN ('waiting', 'sending');
CREATE INDEX digest_mails_troubled ON digest_mails (trouble_at, id) WHERE state IN ('doubt', 'failed');
CREATE INDEX digest_mails_stuck ON digest_mails (trouble_at, id) WHERE state = 'waiting' AND trouble_at IS NOT NULL;
CREATE INDEX digest_mails_user ON digest_mails (user_id) WHERE user_id IS NOT NULL;

-- A person's, or an address's beside the people. A member of a team gets its letter without one, unless it is not wanted.
CREATE TABLE digest_subscriptions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  scope TEXT NOT NULL REFERENCES digest_scopes (scope),
  user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
  address TEXT NOT NULL DEFAULT '', -- in small letters
  wanted BOOLEAN NOT NULL,
  token TEXT NOT NULL UNIQUE, -- of the link that confirms the address
  confirmed_at DATETIME,
  created_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX digest_subscriptions_person ON digest_subscriptions (scope, user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX digest_subscriptions_address ON digest_subscriptions (scope, address) WHERE user_id IS NULL;
CREATE INDEX digest_subscriptions_user ON digest_subscriptions (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE digest_people (
  user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  paused_until TEXT NOT NULL DEFAULT '', -- a date: from then on there are letters again
  only_decisions BOOLEAN NOT NULL DEFAULT FALSE,
  nudges BOOLEAN NOT NULL DEFAULT FALSE -- reminders in mails of their own
);

-- Addresses that a mail server does not know.
CREATE TABLE digest_refusals (
  address TEXT PRIMARY KEY,
  said TEXT NOT NULL,
  status INTEGER NOT NULL,
  at DATETIME NOT NULL
);

-- What letters ask.
CREATE INDEX followups_verified ON followups (verified_at, team_id) WHERE state = 'verified';
CREATE INDEX followups_reminded ON followups (due_on, team_id, id) WHERE due_on <> '' AND state NOT IN ('verified', 'declined', 'duplicate');
CREATE INDEX followups_unevidenced ON followups (id, team_id) WHERE state = 'done' AND evidence_url = '' AND due_on = '';
CREATE INDEX followups_look_again ON followups (look_again_on, team_id, id) WHERE state = 'declined' AND look_again_on <> '';
CREATE INDEX followups_failing ON followups (recurrences_after, id, team_id) WHERE state = 'done' AND recurrences_after > 0;
CREATE INDEX followups_unproven ON followups (cost_seconds, id, team_id) WHERE state NOT IN ('proposed', 'verified', 'declined', 'duplicate') AND NOT still_waiting AND cost_seconds > 0;
CREATE INDEX decisions_created ON decisions (created_at, id);

-- +goose Down
DROP INDEX decisions_created;
DROP INDEX followups_unproven;
DROP INDEX followups_failing;
DROP INDEX followups_look_again;
DROP INDEX followups_unevidenced;
DROP INDEX followups_reminded;
DROP INDEX followups_verified;
DROP TABLE digest_refusals;
DROP TABLE digest_people;
DROP TABLE digest_subscriptions;
DROP TABLE digest_mails;
DROP TABLE digest_mail_kinds;
DROP TABLE digest_mail_states;
DROP TABLE digest_runs;
DROP TABLE digest_scopes;
