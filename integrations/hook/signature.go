package hook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Sum is the HMAC-SHA256 of parts that follow each other.
func Sum(secret []byte, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, secret)
	for _, part := range parts {
		mac.Write(part)
	}
	return mac.Sum(nil)
}

// Signed tells whether one of the signatures, in hexadecimal, is the HMAC-SHA256 of the body with one of the secrets. Empty secrets sign
// nothing. All are tried, so that the time tells nothing.
func Signed(body []byte, secrets []string, signatures ...string) bool {
	good := false
	for _, secret := range secrets {
		sum := Sum([]byte(secret), body)
		for _, signature := range signatures {
			given, err := hex.DecodeString(strings.TrimSpace(signature))
			if hmac.Equal(sum, given) && err == nil && secret != "" {
				good = true
			}
		}
	}
	return good
}
