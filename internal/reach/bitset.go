package reach

import (
	"cmp"
	"math/bits"
	"slices"
)

// bitset is a set of faces.
type bitset []uint64

func (b bitset) has(i uint32) bool { return b[i/64]>>(i%64)&1 != 0 }

func (b bitset) set(i uint32) { b[i/64] |= 1 << (i % 64) }

func (b bitset) unset(i uint32) { b[i/64] &^= 1 << (i % 64) }

func (b bitset) setRuns(runs []run) {
	whole := span{0, uint32(len(b))}
	for _, r := range runs {
		b.setRun(r, whole)
	}
}

// setRunsIn adds sorted runs, as far as they are in a window, and returns the words that it touched.
func (b bitset) setRunsIn(runs []run, window span) span {
	var touched span
	for _, r := range overlapping(runs, window.first*64, window.end*64) {
		touched = touched.cover(b.setRun(r, window))
	}
	return touched
}

// overlapping are those of sorted runs that have numbers from first up to, not including, end.
func overlapping(runs []run, first, end uint32) []run {
	if len(runs) > 8 {
		low, _ := slices.BinarySearchFunc(runs, first, func(r run, first uint32) int { return cmp.Compare(r.end, first+1) })
		high, _ := slices.BinarySearchFunc(runs, end, func(r run, end uint32) int { return cmp.Compare(r.first, end) })
		runs = runs[low:max(low, high)]
	}
	return runs
}

// setRun adds a run, as far as it is in a window, and returns the words that it touched.
func (b bitset) setRun(r run, window span) span {
	first, end := max(r.first, window.first*64), min(r.end, window.end*64)
	if first >= end {
		return span{}
	}
	low, high := first/64, (end-1)/64
	lowMask, highMask := ^uint64(0)<<(first%64), ^uint64(0)>>(63-(end-1)%64)
	if low == high {
		b[low] |= lowMask & highMask
		return span{low, low + 1}
	}
	b[low] |= lowMask
	for i := low + 1; i < high; i++ {
		b[i] = ^uint64(0)
	}
	b[high] |= highMask
	return span{low, high + 1}
}

func (b bitset) runs() []run {
	var all []run
	for i, w := range b {
		for w != 0 {
			low := uint32(bits.TrailingZeros64(w))
			length := uint32(bits.TrailingZeros64(^(w >> low)))
			first := uint32(i)*64 + low
			if n := len(all); n > 0 && all[n-1].end == first {
				all[n-1].end += length
			} else {
				all = append(all, run{first, first + length})
			}
			if low+length >= 64 {
				break
			}
			w &= ^uint64(0) << (low + length)
		}
	}
	return all
}

// word is the part of a run that is in one word of a bitset.
func (r run) word(i uint32) uint64 {
	first, end := max(r.first, i*64), min(r.end, i*64+64)
	if first >= end {
		return 0
	}
	return ^uint64(0) << (first % 64) & (^uint64(0) >> (63 - (end-1)%64))
}

func (r run) intersect(o run) run {
	return run{max(r.first, o.first), max(min(r.end, o.end), max(r.first, o.first))}
}

// span is words of a bitset, from first up to, not including, end.
type span struct{ first, end uint32 }

func (s span) empty() bool { return s.first >= s.end }

func (s span) cover(o span) span {
	switch {
	case s.empty():
		return o
	case o.empty():
		return s
	}
	return span{min(s.first, o.first), max(s.end, o.end)}
}

// run is numbers that follow one another: from first up to, not including, end.
type run struct{ first, end uint32 }

// appendRun adds numbers, none of them smaller than any before.
func appendRun(runs []run, r run) []run {
	if n := len(runs); n > 0 && runs[n-1].end == r.first {
		runs[n-1].end = r.end
		return runs
	}
	return append(runs, r)
}
