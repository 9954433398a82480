package seal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/onus-cloud/onus/esdk"
)

// SealOptions say how data is sealed. At least one key is needed.
type SealOptions struct {
	Format Format // ESDK if empty
	Keys   []*Key
	// Wrapping are further keys of the format ESDK, such as one of AWS KMS. Each key alone opens.
	Wrapping []esdk.WrappingKey
	// Recipients are further recipients of the format age.
	Recipients []age.Recipient
	// Context is stored readable and authenticated. age has none.
	Context map[string]string
	// Suite, FrameLength and Parallel are those of esdk.WriteOptions.
	Suite       esdk.Suite
	FrameLength int
	Parallel    int
}

// Encrypt returns a writer that seals to dst. Nothing is whole before it was closed without an error; dst is not closed.
func Encrypt(ctx context.Context, dst io.Writer, opts SealOptions) (io.WriteCloser, error) {
	if opts.Format == AgeFormat {
		recipients, err := opts.recipients()
		if err != nil {
			return nil, err
		}
		return age.Encrypt(dst, recipients...)
	}
	write, err := opts.esdk()
	if err != nil {
		return nil, err
	}
	return esdk.NewWriter(ctx, dst, write)
}

// esdk are the options of a message of the format ESDK.
func (o *SealOptions) esdk() (esdk.WriteOptions, error) {
	write := esdk.WriteOptions{Suite: o.Suite, Context: o.Context, FrameLength: o.FrameLength, Parallel: o.Parallel}
	if o.Format != ESDK && o.Format != Unknown {
		return write, fmt.Errorf("format %q is not written: use %s or %s", o.Format, ESDK, AgeFormat)
	}
	if len(o.Recipients) > 0 {
		return write, errors.New("recipients of age need --format age")
	}
	for _, k := range o.Keys {
		wrapping, err := k.WrappingKey()
		if err != nil {
			return write, err
		}
		write.Keys = append(write.Keys, wrapping)
	}
	write.Keys = append(write.Keys, o.Wrapping...)
	if len(write.Keys) == 0 {
		return write, errors.New("no key to seal with: name one with --key")
	}
	return write, nil
}

func (o *SealOptions) recipients() ([]age.Recipient, error) {
	if len(o.Context) > 0 {
		return nil, errors.New("age has no context: leave --context out, or seal with --format esdk")
	}
	if len(o.Wrapping) > 0 {
		return nil, errors.New("age does not know AWS KMS: leave --kms out, or seal with --format esdk")
	}
	var recipients []age.Recipient
	for _, k := range o.Keys {
		recipient, err := k.Recipient()
		if err != nil {
			return nil, err
		}
		recipients = append(recipients, recipient)
	}
	recipients = append(recipients, o.Recipients...)
	if len(recipients) == 0 {
		return nil, errors.New("no recipient to seal for: name a key of kind age with --key, or a recipient with --recipient")
	}
	return recipients, nil
}

// OpenOptions say what is admitted. At least one key is needed.
type OpenOptions struct {
	// Format is the one format that is admitted; without it, ESDK and age are, told apart by how the data starts. S3EC has to be named.
	Format Format
	Keys   []*Key
	// Wrapping and Identities are further keys of the formats ESDK and age.
	Wrapping   []esdk.WrappingKey
	Identities []age.Identity
	// Context must be in what is opened, pair by pair. What is of age has none, so that Context refuses it, unless Unbound.
	Context map[string]string
	// Unbound admits data without a context although Context asks for one.
	Unbound bool
	// Suites, MaxFrame and Parallel are those of esdk.ReadOptions.
	Suites   []esdk.Suite
	MaxFrame int
	Parallel int

	used func(*Key)
}

// A Plain is the plaintext of something sealed, as a stream. Only io.EOF says that it was whole: what was read before is authenticated,
// and may be the start of something that was cut off.
type Plain struct {
	Format Format
	// Context is what was stored in the clear, and is authenticated.
	Context map[string]string
	// Key is the one that opened, if it is one of OpenOptions.Keys.
	Key *Key

	src io.Reader
}

// Read implements io.Reader.
func (p *Plain) Read(b []byte) (int, error) { return p.src.Read(b) }

