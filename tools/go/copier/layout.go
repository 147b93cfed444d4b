package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"crypto/sha256"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

const (
	partial  = ".part"
	lockWait = 20 * time.Second
	chunk    = 1 << 20
	// leftOut says in a layout's index that nobody has looked for signatures.
	leftOut = "kitchen.example/signatures"
)

// layout is an OCI layout that is being written. Only one process writes it; the lock ends with the process.
type layout struct {
	root string
	lock *os.File
}

func openLayout(ctx context.Context, root string) (*layout, error) {
	if err := os.MkdirAll(filepath.Join(root, "blobs", "sha256"), 0o755); err != nil {
		return nil, err
	}
	lock, err := os.Open(root)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(lockWait); ; {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return &layout{root: root, lock: lock}, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(end) || ctx.Err() != nil {
			_ = lock.Close()
			return nil, fmt.Errorf("%s: another copier is at work in this folder: %w", root, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (l *layout) close() { _ = l.lock.Close() }

func (l *layout) path(name digest.Digest) string {
	return filepath.Join(l.root, "blobs", "sha256", name.Encoded())
}

// begin takes away what is not of this image: another digest's blobs, and what other tools have left behind.
func (l *layout) begin(wanted map[digest.Digest]bool) error {
	_ = os.Remove(filepath.Join(l.root, "index.json")) // whoever finds it finds a whole image
	for _, folder := range []string{l.root, filepath.Join(l.root, "blobs"), filepath.Join(l.root, "blobs", "sha256")} {
		found, err := os.ReadDir(folder)
		if err != nil {
			return err
		}
		for _, entry := range found {
			path := filepath.Join(folder, entry.Name())
			if path == filepath.Join(l.root, "blobs") || path == filepath.Join(l.root, "blobs", "sha256") {
				continue
			}
			name := digest.NewDigestFromEncoded(digest.SHA256, trim(entry.Name()))
			if filepath.Base(folder) == "sha256" && wanted[name] && entry.Type().IsRegular() {
				continue
			}
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	return nil
}

func trim(name string) string {
	if filepath.Ext(name) == partial {
		return name[:len(name)-len(partial)]
	}
	return name
}

// has returns whether a blob is whole, and how much of it is there.
func (l *layout) has(blob ocispec.Descriptor) (bool, int64) {
	if found, err := os.Lstat(l.path(blob.Digest)); err == nil && found.Mode().IsRegular() {
		if found.Size() == blob.Size {
			return true, blob.Size
		}
		_ = os.Remove(l.path(blob.Digest))
	}
	if found, err := os.Lstat(l.path(blob.Digest) + partial); err == nil {
		return false, min(found.Size(), blob.Size)
	}
	return false, 0
}

// part is a blob that is being written; `offset` bytes of it were there already.
type part struct {
	file   *os.File
	path   string
	blob   ocispec.Descriptor
	hash   hash.Hash
	offset int64
	wrong  bool
}

// part opens what is there of a blob, and sums it: what goes on from it is right or is found to be wrong at the end.
func (l *layout) part(blob ocispec.Descriptor) (*part, error) {
	path := l.path(blob.Digest) + partial
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o644)
	if err != nil {
		return nil, err
	}
	made := &part{file: file, path: path, blob: blob, hash: sha256.New()}
	there, err := io.CopyBuffer(struct{ io.Writer }{made.hash}, struct{ io.Reader }{file}, make([]byte, chunk))
	if err == nil && there > blob.Size {
		return made, made.restart()
	}
	made.offset = there
	if err != nil {
		made.close()
	}
	return made, err
}

func (p *part) sum(read []byte) { _, _ = p.hash.Write(read) }

func (p *part) close() { _ = p.file.Close() }

// restart forgets what is there.
func (p *part) restart() error {
	p.hash.Reset()
	p.offset = 0
	if err := p.file.Truncate(0); err != nil {
		return err
	}
	_, err := p.file.Seek(0, io.SeekStart)
	return err
}

// copy appends a stream; what a disk refuses is a *os.PathError, anything else is the stream's.
func (p *part) copy(from io.Reader) error {
	buffer := make([]byte, chunk)
	for {
		count, err := from.Read(buffer)
		if count > 0 {
			if _, wrong := p.file.Write(buffer[:count]); wrong != nil {
				return wrong
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &broken{err}
		}
	}
}

// finish gives the blob its name, if it is whole and what its name says.
func (p *part) finish() error {
	there, err := p.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if there < p.blob.Size {
		return &broken{io.ErrUnexpectedEOF}
	}
	if found := digest.NewDigest(digest.SHA256, p.hash); found != p.blob.Digest {
		p.wrong = true
		if err := p.restart(); err != nil {
			return err
		}
		return &broken{fmt.Errorf("blob %s: what came has the digest %s", p.blob.Digest, found)}
	}
	if err := p.file.Sync(); err != nil {
		return err
	}
	return os.Rename(p.path, p.path[:len(p.path)-len(partial)])
}

func (l *layout) manifests(raw map[digest.Digest][]byte) error {
	for name, content := range raw {
		if err := put(l.path(name), content); err != nil {
			return err
		}
	}
	return nil
}

// finish writes, last, the index: a layout that has one is whole.
func (l *layout) finish(listed []ocispec.Descriptor, bare bool) error {
	head, err := json.Marshal(ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion})
	if err != nil {
		return err
	}
	if err := put(filepath.Join(l.root, ocispec.ImageLayoutFile), head); err != nil {
		return err
	}
	index := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Manifests: sorted(listed)}
	if bare {
		index.Annotations = map[string]string{leftOut: "left out"}
	}
	content, err := json.Marshal(index)
	if err != nil {
		return err
	}
	return put(filepath.Join(l.root, ocispec.ImageIndexFile), content)
}

func put(path string, content []byte) error {
	file, err := os.OpenFile(path+partial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(path+partial, path)
}
