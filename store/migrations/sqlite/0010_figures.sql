-- How every incident counts in the measures, the tallies of each day, and marks of what is to be counted anew.
-- +goose Up
-- A mark stays until its incident, its problem or its day is counted anew; there may be several of the same.
CREATE TABLE stale_figures (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  incident_id INTEGER,
  problem_id INTEGER,
  day INTEGER, -- since 1970-01-01, in UTC
  queue BOOLEAN NOT NULL DEFAULT FALSE -- a follow-up has changed
);
CREATE INDEX stale_figures_first ON stale_figures (id) WHERE day IS NULL;
CREATE INDEX stale_figures_days ON stale_figures (day, id) WHERE day IS NOT NULL;
-- Kept: metrics.Row of each incident.
CREATE TABLE incident_figures (
  incident_id INTEGER PRIMARY KEY REFERENCES incidents (id) ON DELETE CASCADE,
  problem_id INTEGER REFERENCES problems (id),
  part TEXT NOT NULL, -- occurrence, continues, merged, maintenance, drill
  lead_id INTEGER NOT NULL,
  members INTEGER NOT NULL,
  started_at DATETIME NOT NULL,
  detected_at DATETIME NOT NULL,
  restored_at DATETIME,
  counted_at DATETIME NOT NULL, -- restored, else started
  ongoing BOOLEAN NOT NULL,
  repair_seconds INTEGER NOT NULL,
  impact_seconds INTEGER NOT NULL,
  wrong BOOLEAN NOT NULL,
  wrong_repair BOOLEAN NOT NULL,
  unknown BOOLEAN NOT NULL,
  gap_seconds INTEGER, -- null: the first
  next_seconds INTEGER, -- null: nothing followed
  developer BOOLEAN NOT NULL,
  told_at DATETIME,
  told_by TEXT NOT NULL DEFAULT '',
  told_seconds INTEGER NOT NULL,
  told_working_seconds INTEGER NOT NULL,
  told_early BOOLEAN NOT NULL,
  told_late BOOLEAN NOT NULL,
  resolved_at DATETIME,
  closed_at DATETIME,
  has_cause BOOLEAN NOT NULL,
  significant BOOLEAN NOT NULL,
  loop TEXT NOT NULL
);
CREATE INDEX incident_figures_counted ON incident_figures (counted_at, incident_id);
CREATE INDEX incident_figures_detected ON incident_figures (detected_at, incident_id);
CREATE INDEX incident_figures_resolved ON incident_figures (resolved_at, incident_id) WHERE resolved_at IS NOT NULL AND significant AND part IN ('occurrence', 'continues');
CREATE INDEX incident_figures_closed ON incident_figures (closed_at, incident_id) WHERE closed_at IS NOT NULL;
CREATE INDEX incident_figures_never ON incident_figures (detected_at, incident_id) WHERE part = 'occurrence' AND told_by = '';
CREATE INDEX incident_figures_no_cause ON incident_figures (closed_at, incident_id) WHERE closed_at IS NOT NULL AND NOT has_cause AND part IN ('occurrence', 'continues');
CREATE INDEX incident_figures_aside ON incident_figures (counted_at, incident_id) WHERE (part <> 'occurrence' OR wrong OR wrong_repair OR (restored_at IS NULL AND NOT ongoing));
CREATE INDEX incident_figures_problem ON incident_figures (problem_id, detected_at, part, incident_id, started_at, impact_seconds, ongoing) WHERE problem_id IS NOT NULL;
CREATE INDEX incident_figures_ongoing ON incident_figures (started_at) WHERE ongoing;
-- Kept: metrics.Tally of each day on which there is something.
CREATE TABLE tallies (
  day INTEGER PRIMARY KEY,
  made INTEGER NOT NULL, -- grows with every tally that is written
  tally BLOB NOT NULL
);
CREATE INDEX tallies_made ON tallies (made);
CREATE INDEX tallies_days ON tallies (day, made);

CREATE INDEX followups_shipped ON followups (shipped_at) WHERE shipped_at IS NOT NULL;
CREATE INDEX followups_failed ON followups (fix_failed_at) WHERE fix_failed_at IS NOT NULL;

