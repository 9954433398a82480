package esdk

// Extent returns which bytes of the message, from one offset up to another, are fetched to read n bytes of the plaintext from off: for
// fetching them at once instead of piece by piece. The header and the final frame are in memory and take no fetching.
func (r *ReaderAt) Extent(off, n int64) (from, to int64) {
	length, size := int64(r.frames.length), int64(r.frames.size())
	if off < 0 || n <= 0 || off >= r.count*length {
		return 0, 0
	}
	last := min((off+n-1)/length, r.count-1)
	return r.body + off/length*size, r.body + (last+1)*size
}
