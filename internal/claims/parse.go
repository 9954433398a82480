package claims

// Parse reads a claims file. name is how mistakes call it. A file with mistakes gives no File.
func (l *Language) Parse(name string, src []byte) (*File, []Mistake) {
	return &File{}, nil
}
