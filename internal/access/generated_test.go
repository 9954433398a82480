package access

import (
	"fmt"
	"testing"

	"github.com/onus-cloud/onus/internal/generate"
)

func TestGeneratedEstate(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 2} {
		e, truth := generate.Permissions(3000, seed)
		w := New(e, Options{})
		x := w.Escalate(Administrator)
		found := 0
		for _, p := range w.Principals() {
			if p.Kind == "root" {
				continue
			}
			want, steps := No, -1
			switch n, planted := truth.Planted[p.ARN]; {
			case truth.Administrators[p.ARN]:
				want, steps = Yes, 0
			case planted:
				want, steps = Yes, n
			case truth.May[p.ARN]:
				want = May
			}
			path := x.Of(p)
			if got := x.Strength(p); got != want {
				t.Errorf("seed %d: %s: %s, want %s (%s)\n%s", seed, p.ARN, got, want, truth.NearMisses[p.ARN], describe(path))
				continue
			}
			if path == nil {
				continue
			}
			found++
			replays(t, fmt.Sprintf("seed %d: %s", seed, p.ARN), path)
			if steps >= 0 && len(path.Steps) != steps {
				t.Errorf("seed %d: %s: %d steps, want %d:\n%s", seed, p.ARN, len(path.Steps), steps, describe(path))
			}
		}
		if want := len(truth.Administrators) + len(truth.Planted) + len(truth.May); found != want {
			t.Errorf("seed %d: %d paths, want %d", seed, found, want)
		}
	}
}

func BenchmarkEscalation(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		e, _ := generate.Permissions(n, 1)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				w := New(e, Options{})
				x := w.Escalate(Administrator)
				b.ReportMetric(float64(len(x.Paths())), "paths")
				b.ReportMetric(float64(len(w.classes)), "classes")
			}
		})
	}
}

func BenchmarkWhoCan(b *testing.B) {
	e, _ := generate.Permissions(10_000, 1)
	w := New(e, Options{})
	for _, q := range [][2]string{{"s3:GetObject", "arn:aws:s3:::app-0001-300000000001/x"}, {"iam:PassRole", "arn:aws:iam::300000000001:role/power/billing-function"}, {"sts:AssumeRole", "arn:aws:iam::300000000002:role/power/chain-end"}} {
		b.Run(q[0], func(b *testing.B) {
			for range b.N {
				w.WhoCan(q[0], q[1])
			}
		})
	}
}
