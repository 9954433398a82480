package simulate

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
)

// Summary counts the lines of a stream.
type Summary struct {
	Lines int
	Wrong int // answered with an error
}

// longestLine bounds the memory of one line.
const longestLine = 32 << 20

// batch is some lines that one worker answers; done holds its answers, as text, once they are made.
type batch struct {
	first int // the number of the first line
	lines [][]byte
	done  chan answers
}

type answers struct {
	text         []byte
	lines, wrong int
}

// Run answers every line of in, in order, with as many lines at work as there are processors. Empty lines are passed over.
// It holds a few hundred lines in memory, however long the stream is.
func Run(ctx context.Context, in io.Reader, out io.Writer) (Summary, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	workers := runtime.GOMAXPROCS(0)
	work, order := make(chan *batch), make(chan *batch, 2*workers)
	var failed error
	var all sync.WaitGroup
	all.Go(func() {
		defer close(order)
		defer close(work)
		failed = read(ctx, in, work, order)
	})
	for range workers {
		all.Go(func() {
			s := &simulator{}
			for b := range work {
				b.done <- s.batch(b)
			}
		})
	}
	var sum Summary
	var writing error
	for b := range order {
		a := <-b.done
		sum.Lines += a.lines
		sum.Wrong += a.wrong
		if writing != nil || len(a.text) == 0 {
			continue
		}
		if _, err := out.Write(a.text); err != nil {
			writing = fmt.Errorf("writing answers: %w", err)
			stop()
		}
	}
	all.Wait()
	if writing != nil {
		return sum, writing
	}
	return sum, failed
}

// read cuts the stream into batches. Whoever types lines gets each answer before the next line.
func read(ctx context.Context, in io.Reader, work, order chan<- *batch) error {
	const most = 64
	r := bufio.NewReaderSize(in, 1<<16)
	for number, ended := 1, false; !ended; {
		b := &batch{first: number, done: make(chan answers, 1)}
		for len(b.lines) < most && !ended {
			line, err := readLine(r)
			switch {
			case errors.Is(err, io.EOF):
				ended = true
			case err != nil:
				return fmt.Errorf("reading lines: %w", err)
			}
			b.lines = append(b.lines, line)
			number++
			if r.Buffered() == 0 {
				break
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case order <- b:
		}
		work <- b
	}
	return nil
}

// readLine reads a line of any length, and keeps no more than one byte over the longest that is answered.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if room := longestLine + 1 - len(line); len(part) > room {
			part = part[:room]
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

func (s *simulator) batch(b *batch) (a answers) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	for i, line := range b.lines {
		line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")))
		if len(line) == 0 {
			continue
		}
		a.lines++
		var one Answer
		wrong := true
		if len(line) > longestLine {
			one = Answer{ID: json.RawMessage("null"), Because: []Because{}, DependsOn: []DependsOn{}, Error: fmt.Sprintf("line %d: it is longer than %d MiB", b.first+i, longestLine>>20)}
		} else {
			one, wrong = s.answer(b.first+i, line)
		}
		if wrong {
			a.wrong++
		}
		if err := encoder.Encode(one); err != nil { // an id is the one thing that is copied as it came
			one.ID = json.RawMessage("null")
			_ = encoder.Encode(one)
		}
	}
	a.text = text.Bytes()
	return a
}