// WriteTo implements io.WriterTo.
func (p *Plain) WriteTo(w io.Writer) (int64, error) {
	if to, ok := p.src.(io.WriterTo); ok {
		return to.WriteTo(w)
	}
	return io.Copy(w, struct{ io.Reader }{p.src})
}

// Decrypt opens what src holds: its header at once, its plaintext as it is read.
func Decrypt(ctx context.Context, src io.Reader, opts OpenOptions) (*Plain, error) {
	in := bufio.NewReaderSize(src, 64<<10)
	format, err := opts.format(in)
	if err != nil {
		return nil, err
	}
	p := &Plain{Format: format}
	opts.used = func(k *Key) { p.Key = k }
	if format == AgeFormat {
		identities, err := opts.identities()
		if err != nil {
			return nil, err
		}
		watched := &watched{src: in}
		sealed := io.Reader(watched)
		if armored(in) {
			sealed = armor.NewReader(watched)
		}
		plaintext, err := age.Decrypt(sealed, identities...)
		if err != nil {
			return nil, watched.hidden(err)
		}
		p.src = &ageReader{plaintext, watched}
		return p, nil
	}
	read, err := opts.esdk()
	if err != nil {
		return nil, err
	}
	r, err := esdk.NewReader(ctx, in, read)
	if err != nil {
		return nil, hidden(err)
	}
	p.src, p.Context = &esdkReader{r}, r.Header().Context
	return p, nil
}

// usedWrapping and usedIdentity tell which key opened.
type usedWrapping struct {
	esdk.WrappingKey
	used func()
}

func (w usedWrapping) Unwrap(ctx context.Context, wrapped esdk.WrappedKey, encryptionContext map[string]string) ([]byte, error) {
	dataKey, err := w.WrappingKey.Unwrap(ctx, wrapped, encryptionContext)
	if err == nil {
		w.used()
	}
	return dataKey, err
}

type usedIdentity struct {
	age.Identity
	used func()
}

func (i usedIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	fileKey, err := i.Identity.Unwrap(stanzas)
	if err == nil {
		i.used()
	}
	return fileKey, err
}

// DecryptAt returns a reader of any range of the plaintext of src, which has size bytes, and the size of the plaintext. Each read fetches
// and authenticates the frames that hold what is asked for. What opens as a whole only is refused with ErrNoRanges.
func DecryptAt(ctx context.Context, src io.ReaderAt, size int64, opts OpenOptions) (*Ranged, int64, error) {
	held, err := startOf(src, size)
	if err != nil {
		return nil, 0, err
	}
	start := bufio.NewReaderSize(io.NewSectionReader(held, 0, size), startLength)
	format, err := opts.format(start)
	if err != nil {
		return nil, 0, err
	}
	if format == AgeFormat && armored(start) {
		return nil, 0, fmt.Errorf("%w: it is age as text (armored): read it as a stream", ErrNoRanges)
	}
	opened := &Ranged{held: held, window: windowBytes}
	opts.used = func(k *Key) { opened.Key = k }
	if format == AgeFormat {
		identities, err := opts.identities()
		if err != nil {
			return nil, 0, err
		}
		watched := &watchedAt{src: held}
		plaintext, length, err := age.DecryptReaderAt(watched, size, identities...)
		if err != nil {
			return nil, 0, watched.hidden(err)
		}
		opened.at, opened.size, opened.extent = &ageReaderAt{plaintext, watched}, length, ageExtent(size, length)
		return opened, length, nil
	}
	read, err := opts.esdk()
	if err != nil {
		return nil, 0, err
	}
	r, err := esdk.NewReaderAt(ctx, held, size, read)
	if err != nil {
		return nil, 0, hidden(err)
	}
	opened.at, opened.size, opened.extent = &esdkReaderAt{r}, r.Size(), r.Extent
	return opened, r.Size(), nil
}

// format decides how the data is read: by what is admitted, and between the two by how it starts.
func (o *OpenOptions) format(in *bufio.Reader) (Format, error) {
	switch o.Format {
	case S3EC:
		return "", errors.New("objects of the Amazon S3 Encryption Client are opened from S3, where their metadata is")
	case ESDK:
		return ESDK, nil
	case AgeFormat, Unknown:
	default:
		return "", fmt.Errorf("format %q is not known: use %s, %s or %s", o.Format, ESDK, AgeFormat, S3EC)
	}
	format := o.Format
	if format == Unknown {
		format = ESDK
		head, err := in.Peek(len(ageMagic))
		if err != nil && err != io.EOF {
			return "", err
		}
		if string(head) == ageMagic || armored(in) {
			format = AgeFormat
		}
	}
	if format == AgeFormat && len(o.Context) > 0 && !o.Unbound {
		return "", fmt.Errorf("%w: it is of age, which binds nothing to its place; --unbound opens it all the same", ErrRefused)
	}
	return format, nil
}

