package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/answer"
)

func TestPathLine(t *testing.T) {
	t.Parallel()
	got := pathLine(balancedPath()[4:])
	want := "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/shop/50dc6c495c0c9188 > inspection (not known) > sg-0web > orders (stops it)"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Nothing of a drawing stands outside of it, and no two signs touch.
func TestDrawingsFit(t *testing.T) {
	t.Parallel()
	for n := 1; n <= maxDrawnHops; n++ {
		var path []answer.Hop
		for i := range n {
			path = append(path, balancedPath()[i%8])
		}
		for _, p := range newWayView(path).Pictures {
			if len(p.Hops) != n || len(p.Links) != n-1 {
				t.Errorf("%s of %d hops draws %d, and %d links", p.Class, n, len(p.Hops), len(p.Links))
			}
			if p.Class == "wide" && p.Width > maxColumns*columnWidth || p.Class == "narrow" && p.Width > narrowWidth {
				t.Errorf("%s of %d hops is %d wide", p.Class, n, p.Width)
			}
			for i, h := range p.Hops {
				if h.X-h.R < 0 || h.X+h.R > p.Width || h.Y-h.R < 0 || h.Y+h.R > p.Height {
					t.Errorf("%s of %d hops: sign %d at %d,%d is outside of %dx%d", p.Class, n, i, h.X, h.Y, p.Width, p.Height)
				}
				for _, l := range h.Lines {
					if l.Y > p.Height {
						t.Errorf("%s of %d hops: %q at %d is below %d", p.Class, n, l.Text, l.Y, p.Height)
					}
				}
				for j, o := range p.Hops[:i] {
					if dx, dy := h.X-o.X, h.Y-o.Y; dx*dx+dy*dy <= (h.R+o.R)*(h.R+o.R) {
						t.Errorf("%s of %d hops: signs %d and %d touch", p.Class, n, j, i)
					}
				}
			}
		}
	}
}

func TestLongPathsAreWords(t *testing.T) {
	t.Parallel()
	long := make([]answer.Hop, maxDrawnHops+1)
	for i := range long {
		long[i].ID = fmt.Sprint("role/r", i)
	}
	way := newWayView(long)
	if len(way.Pictures) > 0 || way.Line == "" {
		t.Errorf("%d pictures, line %q", len(way.Pictures), way.Line)
	}
	if newWayView(nil) != nil {
		t.Error("no path has a picture")
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ in, want string }{
		{"i-0f3c9a7e51d2b8c46", "i-0f3c9a7e51d2b8c46"},
		{"web-sg-of-the-autoscaling-group", "web-sg-of-the…-group"},
		{strings.Repeat("ä", 30), strings.Repeat("ä", 13) + "…" + strings.Repeat("ä", 6)},
		{"", ""},
	} {
		if d := cmp.Diff(test.want, shorten(test.in, 20)); d != "" {
			t.Error(d)
		}
	}
}

func TestPathLineNamesOnceWhoChangesHimself(t *testing.T) {
	t.Parallel()
	got := pathLine([]answer.Hop{{ID: "i-1"}, {ID: "1:role/a"}, {ID: "1:role/a"}, {ID: "sg-1", Passes: answer.MayPass}, {ID: "sg-1", Passes: answer.Stops}})
	if want := "i-1 > 1:role/a > sg-1 (not known) > sg-1 (stops it)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
