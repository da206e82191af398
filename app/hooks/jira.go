package hooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Signed tells whether a body is signed with one of the secrets, as WebSub (W3C, section 7) and Jira do: sha256=<hex> of the HMAC
// of the raw body. Two are good while a secret is changed. It takes the same time whether the signature is nearly right or not.
func Signed(signature string, body []byte, secrets []string) bool {
	method, given, _ := strings.Cut(signature, "=")
	sum, err := hex.DecodeString(given)
	if method != "sha256" || err != nil || len(sum) != sha256.Size {
		return false
	}
	good := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		if secret != "" && hmac.Equal(sum, mac.Sum(nil)) {
			good = true
		}
	}
	return good
}

// number is what Jira's numbers of issues look like.
var number = regexp.MustCompile(`^[0-9]{1,19}$`)

// ReadJira reads which issue a webhook of Jira is about, and what it says happened. Issue is empty where it does not say, or says
// it in a way that nobody knows. Nothing else of it is believed.
func ReadJira(body []byte) (event, issue string, err error) {
	var b map[string]json.RawMessage
	if err := json.Unmarshal(body, &b); err != nil || b == nil {
		return "", "", fmt.Errorf("no JSON object: %w", err)
	}
	_ = json.Unmarshal(b["webhookEvent"], &event) // another kind of value is no event we know
	var about struct {
		ID json.RawMessage `json:"id"`
	}
	_ = json.Unmarshal(b["issue"], &about) // an event of something else
	id := strings.Trim(string(about.ID), `"`)
	if !number.MatchString(id) || len(event) > 100 {
		return event, "", nil
	}
	return event, id, nil
}

// DeliveryName tells deliveries apart: by the sender's name for them, which stays the same when it tries again, else by the body.
func DeliveryName(identifier string, body []byte) string {
	if identifier != "" && len(identifier) <= 200 {
		return identifier
	}
	sum := sha256.Sum256(body)
	return "sha256:" + hex.EncodeToString(sum[:])
}
