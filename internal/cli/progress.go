package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/onus-cloud/onus/internal/collect"
)

// progress is one line on a terminal's stderr, redrawn a few times a second; elsewhere it is nothing.
type progress struct {
	w     io.Writer
	mu    sync.Mutex
	drawn time.Time
}

func newProgress(w io.Writer) *progress {
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return &progress{}
	}
	return &progress{w: w}
}

func (p *progress) show(now collect.Progress) {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.drawn) < 100*time.Millisecond {
		return
	}
	p.drawn = time.Now()
	text := fmt.Sprintf("reading: %d of %d (accounts x Regions x services), %d calls", now.Done, now.Total, now.Calls)
	if now.Throttles > 0 {
		text += fmt.Sprintf(", slowed down %d times", now.Throttles)
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", text)
}

func (p *progress) done() {
	if p.w != nil && !p.drawn.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
