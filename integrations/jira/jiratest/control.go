package jiratest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"time"
)

// serveControl shows the faults, the journal and the webhooks that went out, and is told what to do: POST /__double with
// SearchLag=30s&LoseOneIn=5, as a form, in the address, or as JSON. Every field of Faults is a parameter by its name.
// POST /__double/hook takes url, secret and the fields of HookFaults; /__double/release an order; /__double/forget empties the
// journal; /__double/well ends all faults.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request, what string) {
	if r.Method == http.MethodPost {
		if err := s.told(r, what); err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
	}
	s.mu.Lock()
	shown := map[string]any{
		"faults": s.faults, "journal": s.journal, "issues": len(s.issues), "most_at_once": s.mostAtOnce, "webhooks": s.sent, "held_webhooks": len(s.held),
	}
	content, err := json.MarshalIndent(shown, "", " ")
	s.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_, _ = w.Write(content)
}

func (s *Server) told(r *http.Request, what string) error {
	values, err := valuesOf(r)
	if err != nil {
		return err
	}
	switch what {
	case "", "faults":
		forget := values.Has("forget")
		values.Del("forget")
		s.Set(func(f *Faults) {
			changed := *f
			if err = setByName(&changed, values); err == nil {
				*f = changed
			}
		})
		if forget {
			s.ForgetCalls()
		}
		return err
	case "hook":
		var how HookFaults
		address, secret := values.Get("url"), values.Get("secret")
		values.Del("url")
		values.Del("secret")
		if err := setByName(&how, values); err != nil {
			return err
		}
		s.Hook(address, secret, how)
	case "release":
		s.Release(Order(values.Get("order")))
	case "forget":
		s.ForgetCalls()
	case "well":
		s.Set(func(f *Faults) { *f = Faults{} })
	default:
		return fmt.Errorf("there is nothing to tell at %q", what)
	}
	return nil
}

// valuesOf are the values of a form, of the address, or of a JSON object.
func valuesOf(r *http.Request) (url.Values, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		err := r.ParseForm()
		return r.Form, err
	}
	given := map[string]any{}
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20)).Decode(&given); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	values := r.URL.Query()
	for name, v := range given {
		if n, is := v.(float64); is {
			v = strconv.FormatFloat(n, 'f', -1, 64)
		}
		values.Set(name, fmt.Sprint(v))
	}
	return values, nil
}

// setByName sets fields of a struct by their names. A duration is a number of nanoseconds, or a text such as 30s.
func setByName(of any, values url.Values) error {
	fields := reflect.ValueOf(of).Elem()
	for name, all := range values {
		field := fields.FieldByName(name)
		if !field.IsValid() {
			return fmt.Errorf("there is no %q to set", name)
		}
		var err error
		switch value := all[len(all)-1]; field.Interface().(type) {
		case bool:
			var b bool
			b, err = strconv.ParseBool(value)
			field.SetBool(b)
		case time.Duration:
			var d time.Duration
			if d, err = time.ParseDuration(value); err != nil {
				var n int64
				if n, err = strconv.ParseInt(value, 10, 64); err == nil {
					d = time.Duration(n)
				}
			}
			field.SetInt(int64(d))
		case int:
			var n int
			n, err = strconv.Atoi(value)
			field.SetInt(int64(n))
		default:
			field.SetString(value)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