-- +goose StatementBegin
CREATE TRIGGER figures_incident_new AFTER INSERT ON incidents BEGIN
  INSERT INTO stale_figures (incident_id) VALUES (NEW.id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_incident AFTER UPDATE OF problem_id, kind, class, status, severity, detected_by, started_at, detected_at, declared_at,
  developer_notified_at, developer_notified_by, restored_at, resolved_at, reopened_at, closed_at, merged_into, recognisable, significant, has_cause, impact_seconds ON incidents
WHEN NEW.problem_id IS NOT OLD.problem_id OR NEW.kind <> OLD.kind OR NEW.class <> OLD.class OR NEW.status <> OLD.status OR NEW.severity IS NOT OLD.severity
  OR NEW.detected_by <> OLD.detected_by OR NEW.started_at <> OLD.started_at OR NEW.detected_at IS NOT OLD.detected_at OR NEW.declared_at IS NOT OLD.declared_at
  OR NEW.developer_notified_at IS NOT OLD.developer_notified_at OR NEW.developer_notified_by IS NOT OLD.developer_notified_by
  OR NEW.restored_at IS NOT OLD.restored_at OR NEW.resolved_at IS NOT OLD.resolved_at OR NEW.reopened_at IS NOT OLD.reopened_at OR NEW.closed_at IS NOT OLD.closed_at
  OR NEW.merged_into IS NOT OLD.merged_into OR NEW.recognisable <> OLD.recognisable OR NEW.significant <> OLD.significant OR NEW.has_cause <> OLD.has_cause
  OR NEW.impact_seconds IS NOT OLD.impact_seconds BEGIN
  INSERT INTO stale_figures (incident_id, problem_id) VALUES (NEW.id, OLD.problem_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_service_new AFTER INSERT ON incident_services BEGIN
  INSERT INTO stale_figures (incident_id) VALUES (NEW.incident_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_service_gone AFTER DELETE ON incident_services BEGIN
  INSERT INTO stale_figures (incident_id) VALUES (OLD.incident_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_segment_new AFTER INSERT ON incident_segments BEGIN
  INSERT INTO stale_figures (incident_id) VALUES (NEW.incident_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_segment_gone AFTER DELETE ON incident_segments BEGIN
  INSERT INTO stale_figures (incident_id) VALUES (OLD.incident_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_participant_new AFTER INSERT ON incident_participants BEGIN
  INSERT INTO stale_figures (incident_id) VALUES (NEW.incident_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_participant_gone AFTER DELETE ON incident_participants BEGIN
  INSERT INTO stale_figures (incident_id) VALUES (OLD.incident_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_decision AFTER INSERT ON decisions BEGIN
  INSERT INTO stale_figures (incident_id) VALUES (NEW.incident_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_note AFTER INSERT ON notes WHEN NEW.incident_id IS NOT NULL BEGIN
  INSERT INTO stale_figures (incident_id) VALUES (NEW.incident_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_note_revised AFTER UPDATE OF kind, cause_class, incident_id ON notes WHEN NEW.incident_id IS NOT NULL BEGIN
  INSERT INTO stale_figures (incident_id) VALUES (NEW.incident_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_followup_new AFTER INSERT ON followups BEGIN
  INSERT INTO stale_figures (problem_id) SELECT NEW.problem_id WHERE NEW.problem_id IS NOT NULL AND NEW.state IN ('done', 'verified');
  INSERT INTO stale_figures (day) SELECT unixepoch(at) / 86400 FROM (SELECT NEW.started_at AS at UNION SELECT NEW.shipped_at UNION SELECT NEW.fix_failed_at) AS moments WHERE at IS NOT NULL;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_followup_state AFTER UPDATE OF state, kind, problem_id ON followups
WHEN NEW.state <> OLD.state OR NEW.kind <> OLD.kind OR NEW.problem_id IS NOT OLD.problem_id BEGIN
  INSERT INTO stale_figures (problem_id) SELECT NEW.problem_id WHERE NEW.problem_id IS NOT NULL;
  INSERT INTO stale_figures (problem_id) SELECT OLD.problem_id WHERE OLD.problem_id IS NOT NULL AND OLD.problem_id IS NOT NEW.problem_id;
  INSERT INTO stale_figures (incident_id) SELECT incident_id FROM followup_incidents WHERE followup_id = NEW.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_followup_days AFTER UPDATE OF started_at, shipped_at, fix_failed_at, waiting_seconds, incomplete, kind, problem_id ON followups
WHEN NEW.started_at IS NOT OLD.started_at OR NEW.shipped_at IS NOT OLD.shipped_at OR NEW.fix_failed_at IS NOT OLD.fix_failed_at OR NEW.kind <> OLD.kind
  OR NEW.problem_id IS NOT OLD.problem_id OR (NEW.started_at IS NOT NULL AND (NEW.waiting_seconds <> OLD.waiting_seconds OR NEW.incomplete <> OLD.incomplete)) BEGIN
  INSERT INTO stale_figures (day) SELECT unixepoch(at) / 86400 FROM (SELECT NEW.started_at AS at UNION SELECT NEW.shipped_at UNION SELECT NEW.fix_failed_at
    UNION SELECT OLD.started_at UNION SELECT OLD.shipped_at UNION SELECT OLD.fix_failed_at) AS moments WHERE at IS NOT NULL;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_followup_incident_new AFTER INSERT ON followup_incidents BEGIN
  INSERT INTO stale_figures (incident_id) VALUES (NEW.incident_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_followup_incident_gone AFTER DELETE ON followup_incidents BEGIN
  INSERT INTO stale_figures (incident_id) VALUES (OLD.incident_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_queue_new AFTER INSERT ON followups BEGIN
  INSERT INTO stale_figures (queue) VALUES (TRUE);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_queue AFTER UPDATE ON followups BEGIN
  INSERT INTO stale_figures (queue) VALUES (TRUE);
END;
-- +goose StatementEnd
-- A deployment ends the suspicion of the one before it, which may have finished the day before.
-- +goose StatementBegin
CREATE TRIGGER figures_deployment_new AFTER INSERT ON deployments BEGIN
  INSERT INTO stale_figures (day) VALUES (unixepoch(NEW.finished_at) / 86400), (unixepoch(NEW.finished_at) / 86400 - 1);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_deployment AFTER UPDATE ON deployments BEGIN
  INSERT INTO stale_figures (day) VALUES (unixepoch(NEW.finished_at) / 86400), (unixepoch(NEW.finished_at) / 86400 - 1),
    (unixepoch(OLD.finished_at) / 86400), (unixepoch(OLD.finished_at) / 86400 - 1);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_cause_new AFTER INSERT ON deployment_causes BEGIN
  INSERT INTO stale_figures (day) SELECT unixepoch(finished_at) / 86400 FROM deployments WHERE id = NEW.deployment_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_cause AFTER UPDATE ON deployment_causes BEGIN
  INSERT INTO stale_figures (day) SELECT unixepoch(finished_at) / 86400 FROM deployments WHERE id = NEW.deployment_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_cause_gone AFTER DELETE ON deployment_causes BEGIN
  INSERT INTO stale_figures (day) SELECT unixepoch(finished_at) / 86400 FROM deployments WHERE id = OLD.deployment_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_hours AFTER UPDATE OF zone, hours ON teams WHEN NEW.zone <> OLD.zone OR NEW.hours <> OLD.hours BEGIN
  INSERT INTO stale_figures (incident_id) SELECT v.incident_id FROM services s JOIN incident_services v ON v.service_id = s.id WHERE s.builder_id = NEW.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER figures_builder AFTER UPDATE OF builder_id ON services WHEN NEW.builder_id IS NOT OLD.builder_id BEGIN
  INSERT INTO stale_figures (incident_id) SELECT incident_id FROM incident_services WHERE service_id = NEW.id;
  INSERT INTO stale_figures (queue) VALUES (TRUE);
END;
-- +goose StatementEnd

-- Grows with everything that is counted anew: what was made of the figures is good as long as it does not.
CREATE TABLE figures_version (made INTEGER NOT NULL);
INSERT INTO figures_version VALUES (0);
-- Kept: what waiting for the open follow-ups of a problem cost, an occurrence once; of each team's, and of all.
CREATE TABLE waiting_costs (
  problem_id INTEGER NOT NULL REFERENCES problems (id) ON DELETE CASCADE,
  team_id INTEGER NOT NULL, -- 0: follow-ups of no team
  of_all BOOLEAN NOT NULL, -- of all teams; team_id is 0 then
  cost_seconds INTEGER NOT NULL,
  PRIMARY KEY (problem_id, of_all, team_id)
);
CREATE INDEX waiting_costs_team ON waiting_costs (of_all, team_id, cost_seconds);
INSERT INTO stale_problems (problem_id) SELECT DISTINCT problem_id FROM followups
WHERE problem_id IS NOT NULL AND recurrences_while_waiting > 0 AND state NOT IN ('proposed', 'done', 'verified', 'declined', 'duplicate')
ON CONFLICT (problem_id) DO NOTHING;

DROP INDEX followups_decide;
CREATE INDEX followups_decide ON followups (cost_seconds, id, team_id, problem_id, recurrences_while_waiting, impact_while_waiting_seconds, hands_on_while_waiting_seconds)
  WHERE still_waiting AND recurrences_while_waiting > 0;

-- The tallies answer what these were for.
DROP INDEX incidents_months;
DROP INDEX incidents_resolved_significant;

-- Everything that is there is counted when the program has started.
INSERT INTO stale_figures (problem_id) SELECT id FROM problems;
INSERT INTO stale_figures (incident_id) SELECT id FROM incidents WHERE problem_id IS NULL;
INSERT INTO stale_figures (day) SELECT DISTINCT unixepoch(finished_at) / 86400 FROM deployments;
INSERT INTO stale_figures (day) SELECT DISTINCT unixepoch(started_at) / 86400 FROM followups WHERE started_at IS NOT NULL;
INSERT INTO stale_figures (day) SELECT DISTINCT unixepoch(shipped_at) / 86400 FROM followups WHERE shipped_at IS NOT NULL;
INSERT INTO stale_figures (day) SELECT DISTINCT unixepoch(fix_failed_at) / 86400 FROM followups WHERE fix_failed_at IS NOT NULL;

-- +goose Down
DROP TRIGGER figures_queue;
DROP TRIGGER figures_queue_new;
CREATE INDEX incidents_resolved_significant ON incidents (resolved_at, id, problem_id)
  WHERE kind NOT IN ('maintenance', 'drill') AND merged_into IS NULL AND significant;
CREATE INDEX incidents_months ON incidents ((CAST(substr(noticed_at, 1, 4) AS INTEGER) * 12 + CAST(substr(noticed_at, 6, 2) AS INTEGER)), impact_seconds, recurs, recognisable)
  WHERE kind NOT IN ('maintenance', 'drill') AND merged_into IS NULL AND leads;
DROP TRIGGER figures_builder;
DROP TRIGGER figures_hours;
DROP TRIGGER figures_cause_gone;
DROP TRIGGER figures_cause;
DROP TRIGGER figures_cause_new;
DROP TRIGGER figures_deployment;
DROP TRIGGER figures_deployment_new;
DROP TRIGGER figures_followup_incident_gone;
DROP TRIGGER figures_followup_incident_new;
DROP TRIGGER figures_followup_days;
DROP TRIGGER figures_followup_state;
DROP TRIGGER figures_followup_new;
DROP TRIGGER figures_note_revised;
DROP TRIGGER figures_note;
DROP TRIGGER figures_decision;
DROP TRIGGER figures_participant_gone;
DROP TRIGGER figures_participant_new;
DROP TRIGGER figures_segment_gone;
DROP TRIGGER figures_segment_new;
DROP TRIGGER figures_service_gone;
DROP TRIGGER figures_service_new;
DROP TRIGGER figures_incident;
DROP TRIGGER figures_incident_new;
DROP INDEX followups_failed;
DROP INDEX followups_shipped;
DROP TABLE figures_version;
DROP TABLE waiting_costs;
DROP TABLE tallies;
DROP TABLE incident_figures;
DROP TABLE stale_figures;
