package jirasync

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// FixedValue is a value as Jira takes it, of what a person typed for a field of that kind (Input.Kind); nil: nothing was typed.
// On Data Center a person is named by name, on Cloud by account id.
func FixedValue(kind, typed string, f Flavour) (json.RawMessage, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return nil, nil
	}
	var v any
	switch kind {
	case "option":
		v = map[string]string{"id": typed}
	case "options":
		v = []map[string]string{{"id": typed}}
	case "number":
		n, err := strconv.ParseFloat(typed, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return nil, fmt.Errorf("%q is no number", typed)
		}
		v = n
	case "words":
		v = strings.Fields(typed)
	case "user":
		v = map[string]string{"name": typed}
		if f == Cloud {
			v = map[string]string{"accountId": typed}
		}
	case "other":
		if !json.Valid([]byte(typed)) {
			return nil, fmt.Errorf("this is no JSON")
		}
		return json.RawMessage(typed), nil
	default:
		v = typed
	}
	b, err := json.Marshal(v)
	return b, err
}

// TypedValue is what a person would type for a value, the other way round.
func TypedValue(kind string, value json.RawMessage) string {
	if len(value) == 0 {
		return ""
	}
	switch kind {
	case "option", "user":
		var v map[string]any
		if json.Unmarshal(value, &v) == nil {
			for _, key := range []string{"id", "accountId", "name"} {
				if s, is := v[key].(string); is {
					return s
				}
			}
		}
	case "options":
		var v []map[string]any
		if json.Unmarshal(value, &v) == nil && len(v) > 0 {
			s, _ := v[0]["id"].(string)
			return s
		}
	case "words":
		var v []string
		if json.Unmarshal(value, &v) == nil {
			return strings.Join(v, " ")
		}
	case "text", "date":
		var v string
		if json.Unmarshal(value, &v) == nil {
			return v
		}
	}
	return string(value)
}
