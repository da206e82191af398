package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"

	"upshot/app/fault"
)

// explain turns what the database says about a thing ("incident") into a fault where the sender can do something
// about it. Other errors, and the end of ctx, stay as they are.
func explain(err error, thing string) error {
	switch {
	case err == nil, fault.Of(err) != nil:
		return err
	case contextError(err) != nil:
		return contextError(err)
	case errors.Is(err, gorm.ErrRecordNotFound), errors.Is(err, sql.ErrNoRows): // pgx's own is an ErrNoRows too
		return &fault.Fault{Kind: fault.NotFound, Message: "There is no such " + thing + ".", Cause: err}
	case errors.Is(err, gorm.ErrDuplicatedKey), isDuplicate(err):
		return &fault.Fault{Kind: fault.Conflict, Message: "This " + thing + " exists already.", Cause: err}
	case errors.Is(err, gorm.ErrForeignKeyViolated), isForeignKey(err):
		return &fault.Fault{
			Kind: fault.Conflict, Cause: err,
			Message: "This " + thing + " belongs to something that is no longer there, or something still belongs to it.",
		}
	case isUnavailable(err):
		return &fault.Fault{Kind: fault.Unavailable, Message: "The database does not answer just now. Please try again in a moment.", Cause: err}
	default:
		return err
	}
}

// contextError gives err when it tells of the end of a ctx, also where a driver hides that; else nil.
func contextError(err error) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case sqliteCode(err) == sqlite3.ErrInterrupt:
		return errors.Join(context.Canceled, err)
	default:
		return nil
	}
}

// sqliteCode is SQLite's primary result code, or 0.
func sqliteCode(err error) sqlite3.ErrNo {
	var e sqlite3.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func sqliteExtended(err error) sqlite3.ErrNoExtended {
	var e sqlite3.Error
	if errors.As(err, &e) {
		return e.ExtendedCode
	}
	return 0
}

// postgresCode is PostgreSQL's five characters, or empty.
func postgresCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func isDuplicate(err error) bool {
	extended := sqliteExtended(err)
	return extended == sqlite3.ErrConstraintUnique || extended == sqlite3.ErrConstraintPrimaryKey || postgresCode(err) == "23505"
}

func isForeignKey(err error) bool {
	return sqliteExtended(err) == sqlite3.ErrConstraintForeignKey || postgresCode(err) == "23503"
}

// spoilsTx tells whether SQLite may have undone the whole transaction: https://sqlite.org/lang_transaction.html,
// "Response To Errors Within A Transaction".
func spoilsTx(err error) bool {
	switch sqliteCode(err) {
	case sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrNomem, sqlite3.ErrBusy, sqlite3.ErrInterrupt, sqlite3.ErrCorrupt:
		return true
	default:
		return false
	}
}

func isUnavailable(err error) bool {
	switch sqliteCode(err) {
	case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrCantOpen, sqlite3.ErrReadonly:
		return true
	}
	if code := postgresCode(err); code != "" {
		switch code[:2] {
		case "08", "53": // connection lost, out of resources
			return true
		}
		switch code {
		case "57P01", "57P02", "57P03", // shutting down or starting up
			"57014", "55P03", // statement or lock timeout
			"40001", "40P01", // two transactions in each other's way
			"25006": // a standby, which only reads
			return true
		}
		return false
	}
	var (
		connect *pgconn.ConnectError
		network net.Error
	)
	return errors.Is(err, driver.ErrBadConn) || errors.As(err, &connect) || errors.As(err, &network) ||
		pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "conn closed")
}
