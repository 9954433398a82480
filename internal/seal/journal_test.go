package seal

import (
	"os"
	"testing"
)

func TestJournal(t *testing.T) { // sets the environment: not parallel
	t.Setenv("ONUS_STATE", t.TempDir())
	open := func(job ...string) *Journal {
		t.Helper()
		j, err := OpenJournal(job...)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	j := open("seal", "a", "b")
	check(j.Add(Done{"one", "s1", "m1"}))
	check(j.Add(Done{"two", "s2", "m2"}))
	if again := open("seal", "a", "b"); again != nil {
		t.Error("two runs share a journal")
	}
	check(j.Close())
	if other := open("seal", "a", "c"); other.done["one"] != (Done{}) {
		t.Error("another job has it too")
	} else {
		check(other.Remove())
	}

	// A crash cut the last line off.
	raw, err := os.ReadFile(j.path)
	check(err)
	check(os.WriteFile(j.path, raw[:len(raw)-5], 0o600))
	j = open("seal", "a", "b")
	if d, ok := j.Find("one"); !ok || d != (Done{"one", "s1", "m1"}) {
		t.Errorf("%+v", d)
	}
	if _, ok := j.Find("two"); ok {
		t.Error("what was cut off is done")
	}
	check(j.Add(Done{"three", "s3", "m3"}))
	check(j.Close())
	j = open("seal", "a", "b")
	if _, ok := j.Find("three"); !ok {
		t.Error("what came after the cut is lost")
	}
	if n, err := ForgetJournals(); n != 0 || err != nil {
		t.Errorf("%d forgotten while in use: %v", n, err)
	}
	check(j.Close())
	if n, err := ForgetJournals(); n != 1 || err != nil {
		t.Errorf("%d forgotten: %v", n, err)
	}
	j = open("seal", "a", "b")
	if _, ok := j.Find("one"); ok {
		t.Error("it is remembered after all was forgotten")
	}
	check(j.Remove())

	var none *Journal
	if _, ok := none.Find("one"); ok || none.Add(Done{}) != nil || none.Close() != nil || none.Remove() != nil {
		t.Error("no journal remembers something")
	}
}
