package jira

import (
	"errors"
	"net"
	"net/url"
)

// plainCause is the innermost reason, without the address.
func plainCause(err error) string {
	if err == nil {
		return "no reason is known"
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Err.Error()
	}
	return short(err.Error())
}
