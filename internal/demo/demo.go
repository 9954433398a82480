// Package demo holds nothing yet.
package demo

import (
	"errors"
	"time"

	"github.com/onus-cloud/onus/internal/responses"
)

var Now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func Claims() []byte { return nil }

func Recording() (*responses.Set, error) { return nil, errors.New("no demo yet") }