// armored says whether the data starts as age does when it is text: age --armor.
func armored(in *bufio.Reader) bool {
	head, _ := in.Peek(len(armor.Header))
	return string(head) == armor.Header
}

func (o *OpenOptions) esdk() (esdk.ReadOptions, error) {
	read := esdk.ReadOptions{Keys: nil, Context: o.Context, Suites: o.Suites, MaxFrame: o.MaxFrame, Parallel: o.Parallel}
	for _, k := range o.Keys {
		if k.Kind == Age || !k.CanOpen() {
			continue
		}
		wrapping, err := k.WrappingKey()
		if err != nil {
			return read, err
		}
		if o.used != nil {
			wrapping = usedWrapping{wrapping, func() { o.used(k) }}
		}
		read.Keys = append(read.Keys, wrapping)
	}
	read.Keys = append(read.Keys, o.Wrapping...)
	if len(read.Keys) == 0 {
		return read, errors.New("no key that opens messages of the AWS Encryption SDK format: name one with --key")
	}
	return read, nil
}

func (o *OpenOptions) identities() ([]age.Identity, error) {
	var identities []age.Identity
	for _, k := range o.Keys {
		if k.Kind != Age || !k.CanOpen() {
			continue
		}
		identity, err := k.Identity()
		if err != nil {
			return nil, err
		}
		if o.used != nil {
			identity = usedIdentity{identity, func() { o.used(k) }}
		}
		identities = append(identities, identity)
	}
	identities = append(identities, o.Identities...)
	if len(identities) == 0 {
		return nil, errors.New("no age identity: name a key of kind age with --key, or a file of identities with --identity")
	}
	return identities, nil
}

// esdkReader and the types below give what does not open one error.
type esdkReader struct{ r *esdk.Reader }

func (r *esdkReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	return n, hidden(err)
}

func (r *esdkReader) WriteTo(w io.Writer) (int64, error) {
	n, err := r.r.WriteTo(w)
	return n, hidden(err)
}

type esdkReaderAt struct{ r *esdk.ReaderAt }

func (r *esdkReaderAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.r.ReadAt(p, off)
	return n, hidden(err)
}

type ageReader struct {
	r      io.Reader
	source *watched
}

func (r *ageReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		err = r.source.hidden(err)
	}
	return n, err
}

type ageReaderAt struct {
	r      io.ReaderAt
	source *watchedAt
}

func (r *ageReaderAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.r.ReadAt(p, off)
	if err != nil && err != io.EOF {
		err = r.source.hidden(err)
	}
	return n, err
}

// watched keeps the error of a source, so that it is told from one of age about what it read.
type watched struct {
	src io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.src.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

func (w *watched) hidden(error) error {
	if w.err != nil {
		return w.err
	}
	return ErrOpen
}

type watchedAt struct {
	src io.ReaderAt
	err atomicError
}

func (w *watchedAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.src.ReadAt(p, off)
	if err != nil && err != io.EOF {
		w.err.set(err)
	}
	return n, err
}

func (w *watchedAt) hidden(error) error {
	if err := w.err.get(); err != nil {
		return err
	}
	return ErrOpen
}

// Sealed seals a whole plaintext: for small ones.
func Sealed(ctx context.Context, plaintext []byte, opts SealOptions) ([]byte, error) {
	var sealed bytes.Buffer
	w, err := Encrypt(ctx, &sealed, opts)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plaintext); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return sealed.Bytes(), nil
}

// Opened opens a whole message, and returns nothing unless all of it is authenticated: for small ones.
func Opened(ctx context.Context, message []byte, opts OpenOptions) ([]byte, error) {
	r, err := Decrypt(ctx, bytes.NewReader(message), opts)
	if err != nil {
		return nil, err
	}
	plaintext, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return plaintext, nil
}
