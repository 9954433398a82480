// Command sealing measures package esdk beside the limit, raw AES-256-GCM of the standard library, and beside its peers: age, the official
// AWS Encryption SDK for Go, and, as whole processes, openssl enc. All take turns in one run, so that the ratios of a round are those of
// one state of the machine; the table says the median of all rounds. docs/benchmarks.md ("Sealing") explains the figures.
//
//	cd tools/benchmark/sealing && go run .            # the first build compiles the official SDK: some minutes
//	go run . -rounds 5 -only esdk                     # some of the rows, by a part of their name
package main

import (
	"cmp"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A work is one row of the table.
type work struct {
	name  string
	to    string // the work that its ratio is to
	bytes int    // of plaintext, in one run; 0: objects are counted
	items int
	run   func() error
}

// A round is what one run took.
type round struct{ wall, cpu time.Duration }

func main() {
	log.SetFlags(0)
	rounds := flag.Int("rounds", 7, "how often each row takes its turn")
	only := flag.String("only", "", "only rows whose name holds this, and the limits")
	dir := flag.String("dir", os.TempDir(), "a folder for files; best one in memory")
	child := flag.String("child", "", "what a process of this program does that was started to be measured")
	flag.Parse()
	if *child != "" {
		if err := runChild(*child, flag.Args()); err != nil {
			log.Fatal(err)
		}
		return
	}
	works, err := streams()
	if err != nil {
		log.Fatal(err)
	}
	small, err := smallObjects()
	if err != nil {
		log.Fatal(err)
	}
	works = append(works, small...)
	works = slices.DeleteFunc(works, func(w work) bool {
		return !strings.HasPrefix(w.name, "limit") && !strings.Contains(w.name, *only)
	})
	took := make([][]round, len(works))
	for n := range *rounds + 1 {
		for i, w := range works {
			r, err := measure(w)
			if err != nil {
				log.Fatalf("%s: %v", w.name, err)
			}
			if n > 0 { // the first is to warm up
				took[i] = append(took[i], r)
			}
		}
	}
	fmt.Printf("%d rounds, %d processors, %s\n\n", *rounds, runtime.GOMAXPROCS(0), runtime.Version())
	fmt.Printf("%-43s %12s %11s  %s\n", "", "rate", "CPU ns/KiB", "ratio of rates (of CPU) to")
	for i := range works {
		show(works, took, i)
	}
	if !strings.Contains("process", *only) {
		return
	}
	// From a process of its own: Linux counts as the peak of a process what its parent held when it started it.
	self, err := os.Executable()
	if err != nil {
		log.Fatal(err)
	}
	table := exec.Command(self, "-child", "table", *dir, fmt.Sprint(*rounds))
	table.Stdout, table.Stderr = os.Stdout, os.Stderr
	if err := table.Run(); err != nil {
		log.Fatal(err)
	}
}

func measure(w work) (round, error) {
	runtime.GC()
	cpu, start := usage(), time.Now()
	err := w.run()
	return round{time.Since(start), usage() - cpu}, err
}

// usage returns the time that processors spent on this process.
func usage() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		log.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// show prints a row: the median of its rounds, and of its rounds' ratios to the other work in the same round.
func show(works []work, took [][]round, i int) {
	w, mine := works[i], took[i]
	wall := median(mine, func(n int) float64 { return float64(mine[n].wall) })
	rate, each := fmt.Sprintf("%.0f/s", float64(w.items)/wall*1e9), ""
	if w.bytes > 0 {
		rate = fmt.Sprintf("%.0f MB/s", float64(w.bytes)/wall*1e3)
		each = fmt.Sprintf("%.0f", median(mine, func(n int) float64 { return float64(mine[n].cpu) })/float64(w.bytes)*1024)
	}
	fmt.Printf("%-43s %12s %11s", w.name, rate, each)
	if at := slices.IndexFunc(works, func(o work) bool { return o.name == w.to }); at >= 0 {
		other, size := took[at], float64(w.bytes)/float64(works[at].bytes)
		clock := median(mine, func(n int) float64 { return size * float64(other[n].wall) / float64(mine[n].wall) })
		spent := median(mine, func(n int) float64 { return size * float64(other[n].cpu) / float64(mine[n].cpu) })
		fmt.Printf("  %.2f (%.2f) %s", clock, spent, w.to)
	}
	fmt.Println()
}

// median returns the middle of the values for each element.
func median[T any](of []T, value func(int) float64) float64 {
	values := make([]float64, len(of))
	for i := range of {
		values[i] = value(i)
	}
	slices.SortFunc(values, cmp.Compare[float64])
	return values[len(values)/2]
}
