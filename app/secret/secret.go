// Package secret encrypts what the database keeps of other systems' passwords.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"upshot/app/fault"
)

// Key encrypts and decrypts. The zero Key can do neither, and says how to get one.
type Key struct{ aead cipher.AEAD }

// MinLength is how many bytes the setting has at least.
const MinLength = 16

const (
	purpose = "upshot secrets at rest, 1"
	version = "1:"
)

// NewKey makes a key of the setting UPSHOT_SECRET_KEY; an empty one gives the zero Key. The setting should be random: it is
// stretched by HKDF (RFC 5869) with SHA-256, which does not slow down guessing.
func NewKey(setting string) (Key, error) {
	if setting == "" {
		return Key{}, nil
	}
	if len(setting) < MinLength {
		return Key{}, fault.New(fault.Invalid, "UPSHOT_SECRET_KEY is too short: give at least %d characters, such as those of: openssl rand -base64 32", MinLength)
	}
	raw, err := hkdf.Key(sha256.New, []byte(setting), nil, purpose, 32)
	if err != nil {
		return Key{}, err
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return Key{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return Key{aead}, err
}

// NewRandomKey makes a key that ends with the process, for the sandbox and tests.
func NewRandomKey() Key {
	k, err := NewKey(rand.Text())
	if err != nil { // rand.Text is long enough
		panic(err)
	}
	return k
}

// Ready tells whether there is a key.
func (k Key) Ready() bool { return k.aead != nil }

// Seal encrypts with AES-256-GCM. What it is about ("jira 3 token") must be the same to open it again: a sealed text cannot be
// moved to another place.
func (k Key) Seal(plain, about string) (string, error) {
	if !k.Ready() {
		return "", fault.New(fault.Conflict, "Set UPSHOT_SECRET_KEY first: without it no password can be kept. Any 32 random characters do, the same for all replicas.")
	}
	return version + base64.RawStdEncoding.EncodeToString(k.aead.Seal(nil, nil, []byte(plain), []byte(about))), nil
}

// Open decrypts what Seal made; an empty text is nothing.
func (k Key) Open(sealed, about string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	if !k.Ready() {
		return "", fault.New(fault.Conflict, "UPSHOT_SECRET_KEY is not set, so the password that is kept cannot be read.")
	}
	raw, isOurs := strings.CutPrefix(sealed, version)
	b, err := base64.RawStdEncoding.DecodeString(raw)
	if !isOurs || err != nil {
		return "", fmt.Errorf("sealed text of %s is damaged", about)
	}
	plain, err := k.aead.Open(nil, nil, b, []byte(about))
	if err != nil {
		return "", fault.New(fault.Conflict, "UPSHOT_SECRET_KEY is another one than when the password was kept: enter the password again.")
	}
	return string(plain), nil
}
