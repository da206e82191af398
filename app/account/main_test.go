package account

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	Hashing = CheapHashing
	os.Exit(m.Run())
}
